#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/seeded_average.hpp"

namespace hft::feature {

/// The widest of a bar's own range and its distances from the close before it. Wilder (1978).
[[nodiscard]] inline double true_range(double high, double low, double close_before) noexcept {
  return std::max({high - low, std::abs(high - close_before), std::abs(low - close_before)});
}

/// Average true range: Wilder's average of the true range.
///
///   r_t = max(high - low, |high - close_{t-1}|, |low - close_{t-1}|)
///   y_n = mean(r_1..r_n)     y_t = y_{t-1} + (r_t - y_{t-1}) / n     n = period; r begins with the second bar
///
/// Cost: O(1), no allocation, no division after warm-up.   Output unit: that of the inputs.
/// NaN:  a bar of which one input is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: NaN.
/// Matches TA-Lib ATR; see tests/python/differential/test_bars.py. Wilder (1978).
class Atr {
 public:
  static constexpr std::size_t kInputs = 3;
  static constexpr IntRange kPeriod{"period", 1, kMaxWindow};

  /// Cold path: throws std::invalid_argument unless period is in 1..2^20.
  explicit Atr(std::int64_t period) : average_{kPeriod.check("Atr", period), 1.0 / static_cast<double>(period)} {}

  double update(double high, double low, double close) noexcept {
    if (!fits_fixed(high) || !fits_fixed(low) || !fits_fixed(close)) [[unlikely]]
      return value();
    if (has_close_) [[likely]]
      average_.step(true_range(high, low, close_));
    close_ = close, has_close_ = true;
    return value();
  }

  [[nodiscard]] double value() const noexcept { return average_.value(); }
  [[nodiscard]] bool ready() const noexcept { return average_.ready(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return average_.period(); }
  [[nodiscard]] Fading fading() const noexcept { return average_.fading(); }
  void reset() noexcept { average_.reset(), close_ = 0.0, has_close_ = false; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    SeededAverage::archive(self.average_, ar), ar(self.close_);
    auto seen = static_cast<std::uint8_t>(self.has_close_);
    ar(seen);
    if constexpr (Archive::kReads) {
      if (seen > 1 || (seen == 0 && self.ready()) || !fits_fixed(self.close_)) {
        throw std::invalid_argument("snapshot: Atr out of bounds");
      }
      self.has_close_ = seen == 1;
    }
  }

 private:
  SeededAverage average_;
  double close_ = 0.0;
  bool has_close_ = false;
};

}  // namespace hft::feature
