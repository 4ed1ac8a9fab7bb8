#pragma once

#include <cstdint>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/seeded_average.hpp"

namespace hft::feature {

/// Wilder's average (RMA, SMMA), seeded with the simple mean of its first `period` inputs.
///
///   y_n = mean(x_1..x_n)                      n = period
///   y_t = y_{t-1} + (x_t - y_{t-1}) / n       t > period
///
/// Cost: O(1), no allocation, no division after warm-up.   Output unit: that of x.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Matches pandas ewm(alpha=1/n, adjust=False) started from the same mean; see
/// tests/python/differential/test_trend.py. Wilder (1978).
class Wilder {
 public:
  static constexpr IntRange kPeriod{"period", 1, kMaxWindow};

  /// Cold path: throws std::invalid_argument unless period is in 1..2^20.
  explicit Wilder(std::int64_t period) : average_{kPeriod.check("Wilder", period), 1.0 / static_cast<double>(period)} {}

  double update(double x) noexcept {
    if (fits_fixed(x)) [[likely]]
      average_.step(x);
    return value();
  }

  [[nodiscard]] double value() const noexcept { return average_.value(); }
  [[nodiscard]] bool ready() const noexcept { return average_.ready(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return average_.period() - 1; }
  [[nodiscard]] Fading fading() const noexcept { return average_.fading(); }
  void reset() noexcept { average_.reset(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    SeededAverage::archive(self.average_, ar);
  }

 private:
  SeededAverage average_;
};
static_assert(Feature<Wilder>);

}  // namespace hft::feature
