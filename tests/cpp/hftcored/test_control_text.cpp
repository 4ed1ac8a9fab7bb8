#include "control_text.hpp"

#include <gtest/gtest.h>

namespace hft::daemon {
namespace {

Change change_with(std::string json, std::string start = {}) {
  Change change;
  change.json = std::move(json);
  change.start = std::move(start);
  return change;
}

TEST(ControlText, its_size_is_known_before_it_is_made) {
  for (const std::uint64_t number : {0ULL, 9ULL, 10ULL, 123456789ULL}) {
    for (const Change& change : {change_with("{\"a\":1}"), change_with("{}", "{\"0\":17}")}) {
      EXPECT_EQ(control_text(number, number * 7, change).size(), control_text_bytes(number, number * 7, change));
    }
  }
}

TEST(ControlText, settings_and_start_read_back) {
  const std::map<sequence::Lane, std::uint64_t> start{{0, 17}, {4096, 0}};
  const std::string text = control_text(0, 0, change_with("{\"a\":[1,2.5]}", start_text(start)));
  EXPECT_EQ(settings_in(text), "{\"a\":[1,2.5]}");
  EXPECT_EQ(start_in(text), start);
  EXPECT_TRUE(start_in(control_text(1, 5, change_with("{}"))).empty());
}

TEST(ControlText, another_text_is_refused) {
  EXPECT_THROW((void)settings_in("{\"control\":1}"), std::invalid_argument);
}

}  // namespace
}  // namespace hft::daemon
