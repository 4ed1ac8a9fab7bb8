#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/log_ratio.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Log return over `lag` inputs.
///
///   y_t = ln(x_t / x_{t - lag})
///
/// Cost: O(1), no allocation, one division; no libm, so the bits are the same everywhere (log_ratio.hpp).
/// Output unit: 1 (natural log; 1e-4 is about one bp).   Windowed: depends on two inputs, not on the past.
/// NaN:  an input that is NaN or not in (0, 2^40) leaves the state as it was.   Not ready: value() is NaN.
/// Matches numpy.log(x[lag:] / x[:-lag]); see tests/python/differential/test_log_return.py.
class LogReturn {
 public:
  static constexpr IntRange kLag{"lag", 1, kMaxWindow - 1};

  /// Cold path: throws std::invalid_argument unless lag is in 1..2^20 - 1.
  explicit LogReturn(std::int64_t lag) : inputs_{WindowLength::count(kLag.check("LogReturn", lag) + std::int64_t{1})} {}

  double update(double x) noexcept {
    if (!usable(x)) [[unlikely]]
      return value_;
    inputs_.push(x, 0, [](double) noexcept {});
    return refresh();
  }

  [[nodiscard]] double value() const noexcept { return value_; }
  [[nodiscard]] bool ready() const noexcept { return inputs_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return inputs_.length().capacity() - 1; }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return inputs_.room_bytes(); }
  void reset() noexcept { inputs_.clear(), value_ = kNotReady; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    Window<double>::archive(self.inputs_, ar, [](double x) {
      if (!usable(x)) throw std::invalid_argument("snapshot: LogReturn holds no price");
    });
    if constexpr (Archive::kReads) self.refresh();
  }

 private:
  static bool usable(double x) noexcept { return x > 0.0 && fits_fixed(x); }
  double refresh() noexcept { return value_ = ready() ? log_ratio(inputs_.newest(), inputs_.oldest()) : kNotReady; }

  Window<double> inputs_;
  double value_ = kNotReady;
};
static_assert(Feature<LogReturn>);

}  // namespace hft::feature
