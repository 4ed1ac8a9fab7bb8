#pragma once

#include "hft/feature/moments.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Sample variance of a window (divisor n - 1).
///
///   y_t = (n S2 - S1^2) / (n (n - 1))     S1 = sum x, S2 = sum x^2 over the window
///
/// Cost: O(1), no allocation; the value costs one division.   Output unit: that of x, squared.
/// Exact: the numerator is an integer of 256 bits: a constant window gives 0, an offset of 1e9 loses nothing.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN; a window of 2 at
/// least. Matches pandas rolling().var(); TA-Lib VAR divides by n. See tests/python/differential/test_statistics.py.
struct VarReading {
  using State = Moments;
  static constexpr std::uint32_t kMinInputs = 2;

  static Moments make_state(WindowLength length) {
    return Moments{length.holding(kMinInputs, "RollingVar")};
  }
  [[nodiscard]] double of(const Moments& m) const noexcept { return m.ready(kMinInputs) ? m.variance() : kNotReady; }
};

using RollingVar = Rolling<VarReading>;
static_assert(TimedFeature<RollingVar>);

}  // namespace hft::feature
