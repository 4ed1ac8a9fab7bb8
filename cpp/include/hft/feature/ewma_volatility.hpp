#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fading.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Exponentially weighted volatility of returns (RiskMetrics): the mean is taken as 0.
///
///   v_1 = r_1^2     v_t = decay v_{t-1} + (1 - decay) r_t^2     y_t = sqrt(v_t)
///
/// y_t is the forecast for the next return.
/// Cost: O(1), no allocation, one square root.   Output unit: that of r, per input.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Flat: inputs of one size give that size, within a few ulp; zeros give exactly 0.
/// Matches sqrt(pandas (r^2).ewm(alpha=1 - decay, adjust=False).mean()); see
/// tests/python/differential/test_volatility.py. J.P. Morgan (1996), RiskMetrics Technical Document.
class EwmaVolatility {
 public:
  static constexpr RealRange kDecay{"decay", 0.0, 0.999999};
  static constexpr double kDefaultDecay = 0.94;  // RiskMetrics, for daily returns

  /// Cold path: throws std::invalid_argument unless decay is in 0..0.999999.
  explicit EwmaVolatility(double decay) : decay_{kDecay.check("EwmaVolatility", decay)} {}

  double update(double r) noexcept {
    if (!fits_fixed(r)) [[unlikely]]
      return value();
    if (variance_ >= 0.0) [[likely]]
      variance_ = decay_ * variance_ + (1.0 - decay_) * (r * r);  // positive terms only: nothing cancels
    else
      variance_ = r * r;
    return value();
  }

  [[nodiscard]] double value() const noexcept { return ready() ? std::sqrt(variance_) : kNotReady; }
  [[nodiscard]] bool ready() const noexcept { return variance_ >= 0.0; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  [[nodiscard]] Fading fading() const noexcept { return {decay_, 1}; }
  void reset() noexcept { variance_ = kNothingSeen; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.variance_);
    if (self.variance_ != kNothingSeen && !(self.variance_ >= 0.0 && self.variance_ <= 0x1p80)) {
      throw std::invalid_argument("snapshot: EwmaVolatility out of bounds");
    }
  }

 private:
  static constexpr double kNothingSeen = -1.0;

  double decay_;
  double variance_ = kNothingSeen;
};
static_assert(Feature<EwmaVolatility>);

}  // namespace hft::feature
