#pragma once

#include "hft/feature/moments.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Sum of a window.
///
///   y_t = sum of the inputs in the window
///
/// Cost: O(1), no allocation.   Output unit: that of x.   Exact: an integer sum, rounded once.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN.
/// Matches pandas rolling().sum() and TA-Lib SUM; see tests/python/differential/test_statistics.py.
struct SumReading {
  using State = Moments;
  static constexpr std::uint32_t kMinInputs = 1;

  static Moments make_state(WindowLength length) { return Moments{length}; }
  [[nodiscard]] double of(const Moments& m) const noexcept { return m.ready(kMinInputs) ? m.sum() : kNotReady; }
};

using RollingSum = Rolling<SumReading>;
static_assert(TimedFeature<RollingSum>);

}  // namespace hft::feature
