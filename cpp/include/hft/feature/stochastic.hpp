#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/extremum.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/moments.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Stochastic oscillator (Lane): where the close lies between the lowest low and the highest high of k bars.
///
///   fast_t = 100 (close - L) / (H - L)     H, L over the last k bars
///   k_t = mean of the last `smoothing` fast     d_t = mean of the last `d` k
///
/// Cost: O(1) amortised, no allocation, one division and one per mean.   Output unit: 0..100 (pct); a close outside its
/// bars goes beyond, up to 1e9.   Exact: extremes are inputs, means are integer sums of fast rounded once to 2^-60.
/// NaN:  a bar of which one input is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: NaN.
/// Flat: while H = L there is no ratio; fast is the parameter `flat` (50; TA-Lib: 0).
/// Matches TA-Lib STOCH with flat = 0, and with smoothing = 1 STOCHF; see tests/python/differential/test_bars.py.
class Stochastic {
 public:
  static constexpr std::size_t kInputs = 3;
  static constexpr IntRange kK{"k", 1, kMaxWindow};
  static constexpr IntRange kSmoothing{"smoothing", 1, kMaxWindow};
  static constexpr IntRange kD{"d", 1, kMaxWindow};
  static constexpr RealRange kFlat{"flat", 0.0, 100.0};

  /// Cold path: throws std::invalid_argument unless the windows are in 1..2^20 and flat in 0..100.
  Stochastic(std::int64_t k, std::int64_t smoothing, std::int64_t d, double flat)
      : lookback_{kK.check("Stochastic", k) + kSmoothing.check("Stochastic", smoothing) - 2},
        flat_{kFlat.check("Stochastic", flat)},
        high_{WindowLength::count(k)},
        low_{WindowLength::count(k)},
        k_{WindowLength::count(smoothing)},
        d_{WindowLength::count(kD.check("Stochastic", d))} {}

  void update(double high, double low, double close) noexcept {
    if (!fits_fixed(high) || !fits_fixed(low) || !fits_fixed(close)) [[unlikely]]
      return;
    high_.update(high), low_.update(low);
    if (!high_.ready(1)) return;
    const double range = high_.best() - low_.best();
    const double fast = range == 0.0 ? flat_ : 100.0 * (close - low_.best()) / range;
    k_.update(std::clamp(fast, -kLimit, kLimit));
    if (k_.ready(1)) d_.update(k_.mean());
  }

  [[nodiscard]] double k() const noexcept { return k_.ready(1) ? k_.mean() : kNotReady; }
  [[nodiscard]] double d() const noexcept { return d_.ready(1) ? d_.mean() : kNotReady; }
  [[nodiscard]] std::uint32_t k_lookback() const noexcept { return lookback_; }
  [[nodiscard]] std::uint32_t d_lookback() const noexcept { return lookback_ + d_.lookback(1); }
  [[nodiscard]] std::size_t room_bytes() const noexcept {
    return high_.room_bytes() + low_.room_bytes() + k_.room_bytes() + d_.room_bytes();
  }
  void reset() noexcept { high_.reset(), low_.reset(), k_.reset(), d_.reset(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    Extremum<std::greater<>>::archive(self.high_, ar), Extremum<std::less<>>::archive(self.low_, ar);
    Moments::archive(self.k_, ar), Moments::archive(self.d_, ar);
    if (self.high_.ready(1) != self.low_.ready(1) || (self.k_.n_inputs() > 0 && !self.high_.ready(1)) ||
        (self.d_.n_inputs() > 0 && !self.k_.ready(1))) {
      throw std::invalid_argument("snapshot: the windows of a Stochastic do not fit each other");
    }
  }

 private:
  static constexpr double kLimit = 1e9;

  std::uint32_t lookback_;
  double flat_;
  Extremum<std::greater<>> high_;
  Extremum<std::less<>> low_;
  Moments k_;
  Moments d_;
};

/// One of Stochastic's values.
struct StochasticReading {
  using State = Stochastic;
  enum class Output : std::uint8_t { kK, kD };

  [[nodiscard]] double of(const Stochastic& s) const noexcept { return output == Output::kK ? s.k() : s.d(); }

  Output output;
};

}  // namespace hft::feature
