#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/half_life.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/window_length.hpp"

namespace hft::feature {

/// Mean of all inputs, each weighing 2^(-age / half_life): an exponential average for ticks that come when they come.
///
///   y_t = sum_i w_i x_i / sum_i w_i        w_i = 2^(-(t - t_i) / half_life)
///   W_t = 1 + w W_{t-1}                    y_t = y_{t-1} + (x_t - y_{t-1}) / W_t        w over the time between
///
/// The weights are normalised, so there is no seed: inputs of one time all count, and after a long silence the newest
/// input is the value. Between inputs all weights shrink alike and the value stays.
/// Cost: O(1), no allocation, two divisions and the weight's polynomial (half_life.hpp: no libm).   Output unit: that
/// of x. NaN: an input that is NaN or not in (-2^40, 2^40) leaves the state as it was, and so does one older than the
/// newest.
/// Flat: a constant input gives exactly that constant.
/// Matches pandas ewm(halflife=, times=).mean(); see tests/python/differential/test_trend.py.
class DecayEma {
 public:
  static constexpr std::int64_t kMaxHalfLifeNs = WindowLength::kMaxSpanNs;

  /// Cold path: throws std::invalid_argument unless half_life_ns is in 1 ns..366 days.
  explicit DecayEma(std::int64_t half_life_ns) : half_life_ns_{half_life_ns} {
    static_cast<void>(WindowLength::time(half_life_ns, 1, "DecayEma"));
  }

  double update(double x, std::int64_t ts_ns) noexcept {
    if (!fits_fixed(x) || (ready() && ts_ns < newest_ns_)) [[unlikely]]
      return value();
    const auto elapsed = static_cast<std::uint64_t>(ts_ns) - static_cast<std::uint64_t>(newest_ns_);
    weight_ = ready() ? 1.0 + half_life_weight(elapsed, half_life_ns_) * weight_ : 1.0;
    newest_ns_ = ts_ns;
    level_ += (x - level_) / weight_;
    return value();
  }

  [[nodiscard]] double value() const noexcept { return ready() ? level_ : kNotReady; }
  [[nodiscard]] bool ready() const noexcept { return weight_ != 0.0; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  void reset() noexcept { weight_ = 0.0, level_ = 0.0, newest_ns_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.newest_ns_), ar(self.weight_), ar(self.level_);
    const bool good_weight = self.weight_ == 0.0 || (self.weight_ >= 1.0 && self.weight_ <= 0x1p62);
    if (!good_weight || !(std::abs(self.level_) <= 0x1p40)) {
      throw std::invalid_argument("snapshot: DecayEma out of bounds");
    }
  }

 private:
  std::int64_t half_life_ns_;
  std::int64_t newest_ns_ = 0;
  double weight_ = 0.0;  // 0: nothing seen
  double level_ = 0.0;
};

}  // namespace hft::feature
