#pragma once

#include "hft/feature/pair_moments.hpp"

namespace hft::feature {

/// Slope of the least-squares line of the second series on the first, over a window.
///
///   v_t = (n Sxy - Sx Sy) / (n Sxx - Sx^2)     sums over the pairs (x, y) of the window; x is the first series
///
/// Cost: O(1), no allocation; the value costs one division.   Output unit: that of y per that of x.
/// Exact: both brackets are integers of 256 bits; the value is within 2 ulp.
/// NaN:  a pair with an input that is NaN or not in (-2^40, 2^40) is left out.   Not ready: NaN; 2 pairs at least.
/// Flat: where x is constant there is no slope; the value is the parameter `flat` (0).
/// Matches numpy.polyfit(x, y, 1)[0] and scipy.stats.linregress; see tests/python/differential/test_two_series.py.
struct BetaReading {
  using State = PairMoments;
  static constexpr std::uint32_t kMinInputs = 2;
  static constexpr RealRange kFlat{"flat", -1e6, 1e6};

  explicit BetaReading(double flat_value = 0.0) : flat{kFlat.check("RollingBeta", flat_value)} {}

  static State make_state(WindowLength length) { return State{length.holding(kMinInputs, "RollingBeta")}; }
  [[nodiscard]] double of(const State& s) const noexcept {
    return s.ready(kMinInputs) ? s.sums().slope(s.size(), flat) : kNotReady;
  }

  double flat;
};

}  // namespace hft::feature
