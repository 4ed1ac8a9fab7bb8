#pragma once

#include <cmath>

#include "hft/feature/return_sums.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Realised volatility of a window: the root of the sum of its squared log returns.
///
///   y_t = sqrt(sum r_i^2)     r_i = ln(x_i / x_{i-1}), the n - 1 returns between the n inputs of the window
///
/// Cost: O(1), no allocation; two logarithms an input.   Output unit: 1 (natural log), per window: nothing is
/// annualised. No mean is taken away.
/// NaN:  an input that is NaN or not in (0, 2^40) leaves the state as it was.   Not ready: NaN; a window of 2 at least.
/// Exact: the sum is an integer (return_sums.hpp); equal prices give exactly 0.
/// Matches numpy.sqrt(numpy.sum(numpy.diff(numpy.log(x)) ** 2)); see tests/python/differential/test_returns.py.
/// Andersen, Bollerslev, Diebold and Labys (2001).
struct RealisedVolatilityReading {
  using State = ReturnSums;
  static constexpr std::uint32_t kMinInputs = 2;

  static State make_state(WindowLength length) {
    return {length.holding(kMinInputs, "RealisedVolatility"), ReturnSums::Order::kSquares};
  }
  [[nodiscard]] double of(const State& s) const noexcept {
    return s.ready(kMinInputs) ? std::sqrt(s.squares()) : kNotReady;
  }
};

using RealisedVolatility = Rolling<RealisedVolatilityReading>;
static_assert(TimedFeature<RealisedVolatility>);

}  // namespace hft::feature
