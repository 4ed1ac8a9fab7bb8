#include "hft/telemetry/tick_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace hft::telemetry {
namespace {

TEST(TickClock, AgreesWithTheSteadyClock) {
  using namespace std::chrono;
  const TickClock& clock = TickClock::instance();
  const auto steady_from = steady_clock::now();
  const std::uint64_t from = clock.ticks();
  std::this_thread::sleep_for(milliseconds{50});
  const std::uint64_t to = clock.ticks();
  const auto steady_ns = static_cast<double>(duration_cast<nanoseconds>(steady_clock::now() - steady_from).count());
  EXPECT_NEAR(static_cast<double>(clock.ns_between(from, to)), steady_ns, steady_ns * 0.02);  // a switch in between
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
