#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Slope of the least-squares line through the last `window` inputs, at 0, 1, ..., n - 1.
///
///   y_t = (sum i x_i - (n - 1) / 2 sum x_i) / (n (n^2 - 1) / 12)
///
/// An input becomes a multiple of 2^-60 once, on entry; both sums are exact integers, so the value depends on the
/// window alone, and a constant window has exactly 0. 2^13 inputs below 2^40 are what 128 bits hold.
/// Cost: O(1), no allocation, one division.   Output unit: that of x, per input.   Within 1 ulp.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Matches TA-Lib LINEARREG_SLOPE; see tests/python/differential/test_trend.py.
class Slope {
 public:
  static constexpr IntRange kWindow{"window", 2, std::int64_t{1} << 13};

  /// Cold path: throws std::invalid_argument unless window is in 2..2^13.
  explicit Slope(std::int64_t window) : inputs_{WindowLength::count(kWindow.check("Slope", window))} {}

  double update(double x) noexcept {
    if (fits_fixed(x)) [[likely]] {
      inputs_.push(x, 0, [this](double old) noexcept { leave(old); });
      enter(x, inputs_.size() - 1);
    }
    return value();
  }

  [[nodiscard]] double value() const noexcept {
    if (!ready()) return kNotReady;
    const std::int64_t n = inputs_.size();
    const Int128 numerator = 2 * weighted_ - (n - 1) * sum_;  // sum (2 i - n + 1) x_i
    const double rounded = round_to_double(magnitude(numerator), -kFixedBits);
    const double steepness = rounded / static_cast<double>(n * (n * n - 1) / 6);  // a whole number below 2^37
    return numerator < 0 ? -steepness : steepness;
  }
  [[nodiscard]] bool ready() const noexcept { return inputs_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return inputs_.length().capacity() - 1; }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return inputs_.room_bytes(); }
  void reset() noexcept { inputs_.clear(), sum_ = 0, weighted_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<double>::archive(self.inputs_, ar, [&self, at = std::uint32_t{0}](auto x) mutable {
      if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
      self.enter(x, at++);
    });
  }

 private:
  void enter(double x, std::uint32_t at) noexcept {
    const Int128 fixed = to_fixed(x);
    sum_ += fixed;
    weighted_ += at * fixed;
  }
  void leave(double oldest) noexcept {
    sum_ -= to_fixed(oldest);
    weighted_ -= sum_;  // what stays moves one place down
  }

  Window<double> inputs_;
  Int128 sum_ = 0;
  Int128 weighted_ = 0;  // sum i x_i
};
static_assert(Feature<Slope>);

}  // namespace hft::feature
