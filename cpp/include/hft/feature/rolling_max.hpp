#pragma once

#include <functional>

#include "hft/feature/extremum.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Largest input of a window.
///
///   y_t = max of the inputs in the window
///
/// Cost: O(1) amortised, no allocation.   Output unit: that of x.   Exact: the value is one of the inputs.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN.
/// Matches TA-Lib MAX and pandas rolling().max(); see tests/python/differential/test_rolling.py.
struct MaxReading {
  using State = Extremum<std::greater<>>;
  static constexpr std::uint32_t kMinInputs = 1;

  static State make_state(WindowLength length) { return State{length}; }
  [[nodiscard]] double of(const State& s) const noexcept { return s.ready(kMinInputs) ? s.best() : kNotReady; }
};

using RollingMax = Rolling<MaxReading>;
static_assert(TimedFeature<RollingMax>);

}  // namespace hft::feature
