#include "hft/artifact/instruments.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using hft::artifact::parse_instruments;
using hft::artifact::read_instruments;
using hft::event::Instrument;

TEST(Instruments, AreReadInOrderAndInLowestTerms) {
  const auto found = parse_instruments(
      R"([{"lot":[1,1],"max_px_ticks":2147483647,"min_px_ticks":1,"symbol":"AAA","tick":[2,200]},)"
      R"({"lot":[1,1000],"max_px_ticks":5,"min_px_ticks":-5,"symbol":"BBB","tick":[1,3]}])");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], (Instrument{"AAA", {1, 100}, {1, 1}, 1, 2147483647}));
  EXPECT_EQ(found[1], (Instrument{"BBB", {1, 3}, {1, 1000}, -5, 5}));
}

TEST(Instruments, ThatBreakARuleAreNamed) {
  const auto refusal_of = [](const char* json) -> std::string {
    try {
      (void)parse_instruments(json);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal_of("{}"), "instruments: expected a JSON list, found an object");
  EXPECT_EQ(refusal_of(R"([{"symbol":"A","tick":[0,1],"lot":[1,1],"min_px_ticks":1,"max_px_ticks":2}])"),
            "instruments[0]: Instrument A: tick_num must be >= 1, was 0");
  EXPECT_EQ(refusal_of(R"([{"symbol":"A","tick":[1,1],"lot":[1,1],"min_px_ticks":1,"max_px_ticks":2},
                           {"symbol":"A","tick":[1,1],"lot":[1,1],"min_px_ticks":1,"max_px_ticks":2}])"),
            "instruments[1]: symbol 'A' occurs twice");
  EXPECT_THROW((void)read_instruments("/nowhere/instruments.json"), std::invalid_argument);
}

}  // namespace
