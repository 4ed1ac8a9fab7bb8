#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/atr.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/fading.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Average directional index, and the directional indicators that it is made of.
///
///   up = high - high_{t-1}     down = low_{t-1} - low
///   P = up if up > 0 and up > down, else 0     M = down if down > 0 and down > up, else 0     R = true range
///   sums S of P, M, R: of the first n - 1, then S_t = S_{t-1} - S_{t-1} / n + x_t          n = period
///   plus_di = 100 S(P) / S(R)     minus_di = 100 S(M) / S(R)     dx = 100 |plus - minus| / (plus + minus)
///   adx: mean of the first n dx, then adx_t = ((n - 1) adx_{t-1} + dx_t) / n
///
/// Cost: O(1), no allocation, seven divisions.   Output unit: 0..100 (pct).
/// NaN:  a bar of which one input is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: NaN.
/// Flat: where nothing has moved (S(R) = 0) both indicators are 0; a bar without direction (plus + minus = 0) counts as
/// dx = 0 in the seed and leaves adx as it was after it.
/// Matches TA-Lib ADX, PLUS_DI, MINUS_DI; see tests/python/differential/test_bars.py. Wilder (1978), whose sums begin
/// with n changes instead of n - 1.
class Adx {
 public:
  static constexpr std::size_t kInputs = 3;
  static constexpr IntRange kPeriod{"period", 2, kMaxWindow};

  /// Cold path: throws std::invalid_argument unless period is in 2..2^20.
  explicit Adx(std::int64_t period) : period_{kPeriod.check("Adx", period)} {}

  void update(double high, double low, double close) noexcept {
    if (!fits_fixed(high) || !fits_fixed(low) || !fits_fixed(close)) [[unlikely]]
      return;
    const double up = high - high_;
    const double down = low_ - low;
    const double range = true_range(high, low, close_);
    high_ = high, low_ = low, close_ = close;
    if (n_bars_ < 2 * period_) ++n_bars_;
    if (n_bars_ == 1) return;  // the first bar has no change
    add(plus_, up > 0.0 && up > down ? up : 0.0);
    add(minus_, down > 0.0 && down > up ? down : 0.0);
    add(range_, range);
    if (n_bars_ > period_) average();
  }

  [[nodiscard]] double plus_di() const noexcept { return n_bars_ > period_ ? share(plus_) : kNotReady; }
  [[nodiscard]] double minus_di() const noexcept { return n_bars_ > period_ ? share(minus_) : kNotReady; }
  [[nodiscard]] double adx() const noexcept { return n_bars_ == 2 * period_ ? adx_ : kNotReady; }
  [[nodiscard]] std::uint32_t di_lookback() const noexcept { return period_; }
  [[nodiscard]] std::uint32_t adx_lookback() const noexcept { return 2 * period_ - 1; }
  [[nodiscard]] Fading di_fading() const noexcept { return {1.0 - 1.0 / period_, 1}; }
  [[nodiscard]] Fading adx_fading() const noexcept { return {1.0 - 1.0 / period_, 2}; }
  void reset() noexcept {
    n_bars_ = 0, n_averaged_ = 0;
    high_ = low_ = close_ = plus_ = minus_ = range_ = adx_ = 0.0;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.n_bars_), ar(self.n_averaged_), ar(self.high_), ar(self.low_), ar(self.close_);
    ar(self.plus_), ar(self.minus_), ar(self.range_), ar(self.adx_);
    const std::uint32_t expected = self.n_bars_ > self.period_ ? self.n_bars_ - self.period_ : 0;
    if (self.n_bars_ > 2 * self.period_ || self.n_averaged_ != expected) {
      throw std::invalid_argument("snapshot: Adx saw more than its period");
    }
    const auto good = [](double sum) { return sum >= 0.0 && sum <= 0x1p62; };
    if (!fits_fixed(self.high_) || !fits_fixed(self.low_) || !fits_fixed(self.close_) || !good(self.plus_) ||
        !good(self.minus_) || !good(self.range_) || !good(self.adx_)) {
      throw std::invalid_argument("snapshot: Adx out of bounds");
    }
  }

 private:
  void add(double& sum, double x) const noexcept {
    if (n_bars_ > period_) sum -= sum / period_;
    sum += x;
  }
  [[nodiscard]] double share(double sum) const noexcept { return range_ == 0.0 ? 0.0 : 100.0 * (sum / range_); }

  void average() noexcept {
    const double plus = share(plus_);
    const double minus = share(minus_);
    const double both = plus + minus;
    const double dx = both == 0.0 ? 0.0 : 100.0 * (std::abs(minus - plus) / both);
    if (n_averaged_ < period_) {
      adx_ += dx;  // holds the running sum until the seed is complete
      if (++n_averaged_ == period_) adx_ /= period_;
    } else if (both != 0.0) {
      adx_ = (adx_ * (period_ - 1) + dx) / period_;
    }
  }

  std::uint32_t period_;
  std::uint32_t n_bars_ = 0;      // saturates at 2 period
  std::uint32_t n_averaged_ = 0;  // dx in the seed; saturates at period
  double high_ = 0.0;
  double low_ = 0.0;
  double close_ = 0.0;
  double plus_ = 0.0;
  double minus_ = 0.0;
  double range_ = 0.0;
  double adx_ = 0.0;
};

/// One of Adx's values.
struct AdxReading {
  using State = Adx;
  enum class Output : std::uint8_t { kAdx, kPlusDi, kMinusDi };

  [[nodiscard]] double of(const Adx& a) const noexcept {
    if (output == Output::kAdx) return a.adx();
    return output == Output::kPlusDi ? a.plus_di() : a.minus_di();
  }

  Output output;
};

}  // namespace hft::feature
