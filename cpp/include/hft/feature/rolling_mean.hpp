#pragma once

#include "hft/feature/moments.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Mean of a window.
///
///   y_t = (1/n) sum of the n inputs in the window
///
/// Cost: O(1), no allocation; the value costs two 64-bit divisions.   Output unit: that of x.
/// Exact: the sum is an integer, the value is rounded once; same window, different past: same bits.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN.
/// Matches TA-Lib SMA and pandas rolling().mean(); see tests/python/differential/test_rolling.py.
struct MeanReading {
  using State = Moments;
  static constexpr std::uint32_t kMinInputs = 1;

  static Moments make_state(WindowLength length) { return Moments{length}; }
  [[nodiscard]] double of(const Moments& m) const noexcept { return m.ready(kMinInputs) ? m.mean() : kNotReady; }
};

using RollingMean = Rolling<MeanReading>;
static_assert(TimedFeature<RollingMean>);

}  // namespace hft::feature
