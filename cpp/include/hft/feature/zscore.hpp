#pragma once

#include "hft/feature/moments.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// How many sample standard deviations the newest input lies above the mean of its window.
///
///   y_t = (x_t - mean) / std         over the window that ends with x_t
///
/// Cost: O(1), no allocation; two divisions and one square root.   Output unit: 1 (standard deviations).
/// Exact: x - mean is an integer before it is divided, so nothing cancels.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN; a window of 2 at
/// least. Flat: a constant window has no scale; the value is the parameter `flat` (0). Matches (x - mean) / std of
/// pandas; see tests/python/differential/test_rolling.py.
struct ZScoreReading {
  using State = Moments;
  static constexpr std::uint32_t kMinInputs = 2;
  static constexpr RealRange kFlat{"flat", -1e6, 1e6};

  explicit ZScoreReading(double flat_value = 0.0) : flat{kFlat.check("ZScore", flat_value)} {}

  static Moments make_state(WindowLength length) {
    return Moments{length.holding(kMinInputs, "ZScore")};
  }
  [[nodiscard]] double of(const Moments& m) const noexcept { return m.ready(kMinInputs) ? m.zscore(flat) : kNotReady; }

  double flat;
};

using ZScore = Rolling<ZScoreReading>;
static_assert(TimedFeature<ZScore>);

}  // namespace hft::feature
