#pragma once

#include "hft/feature/order_statistics.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Median of a window.
///
///   y_t = the middle input in order; of an even number, the mean of the two in the middle
///
/// Cost: O(log n), no allocation (order_statistics.hpp).   Output unit: that of x.   Exact: rounded once.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN.
/// Matches pandas rolling().median() and numpy.median; see tests/python/differential/test_order_statistics.py.
struct MedianReading {
  using State = OrderStatistics;
  static constexpr std::uint32_t kMinInputs = 1;

  static State make_state(WindowLength length) { return State{length}; }
  [[nodiscard]] double of(const State& s) const noexcept { return s.ready(kMinInputs) ? s.median() : kNotReady; }
};

using RollingMedian = Rolling<MedianReading>;
static_assert(TimedFeature<RollingMedian>);

}  // namespace hft::feature
