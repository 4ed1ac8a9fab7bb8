#pragma once

#include "hft/feature/order_statistics.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// How far the newest input lies above the median of its window, in robust standard deviations.
///
///   y_t = (x_t - median) / (1.4826 MAD)     MAD = median of |x - median|
///
/// 1.4826 MAD is the standard deviation of a normal sample; half of the inputs may be anything.
/// Cost: O(log^2 n), no allocation; O(log n) for windows of at most 512 (order_statistics.hpp).   Output unit: 1.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN; a window of 2 at
/// least. Flat: where the MAD is 0 (half of the inputs and more are equal) there is no scale; the value is the
/// parameter `flat` (0). Matches scipy.stats.median_abs_deviation; see
/// tests/python/differential/test_order_statistics.py. Iglewicz and Hoaglin (1993).
struct RobustZScoreReading {
  using State = OrderStatistics;
  static constexpr std::uint32_t kMinInputs = 2;
  static constexpr RealRange kFlat{"flat", -1e6, 1e6};

  explicit RobustZScoreReading(double flat_value = 0.0) : flat{kFlat.check("RobustZScore", flat_value)} {}

  static State make_state(WindowLength length) { return State{length.holding(kMinInputs, "RobustZScore")}; }
  [[nodiscard]] double of(const State& s) const noexcept {
    return s.ready(kMinInputs) ? s.robust_zscore(flat) : kNotReady;
  }

  double flat;
};

using RobustZScore = Rolling<RobustZScoreReading>;
static_assert(TimedFeature<RobustZScore>);

}  // namespace hft::feature
