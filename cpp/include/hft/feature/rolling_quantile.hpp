#pragma once

#include "hft/feature/order_statistics.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Quantile of a window, linear between two inputs.
///
///   y_t = x_(k) + (r - k) (x_(k+1) - x_(k))     r = q (n - 1), k = floor(r), x_(0) <= x_(1) <= ... the ordered inputs
///
/// Cost: O(log n), no allocation (order_statistics.hpp).   Output unit: that of x.
/// Within 2 ulp of the larger of its two neighbours, never outside them; q = 0.5 gives the bits of the median.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN.
/// Matches pandas rolling().quantile(q) and numpy.quantile (method "linear"); see
/// tests/python/differential/test_order_statistics.py. Hyndman and Fan (1996), definition 7.
struct QuantileReading {
  using State = OrderStatistics;
  static constexpr std::uint32_t kMinInputs = 1;
  static constexpr RealRange kQ{"q", 0.0, 1.0};

  explicit QuantileReading(double q_value = 0.5) : q{kQ.check("RollingQuantile", q_value)} {}

  static State make_state(WindowLength length) { return State{length}; }
  [[nodiscard]] double of(const State& s) const noexcept { return s.ready(kMinInputs) ? s.quantile(q) : kNotReady; }

  double q;
};

using RollingQuantile = Rolling<QuantileReading>;
static_assert(TimedFeature<RollingQuantile>);

}  // namespace hft::feature
