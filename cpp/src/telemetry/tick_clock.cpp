#include "hft/telemetry/tick_clock.hpp"

#include <limits>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace hft::telemetry {
namespace {

std::int64_t steady_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

#if defined(__x86_64__)
bool tsc_is_invariant() noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(0x80000007U, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8U)) != 0;
}

struct Reading {
  std::int64_t ns;
  std::uint64_t ticks;
};

/// Both clocks at one moment: of several tries the one in which the two outer readings lie closest, so that an
/// interrupt between them does not count.
Reading read_both() noexcept {
  Reading best{};
  std::uint64_t best_width = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < 32; ++i) {
    const std::uint64_t before = __rdtsc();
    const std::int64_t ns = steady_ns();
    const std::uint64_t width = __rdtsc() - before;
    if (width < best_width) {
      best_width = width;
      best = {ns, before + width / 2};
    }
  }
  return best;
}
#endif

}  // namespace

const TickClock& TickClock::instance() {
  static const TickClock clock;
  return clock;
}

TickClock::TickClock() {
#if defined(__x86_64__)
  if (tsc_is_invariant()) {
    constexpr std::int64_t kCalibrationNs = 20'000'000;
    const Reading start = read_both();
    while (steady_ns() - start.ns < kCalibrationNs) _mm_pause();
    const Reading end = read_both();
    if (end.ticks > start.ticks) {
      uses_tsc_ = true;
      ns_per_tick_ = static_cast<double>(end.ns - start.ns) / static_cast<double>(end.ticks - start.ticks);
    }
  }
#endif
  origin_ = ticks();
}

}  // namespace hft::telemetry
