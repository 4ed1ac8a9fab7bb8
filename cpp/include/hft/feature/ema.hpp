#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fading.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Exponential moving average, seeded with the simple mean of its first `period` inputs.
///
///   y_n = mean(x_1..x_n)                      n = period
///   y_t = y_{t-1} + a (x_t - y_{t-1})         t > period,  a = 2 / (period + 1)
///
/// Cost: O(1), no allocation, no division after warm-up.   Output unit: that of x.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Matches TA-Lib EMA (classic seed); see tests/python/differential/test_ema.py.
class Ema {
 public:
  static constexpr IntRange kPeriod{"period", 1, kMaxWindow};

  /// Cold path: throws std::invalid_argument unless period is in 1..2^20.
  explicit Ema(std::int64_t period) : period_{kPeriod.check("Ema", period)}, alpha_{2.0 / (period_ + 1.0)} {}

  double update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return value();
    if (count_ < period_) [[unlikely]]
      return warm_up(x);
    return level_ += alpha_ * (x - level_);
  }

  [[nodiscard]] double value() const noexcept { return ready() ? level_ : kNotReady; }
  [[nodiscard]] bool ready() const noexcept { return count_ == period_; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return period_ - 1; }
  [[nodiscard]] double alpha() const noexcept { return alpha_; }
  [[nodiscard]] Fading fading() const noexcept { return {1.0 - alpha_, 1}; }
  void reset() noexcept { level_ = 0.0, count_ = 0; }
  /// The level after inputs that a loop of its own has taken. Needs ready().
  void settle(double level) noexcept { level_ = level; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.count_), ar(self.level_);
    if (self.count_ > self.period_) throw std::invalid_argument("snapshot: Ema saw more than its period");
    if (!(std::abs(self.level_) <= 0x1p60)) throw std::invalid_argument("snapshot: Ema out of bounds");
  }

 private:
  double warm_up(double x) noexcept {
    level_ += x;  // holds the running sum until the seed is complete
    if (++count_ == period_) level_ /= period_;
    return value();
  }

  std::uint32_t period_;
  std::uint32_t count_ = 0;  // saturates at period_; a count says "first", a value never does
  double alpha_;
  double level_ = 0.0;  // a sum of 2^20 inputs below 2^40 at most
};
static_assert(Feature<Ema>);
static_assert(sizeof(Ema) == 24);

}  // namespace hft::feature
