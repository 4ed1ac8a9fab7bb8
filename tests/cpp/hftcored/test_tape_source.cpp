#include "tape_source.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "exit_code.hpp"
#include "hft/event/encoder.hpp"

namespace hft::daemon {
namespace {

const std::vector<event::Instrument> kTable{{"AAA", {1, 100}, {1, 1}}, {"BBB", {1, 100}, {1, 1}}};

class TapeSourceTest : public ::testing::Test {
 protected:
  std::filesystem::path path_ = std::filesystem::path{::testing::TempDir()} / ("tape-" + std::to_string(::getpid()));
  void TearDown() override { std::filesystem::remove(path_); }

  void write(event::Format format, std::size_t n_events) {
    std::vector<event::Event> events(n_events);
    for (std::size_t i = 0; i < n_events; ++i) {
      events[i].ts_event_ns = static_cast<std::int64_t>(1000 + i);
      events[i].kind = event::EventKind::kTrade;
      events[i].trade = {100, 5, {0, 0}};
    }
    std::string bytes;
    const auto encoder = event::make_encoder(format, kTable);
    encoder->begin(bytes), encoder->append(events, bytes), encoder->end(bytes);
    std::ofstream{path_, std::ios::binary} << bytes;
  }
  static std::vector<std::uint64_t> offsets_of(TapeSource& source) {
    std::vector<std::uint64_t> offsets;
    std::vector<RawInput> raw(7);
    while (!source.ended()) {
      const std::size_t n = source.poll(raw, std::chrono::milliseconds{10});
      for (const RawInput& one : std::span{raw}.first(n)) offsets.push_back(one.offset);
    }
    return offsets;
  }
};

TEST_F(TapeSourceTest, hands_out_every_record_once_and_ends) {
  for (const event::Format format : {event::Format::kPacked, event::Format::kJson}) {
    write(format, 20'000);
    TapeSource source{path_, format, kTable, 0};
    const auto offsets = offsets_of(source);
    ASSERT_EQ(offsets.size(), 20'000U);
    EXPECT_EQ(offsets.front(), 0U);
    EXPECT_EQ(offsets.back(), 19'999U);
  }
}

TEST_F(TapeSourceTest, goes_on_behind_what_it_had) {
  write(event::Format::kPacked, 100);
  TapeSource source{path_, event::Format::kPacked, kTable, 97};
  EXPECT_EQ(offsets_of(source), (std::vector<std::uint64_t>{97, 98, 99}));
}

TEST_F(TapeSourceTest, a_tape_of_other_instruments_is_refused) {
  write(event::Format::kPacked, 3);
  const std::vector<event::Instrument> other{{"ZZZ", {1, 100}, {1, 1}}};
  EXPECT_THROW((TapeSource{path_, event::Format::kPacked, other, 0}), Fatal);
}

TEST_F(TapeSourceTest, a_missing_file_is_named) {
  EXPECT_THROW((TapeSource{path_ / "none", event::Format::kPacked, kTable, 0}), Fatal);
}

}  // namespace
}  // namespace hft::daemon
