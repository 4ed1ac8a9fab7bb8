#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Momentum, or rate of change: the newest input against the one `lag` before it.
///
///   px:  y_t = x_t - x_{t - lag}     pct: y_t = 100 (x_t - x_{t - lag}) / x_{t - lag}
///
/// Cost: O(1), no allocation.   Output unit: that of x, or pct.   Windowed: depends on two inputs, not on the past.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN, and so
/// is a pct of 0.
/// Matches TA-Lib MOM and ROC; see tests/python/differential/test_trend.py.
class Roc {
 public:
  static constexpr IntRange kLag{"lag", 1, kMaxWindow - 1};
  enum class Output : std::uint8_t { kPx, kPct };

  /// Cold path: throws std::invalid_argument unless lag is in 1..2^20 - 1.
  Roc(std::int64_t lag, Output output)
      : inputs_{WindowLength::count(kLag.check("Roc", lag) + std::int64_t{1})}, output_{output} {}

  double update(double x) noexcept {
    if (fits_fixed(x)) [[likely]]
      inputs_.push(x, 0, [](double) noexcept {});
    return value();
  }

  [[nodiscard]] double value() const noexcept {
    if (!ready()) return kNotReady;
    const double before = inputs_.oldest();
    const double change = inputs_.newest() - before;
    if (output_ == Output::kPx) return change;
    return before == 0.0 ? kNotReady : 100.0 * change / before;
  }
  [[nodiscard]] bool ready() const noexcept { return inputs_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return inputs_.length().capacity() - 1; }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return inputs_.room_bytes(); }
  void reset() noexcept { inputs_.clear(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    Window<double>::archive(self.inputs_, ar, [](double x) {
      if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
    });
  }

 private:
  Window<double> inputs_;
  Output output_;
};
static_assert(Feature<Roc>);

}  // namespace hft::feature
