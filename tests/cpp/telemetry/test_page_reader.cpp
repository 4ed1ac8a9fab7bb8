#include "hft/telemetry/page_reader.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>

#include "page_fixture.hpp"

namespace hft::telemetry {
namespace {

std::string refusal_of(const std::filesystem::path& path) {
  try {
    PageReader{path};
  } catch (const PageError& error) {
    return error.what();
  }
  return "";
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

TEST_F(PageTest, ReadingWhileTheWriterRecordsIsNoRaceAndTearsNoWord) {
  Page page = Page::create(path, small_layout());
  std::atomic<bool> stop{false};
  std::jthread hot{[&] {
    LatencyHistogram& ring = page.histogram("stages", "ring");
    Counter events = page.counter("hot", "events");
    const std::uint64_t both_halves = (std::uint64_t{1} << 32U) + 1;  // a torn word would have unequal halves
    for (std::int64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      ring.record(100 + i % 1'000);
      events.add(both_halves);
    }
  }};
  std::jthread cold{[&] {
    Text state = page.text("state");
    for (int i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      state.set(i % 2 == 0 ? "a rather long word that fills several words" : std::string_view{"live"});
      page.beat();
    }
  }};
  PageReader reader{path};
  std::uint64_t last = 0;
  for (int i = 0; i < 300; ++i) {
    const PageCopy copy = reader.read();
    const LatencyHistogram ring = value_of(copy.histograms, "stages", "ring");
    EXPECT_GE(ring.count(), last);
    last = ring.count();
    EXPECT_LE(ring.percentile_ns(1.0), 1'099);
    const std::uint64_t events = value_of(copy.counters, "hot", "events");
    EXPECT_EQ(events >> 32U, events & 0xFFFFFFFFU);
    const std::string state = text_value(copy, "state");
    EXPECT_TRUE(state.empty() || state == "live" || state == "a rather long word that fills several words") << state;
  }
  stop = true;
}

TEST_F(PageTest, BetweenTwoReadsIsWhatHappenedInBetween) {
  Page page = Page::create(path, small_layout());
  LatencyHistogram& ring = page.histogram("stages", "ring");
  Counter polled = page.counter("ingest", "polled");
  PageReader reader{path};
  std::mt19937_64 random{3};
  std::lognormal_distribution<double> wait{8.0, 1.0};
  for (int i = 0; i < 5'000; ++i) ring.record(static_cast<std::int64_t>(wait(random)) * 50);
  polled.add(100);
  const PageCopy earlier = reader.read();

  LatencyHistogram alone;
  for (int i = 0; i < 3'000; ++i) {
    const auto v = static_cast<std::int64_t>(wait(random));
    ring.record(v);
    alone.record(v);
  }
  polled.add(11);
  page.gauge("lane.ticks/0", "lag_messages").set(9);
  const PageCopy delta = between(earlier, reader.read());
  const LatencyHistogram found = value_of(delta.histograms, "stages", "ring");
  EXPECT_EQ(found.count(), 3'000U);
  EXPECT_EQ(found.sum_ns(), alone.sum_ns());
  for (const double frac : {0.0, 0.5, 0.9, 0.99, 0.999})
    EXPECT_EQ(found.percentile_ns(frac), alone.percentile_ns(frac));
  EXPECT_GE(found.max_ns(), alone.max_ns());
  EXPECT_LE(found.max_ns(), alone.max_ns() + alone.max_ns() / 128 + 1);
  EXPECT_LE(found.min_ns(), alone.min_ns());
  EXPECT_EQ(value_of(delta.counters, "ingest", "polled"), 11U);
  EXPECT_EQ(value_of(delta.gauges, "lane.ticks/0", "lag_messages"), 9);

  const PageCopy nothing = between(reader.read(), reader.read());
  EXPECT_EQ(value_of(nothing.histograms, "stages", "ring").count(), 0U);
  EXPECT_EQ(value_of(nothing.histograms, "stages", "ring").percentile_ns(0.99), 0);
}

TEST_F(PageTest, FollowsTheNameToANewRun) {
  auto first = std::make_unique<Page>(Page::create(path, small_layout()));
  first->counter("hot", "events").set(1'000);
  PageReader reader{path};
  const PageCopy earlier = reader.read();
  first.reset();
  EXPECT_EQ(reader.read().state, Writer::kGone);
  Page second = Page::create(path, small_layout());
  second.counter("hot", "events").set(3);
  const PageCopy later = reader.read();
  EXPECT_EQ(later.state, Writer::kAlive);
  EXPECT_EQ(value_of(between(earlier, later).counters, "hot", "events"), 3U) << "not 3 - 1000";
}

TEST_F(PageTest, AKilledWriterIsGoneAndASilentOneIsSilent) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Page page = Page::create(path, small_layout());
    [[maybe_unused]] const auto n = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  PageReader reader{path};
  EXPECT_EQ(reader.read().state, Writer::kAlive);
  EXPECT_EQ(reader.read().pid, child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(reader.read().state, Writer::kGone);
}

TEST_F(PageTest, WhatIsNoPageIsRefusedByName) {
  EXPECT_NE(refusal_of(path).find("cannot be read: No such file"), std::string::npos);
  std::ofstream{path} << "too short";
  EXPECT_NE(refusal_of(path).find("is no telemetry page: 9 bytes"), std::string::npos);
  std::ofstream{path} << std::string(4'096, 'x');
  EXPECT_NE(refusal_of(path).find("must begin with \"HFTPAGE1\""), std::string::npos);
}

TEST_F(PageTest, OtherVersionsAndDamagedPagesAreRefusedByName) {
  { (void)Page::create(path, small_layout()); }
  const std::string good = bytes_of(path);
  const auto with = [&](std::size_t at, char c) {
    std::string bad = good;
    bad[at] = c;
    std::ofstream{path, std::ios::binary} << bad;
    return refusal_of(path);
  };
  EXPECT_NE(with(8, 9).find("telemetry page of version 9, written by test 1.0; this program reads version 1"),
            std::string::npos);
  EXPECT_NE(with(sizeof(PageHeader) + 70, 'Q').find("has another layout, written by test 1.0"), std::string::npos);
  std::ofstream{path, std::ios::binary} << good.substr(0, good.size() - 1);
  EXPECT_NE(refusal_of(path).find("cut short or damaged"), std::string::npos);
  for (std::size_t at = 0; at < 3 * kSlotAlign; ++at) (void)with(at, '\xFF');  // whatever it is, it must not crash
  EXPECT_EQ(with(0, 'H'), "");
}

}  // namespace
}  // namespace hft::telemetry
