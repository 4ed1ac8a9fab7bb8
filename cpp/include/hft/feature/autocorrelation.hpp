#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/feature/concept.hpp"
#include "hft/feature/pair_sums.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Correlation of a window's inputs with those `lag` inputs before.
///
///   y_t = Pearson's correlation of the pairs (x_{i - lag}, x_i) that lie in the window: n - lag of them
///
/// Cost: O(1), no allocation; one division and one square root.   Output unit: 1, in [-1, 1].
/// Exact: sums and numerators are integers (pair_sums.hpp), so the value is within 4 ulp at any offset.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) is left out.   Not ready: NaN; a window of lag + 2 at least.
/// Flat: where either end of the window is constant there is no correlation; the value is the parameter `flat` (0).
/// Matches pandas Series.autocorr(lag) of the window; statsmodels acf takes one mean and one variance for both ends.
/// See tests/python/differential/test_returns.py.
class Autocorrelation {
 public:
  static constexpr IntRange kLag{"lag", 1, kMaxWindow - 2};
  static constexpr RealRange kFlat{"flat", -1.0, 1.0};

  /// Cold path: throws std::invalid_argument unless lag >= 1, the window holds lag + 2 and flat is in -1..1.
  Autocorrelation(WindowLength length, std::int64_t lag, double flat = 0.0)
      : lag_{kLag.check("Autocorrelation", lag)},
        flat_{kFlat.check("Autocorrelation", flat)},
        window_{length.holding(lag_ + 2, "Autocorrelation")} {}

  double update(double x, std::int64_t ts_ns = 0) noexcept {
    if (!window_.accepts(ts_ns)) [[unlikely]]
      return value();
    if (!fits_fixed(x)) [[unlikely]]
      return advance(ts_ns), value();  // time passes all the same
    window_.push(x, ts_ns, [this](double old) noexcept { leave(old); });
    if (const std::uint32_t n = window_.size(); n > lag_) sums_.enter(window_[n - 1 - lag_], x);
    return value();
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](double old) noexcept { leave(old); });
  }

  [[nodiscard]] double value() const noexcept {
    return ready() ? sums_.correlation(window_.size() - lag_, flat_) : kNotReady;
  }
  [[nodiscard]] bool ready() const noexcept {
    return window_.length().is_time() ? window_.size() >= lag_ + 2 : window_.full();
  }
  [[nodiscard]] std::uint32_t lookback() const noexcept {
    return (window_.length().is_time() ? lag_ + 2 : window_.length().capacity()) - 1;
  }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), sums_.reset(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<double>::archive(self.window_, ar, [](double x) {
      if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
    });
    if constexpr (Archive::kReads) {
      for (std::uint32_t i = self.lag_; i < self.window_.size(); ++i) {
        self.sums_.enter(self.window_[i - self.lag_], self.window_[i]);
      }
    }
  }

 private:
  /// The oldest input has left; with it goes the pair that it began.
  void leave(double old) noexcept {
    if (window_.size() >= lag_) sums_.leave(old, window_[lag_ - 1]);
  }

  std::uint32_t lag_;
  double flat_;
  Window<double> window_;
  PairSums sums_;
};
static_assert(TimedFeature<Autocorrelation>);

}  // namespace hft::feature
