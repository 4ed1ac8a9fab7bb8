#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fading.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Wilder's relative strength index.
///
///   u_t = max(x_t - x_{t-1}, 0)     d_t = max(x_{t-1} - x_t, 0)
///   U_n = mean(u_1..u_n)            U_t = U_{t-1} + (u_t - U_{t-1}) / n        n = period; D likewise
///   y_t = 100 (U_t / (U_t + D_t))
///
/// Cost: O(1), no allocation, one division.   Output unit: 0..100 (pct).
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Flat: when nothing has moved (U + D = 0) there is no ratio; the value is the parameter `flat` (50; TA-Lib: 0).
/// Matches TA-Lib RSI with flat = 0; see tests/python/differential/test_rsi.py. Wilder (1978).
class Rsi {
 public:
  static constexpr IntRange kPeriod{"period", 1, kMaxWindow};
  static constexpr RealRange kFlat{"flat", 0.0, 100.0};
  static constexpr double kDefaultFlat = 50.0;

  /// Cold path: throws std::invalid_argument unless period is in 1..2^20 and flat in 0..100.
  explicit Rsi(std::int64_t period, double flat = kDefaultFlat)
      : period_{kPeriod.check("Rsi", period)}, flat_{kFlat.check("Rsi", flat)}, alpha_{1.0 / period_} {}

  double update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return value();
    const double change = x - previous_;
    previous_ = x;  // before every branch: no early return may keep a stale previous input
    const double gain = std::max(change, 0.0);
    const double loss = gain - change;  // exact; a second max becomes a branch that nobody can foretell
    if (n_inputs_ <= period_) [[unlikely]]
      return warm_up(gain, loss);
    mean_gain_ += alpha_ * (gain - mean_gain_);
    mean_loss_ += alpha_ * (loss - mean_loss_);
    return value();
  }

  [[nodiscard]] double value() const noexcept {
    return ready() ? strength(mean_gain_, mean_loss_, flat_) : kNotReady;
  }
  /// In [0, 100], and exactly 100 where nothing fell.
  [[nodiscard]] static double strength(double mean_gain, double mean_loss, double flat) noexcept {
    const double moved = mean_gain + mean_loss;
    return moved == 0.0 ? flat : 100.0 * (mean_gain / moved);
  }
  [[nodiscard]] bool ready() const noexcept { return n_inputs_ > period_; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return period_; }
  [[nodiscard]] double flat() const noexcept { return flat_; }
  [[nodiscard]] double alpha() const noexcept { return alpha_; }

  /// What the next input meets, once ready().
  struct Past {
    double previous;
    double mean_gain;
    double mean_loss;
  };
  [[nodiscard]] Past past() const noexcept { return {previous_, mean_gain_, mean_loss_}; }
  /// The past after inputs that a loop of its own has taken. Needs ready().
  void settle(const Past& past) noexcept {
    previous_ = past.previous, mean_gain_ = past.mean_gain, mean_loss_ = past.mean_loss;
  }
  [[nodiscard]] Fading fading() const noexcept { return {1.0 - alpha_, 1}; }
  void reset() noexcept { n_inputs_ = 0, previous_ = 0.0, mean_gain_ = 0.0, mean_loss_ = 0.0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.n_inputs_), ar(self.previous_), ar(self.mean_gain_), ar(self.mean_loss_);
    if (self.n_inputs_ > self.period_ + 1) throw std::invalid_argument("snapshot: Rsi saw more than its period");
    const auto good = [](double mean) { return mean >= 0.0 && mean <= 0x1p61; };  // or a sum of 2^20 changes
    if (!fits_fixed(self.previous_) || !good(self.mean_gain_) || !good(self.mean_loss_)) {
      throw std::invalid_argument("snapshot: Rsi out of bounds");
    }
  }

 private:
  double warm_up(double gain, double loss) noexcept {
    if (n_inputs_++ == 0) return kNotReady;  // the first input has no change
    mean_gain_ += gain;                      // running sums until the seed is complete
    mean_loss_ += loss;
    if (n_inputs_ > period_) mean_gain_ /= period_, mean_loss_ /= period_;
    return value();
  }

  std::uint32_t period_;
  std::uint32_t n_inputs_ = 0;  // saturates at period_ + 1
  double flat_;
  double alpha_;
  double previous_ = 0.0;
  double mean_gain_ = 0.0;
  double mean_loss_ = 0.0;
};
static_assert(Feature<Rsi>);

}  // namespace hft::feature
