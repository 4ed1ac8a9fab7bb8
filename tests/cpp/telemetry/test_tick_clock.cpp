#include "hft/telemetry/tick_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace hft::telemetry {
namespace {

TEST(TickClock, AgreesWithTheSteadyClock) {
  using namespace std::chrono;
  const TickClock& clock = TickClock::instance();
  const auto before_from = steady_clock::now();
  const std::uint64_t from = clock.ticks();
  const auto after_from = steady_clock::now();
  std::this_thread::sleep_for(milliseconds{50});
  const auto before_to = steady_clock::now();
  const std::uint64_t to = clock.ticks();
  const auto after_to = steady_clock::now();
  using Nanoseconds = duration<double, std::nano>;
  const Nanoseconds found{static_cast<double>(clock.ns_between(from, to))};
  EXPECT_GE(found.count(), Nanoseconds{before_to - after_from}.count() * 0.99);
  EXPECT_LE(found.count(), Nanoseconds{after_to - before_from}.count() * 1.01);
}

TEST(TickClock, IsCalibratedOnceAndGoesOn) {
  const TickClock& clock = TickClock::instance();
  EXPECT_EQ(&clock, &TickClock::instance());
  EXPECT_GT(clock.ns_per_tick(), 0.0);
  const std::int64_t before = clock.now_ns();
  std::this_thread::sleep_for(std::chrono::milliseconds{1});
  EXPECT_GE(clock.now_ns() - before, 900'000);
}

TEST(TickClock, DurationsHaveASign) {
  const TickClock& clock = TickClock::instance();
  const std::uint64_t now = clock.ticks();
  EXPECT_EQ(clock.ns_between(now, now), 0);
  EXPECT_EQ(clock.ns_between(now + 1'000'000, now), -clock.ns_between(now, now + 1'000'000));
}

}  // namespace
}  // namespace hft::telemetry
