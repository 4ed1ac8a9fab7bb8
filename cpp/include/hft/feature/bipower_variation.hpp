#pragma once

#include <numbers>

#include "hft/feature/return_sums.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Bipower variation of a window: the variance of its log returns without the part that jumps add.
///
///   y_t = pi / 2 * sum |r_i| |r_{i-1}|     r_i = ln(x_i / x_{i-1}), the n - 1 returns between the window's n inputs
///
/// Cost: O(1), no allocation; three logarithms an input.   Output unit: 1 (natural log, squared), per window. Not
/// scaled by (n - 1) / (n - 2), as some do for small windows.
/// NaN:  an input that is NaN or not in (0, 2^40) leaves the state as it was.   Not ready: NaN; a window of 3 at least.
/// Exact: the sum is an integer (return_sums.hpp); equal prices give exactly 0.
/// Matches its definition in NumPy; see tests/python/differential/test_returns.py.
/// Barndorff-Nielsen and Shephard (2004).
struct BipowerVariationReading {
  using State = ReturnSums;
  static constexpr std::uint32_t kMinInputs = 3;

  static State make_state(WindowLength length) {
    return {length.holding(kMinInputs, "BipowerVariation"), ReturnSums::Order::kProducts};
  }
  [[nodiscard]] double of(const State& s) const noexcept {
    return s.ready(kMinInputs) ? 0.5 * std::numbers::pi * s.products() : kNotReady;
  }
};

using BipowerVariation = Rolling<BipowerVariationReading>;
static_assert(TimedFeature<BipowerVariation>);

}  // namespace hft::feature
