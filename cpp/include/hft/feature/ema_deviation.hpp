#pragma once

#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/ema.hpp"

namespace hft::feature {

/// How far the newest input lies above its exponential moving average, relative to it: the same scale for every symbol.
///
///   y_t = 10^4 (x_t - ema_t) / ema_t          ema_t includes x_t
///
/// Cost: O(1), no allocation, one division.   Output unit: bps. For prices: an average of 0 has no scale (NaN).
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Matches 1e4 * (x / talib.EMA(x) - 1); see tests/python/differential/test_ema.py.
class EmaDeviation {
 public:
  explicit EmaDeviation(std::int64_t period) : ema_{period} {}

  double update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return value();
    ema_.update(x);
    newest_ = x;
    return value();
  }

  [[nodiscard]] double value() const noexcept {
    return of(newest_, ema_.value());
  }
  [[nodiscard]] static double of(double x, double level) noexcept {
    return level != 0.0 ? 1e4 * (x - level) / level : kNotReady;
  }
  [[nodiscard]] bool ready() const noexcept { return ema_.ready(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return ema_.lookback(); }
  [[nodiscard]] Fading fading() const noexcept { return ema_.fading(); }
  void reset() noexcept { ema_.reset(), newest_ = 0.0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    Ema::archive(self.ema_, ar), ar(self.newest_);
    if (!fits_fixed(self.newest_)) throw std::invalid_argument("snapshot: EmaDeviation out of bounds");
  }

 private:
  Ema ema_;
  double newest_ = 0.0;
};
static_assert(Feature<EmaDeviation>);

}  // namespace hft::feature
