#pragma once

#include "hft/feature/pair_moments.hpp"

namespace hft::feature {

/// Pearson's correlation of two series over a window.
///
///   v_t = (n Sxy - Sx Sy) / sqrt((n Sxx - Sx^2) (n Syy - Sy^2))     sums over the pairs (x, y) of the window
///
/// Cost: O(1), no allocation; the value costs one division and one square root.   Output unit: 1, in [-1, 1].
/// Exact: the three brackets are integers of 256 bits, so nothing cancels; the value is within 4 ulp.
/// NaN:  a pair with an input that is NaN or not in (-2^40, 2^40) is left out.   Not ready: NaN; 2 pairs at least.
/// Flat: where either is constant there is no correlation; the value is the parameter `flat` (0; pandas: NaN).
/// Matches pandas rolling().corr() and numpy.corrcoef; see tests/python/differential/test_two_series.py.
struct CorrReading {
  using State = PairMoments;
  static constexpr std::uint32_t kMinInputs = 2;
  static constexpr RealRange kFlat{"flat", -1.0, 1.0};

  explicit CorrReading(double flat_value = 0.0) : flat{kFlat.check("RollingCorr", flat_value)} {}

  static State make_state(WindowLength length) { return State{length.holding(kMinInputs, "RollingCorr")}; }
  [[nodiscard]] double of(const State& s) const noexcept {
    return s.ready(kMinInputs) ? s.sums().correlation(s.size(), flat) : kNotReady;
  }

  double flat;
};

}  // namespace hft::feature
