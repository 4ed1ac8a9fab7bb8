#pragma once

#include "hft/feature/moments.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Skewness of a window, the adjusted Fisher-Pearson coefficient.
///
///   y_t = sqrt(n (n - 1)) / (n - 2) * (n^2 S3 - 3 n S1 S2 + 2 S1^3) / (n S2 - S1^2)^(3/2)     Sk = sum x^k
///
/// Cost: O(1), no allocation; the value costs two divisions and two square roots.   Output unit: 1.
/// Exact: both brackets are integers, of 384 and 256 bits, so no offset is lost and nothing that left leaves a trace.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN; a window of 3 at
/// least. Flat: a constant window has no shape; the value is the parameter `flat` (0, as pandas).
/// Matches pandas rolling().skew() and scipy.stats.skew(bias=False); see
/// tests/python/differential/test_statistics.py. Joanes and Gill (1998).
struct SkewReading {
  using State = Moments;
  static constexpr std::uint32_t kMinInputs = 3;
  static constexpr RealRange kFlat{"flat", -1e6, 1e6};

  explicit SkewReading(double flat_value = 0.0) : flat{kFlat.check("RollingSkew", flat_value)} {}

  static Moments make_state(WindowLength length) {
    return Moments{length.holding(kMinInputs, "RollingSkew"), Moments::Cubes::kYes};
  }
  [[nodiscard]] double of(const Moments& m) const noexcept { return m.ready(kMinInputs) ? m.skew(flat) : kNotReady; }

  double flat;
};

using RollingSkew = Rolling<SkewReading>;
static_assert(TimedFeature<RollingSkew>);

}  // namespace hft::feature
