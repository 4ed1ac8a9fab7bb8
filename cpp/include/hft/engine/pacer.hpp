#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "hft/ring/wait_strategy.hpp"
#include "hft/telemetry/tick_clock.hpp"

namespace hft::engine {

/// Open-loop schedule: record i is due at start + i / rate, however late the ones before it were. Latency is counted
/// from there, so a stall shows up in every record that it held back (no coordinated omission).
///
/// Waits by looking at the clock: pauses for kSpin, else offers the core to others; sleeps while over 1 ms is left.
class Pacer {
 public:
  static constexpr double kLeastRateHz = 1e-3;
  static constexpr double kMostRateHz = 1e9;

  /// rate_hz in [kLeastRateHz, kMostRateHz]; the schedule starts now.
  Pacer(double rate_hz, ring::WaitKind wait) noexcept
      : clock_{telemetry::TickClock::instance()},
        start_ticks_{clock_.ticks()},
        ticks_per_record_{1e9 / rate_hz / clock_.ns_per_tick()},
        wait_{wait} {}

  /// Returns when record i was due, in ticks, once that moment has come or `abort` is set.
  [[nodiscard]] std::uint64_t wait_for(std::uint64_t i, const std::atomic<bool>& abort) const noexcept {
    const std::uint64_t due_ticks =
        start_ticks_ + static_cast<std::uint64_t>(std::min(static_cast<double>(i) * ticks_per_record_, kMostTicks));
    for (;;) {
      const std::int64_t left_ns = clock_.ns_between(clock_.ticks(), due_ticks);
      if (left_ns <= 0 || abort.load(std::memory_order_relaxed)) return due_ticks;
      if (left_ns > kSleepNs) {
        std::this_thread::sleep_for(std::chrono::nanoseconds{std::min(left_ns - kSleepNs / 2, kNapNs)});
      } else if (wait_ == ring::WaitKind::kSpin) {
        ring::cpu_relax();
      } else {
        std::this_thread::yield();
      }
    }
  }

 private:
  static constexpr double kMostTicks = 0x1p62;         // decades: what is due later is due then, and all sums fit
  static constexpr std::int64_t kSleepNs = 1'000'000;  // the kernel wakes us some 60 us late
  static constexpr std::int64_t kNapNs = 50'000'000;   // how long an abort may go unnoticed

  const telemetry::TickClock& clock_;
  std::uint64_t start_ticks_;
  double ticks_per_record_;
  ring::WaitKind wait_;
};

}  // namespace hft::engine
