#pragma once

#include <cmath>
#include <cstdint>

#include "hft/feature/moments.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Bollinger bands: the mean of a window and k standard deviations around it.
///
///   upper, lower = mean +- k sigma     bandwidth = 2 k sigma / mean     pct_b = (x - lower) / (upper - lower)
///
/// sigma divides by n (population, as Bollinger and TA-Lib) or by n - 1 (sample).
/// Cost: O(1), no allocation; shares the window of rolling_mean, rolling_std and zscore.   Output unit: that of x; of
/// pct_b and bandwidth: 1 (frac).   Exact: mean and variance come from integer sums, and x - mean is one.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN; a window of 2 at
/// least. Flat: in a constant window pct_b is the parameter `flat` (0.5); the bandwidth of a mean of 0 is NaN.
/// Matches TA-Lib BBANDS; see tests/python/differential/test_trend.py.
struct BollingerReading {
  using State = Moments;
  static constexpr std::uint32_t kMinInputs = 2;
  static constexpr RealRange kK{"k", 1e-6, 1e6};
  static constexpr RealRange kFlat{"flat", -1e6, 1e6};
  enum class Output : std::uint8_t { kPctB, kBandwidth, kUpper, kLower };
  enum class Divisor : std::uint8_t { kPopulation, kSample };

  BollingerReading(double k_value, Output what, Divisor by, double flat_value)
      : k{kK.check("Bollinger", k_value)}, flat{kFlat.check("Bollinger", flat_value)}, output{what}, divisor{by} {}

  static Moments make_state(WindowLength length) {
    return Moments{length.holding(kMinInputs, "Bollinger")};
  }

  [[nodiscard]] double of(const Moments& m) const noexcept {
    if (!m.ready(kMinInputs)) return kNotReady;
    const double n = m.n_inputs();
    const double shrink = divisor == Divisor::kPopulation ? std::sqrt((n - 1.0) / n) : 1.0;
    if (output == Output::kPctB) {
      const double distance = m.zscore(kNotReady);  // NaN: a constant window
      return std::isnan(distance) ? flat : 0.5 + distance / (2.0 * k * shrink);
    }
    const double half = k * (std::sqrt(m.variance()) * shrink);
    const double mean = m.mean();
    if (output == Output::kBandwidth) return mean == 0.0 ? kNotReady : 2.0 * half / mean;
    return output == Output::kUpper ? mean + half : mean - half;
  }

  double k;
  double flat;
  Output output;
  Divisor divisor;
};

}  // namespace hft::feature
