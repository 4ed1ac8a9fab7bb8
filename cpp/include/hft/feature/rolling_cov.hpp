#pragma once

#include "hft/feature/pair_moments.hpp"

namespace hft::feature {

/// Sample covariance of two series over a window (divisor n - 1).
///
///   v_t = (n Sxy - Sx Sy) / (n (n - 1))     sums over the pairs (x, y) of the window
///
/// Cost: O(1), no allocation; the value costs one division.   Output unit: that of x times that of y.
/// Exact: the numerator is an integer of 256 bits: 0 where either is constant, and an offset of 1e9 loses nothing.
/// NaN:  a pair with an input that is NaN or not in (-2^40, 2^40) is left out.   Not ready: NaN; 2 pairs at least.
/// Matches pandas rolling().cov() and numpy.cov; see tests/python/differential/test_two_series.py.
struct CovReading {
  using State = PairMoments;
  static constexpr std::uint32_t kMinInputs = 2;

  static State make_state(WindowLength length) { return State{length.holding(kMinInputs, "RollingCov")}; }
  [[nodiscard]] double of(const State& s) const noexcept {
    return s.ready(kMinInputs) ? s.sums().covariance(s.size()) : kNotReady;
  }
};

}  // namespace hft::feature
