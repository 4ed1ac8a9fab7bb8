#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Exact first and second moments of a window: what rolling mean, standard deviation and z-score read.
///
///   S1 = sum x    S2 = sum x^2    mean = S1 / n    variance = (n S2 - S1^2) / (n (n - 1))
///
/// An input becomes a multiple of 2^-60 once, on entry (fixed_point.hpp); after that S1 and S2 are exact integers of
/// 128 and 256 bits and the variance's numerator is too: 0 for a constant window, never negative, and no offset is
/// lost. Same window, different past: same bits.
///
/// Cost: O(1), no allocation; four 128-bit products for the squares.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) only moves the time; one older than the newest is left out.
class Moments {
 public:
  enum class Order : std::uint8_t { kMean = 1, kVariance = 2 };

  Moments(WindowLength length, Order order) : window_{length}, order_{order} {}

  void update(double x, std::int64_t ts_ns = 0) noexcept {
    if (!window_.accepts(ts_ns)) [[unlikely]]
      return;
    if (!fits_fixed(x)) [[unlikely]]
      return advance(ts_ns);  // time passes all the same
    window_.push(x, ts_ns, [this](double old) noexcept { leave(old); });
    enter(x);
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](double old) noexcept { leave(old); });
  }

  [[nodiscard]] bool ready(std::uint32_t min_inputs) const noexcept {
    return window_.length().is_time() ? window_.size() >= min_inputs : window_.full();
  }
  [[nodiscard]] std::uint32_t lookback(std::uint32_t min_inputs) const noexcept {
    return (window_.length().is_time() ? min_inputs : window_.length().capacity()) - 1;
  }

  /// Rounded once. Needs one input.
  [[nodiscard]] double mean() const noexcept { return fixed_quotient(sum_, window_.size()); }

  /// Sample variance (divisor n - 1), within 1 ulp. Needs two inputs and Order::kVariance.
  [[nodiscard]] double variance() const noexcept {
    const std::uint64_t n = window_.size();
    Uint256 numerator = squares_.times(n);
    numerator -= Uint256::square(magnitude(sum_));
    return numerator.to_double(-2 * kFixedBits) / static_cast<double>(n * (n - 1));
  }

  /// (newest input - mean) / standard deviation; `flat` for a constant window. Needs two inputs and Order::kVariance.
  [[nodiscard]] double zscore(double flat) const noexcept {
    const double var = variance();
    if (var == 0.0) return flat;
    const Int128 n = window_.size();
    const Int128 distance = n * to_fixed(window_.newest()) - sum_;  // n (x - mean), exact
    const double scaled = round_to_double(magnitude(distance), -kFixedBits) / static_cast<double>(window_.size());
    return std::copysign(scaled / std::sqrt(var), distance < 0 ? -1.0 : 1.0);
  }

  [[nodiscard]] std::uint32_t n_inputs() const noexcept { return window_.size(); }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), sum_ = 0, squares_ = {}; }

  /// Another reader of the same window may need more: both get it. Before the first input only.
  void widen(const Moments& other) noexcept {
    if (other.order_ > order_) order_ = other.order_;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<double>::archive(self.window_, ar, [&self](auto x) { self.enter_loaded(x); });
  }

 private:
  void enter(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    sum_ += fixed;
    if (order_ == Order::kVariance) squares_ += Uint256::square(magnitude(fixed));
  }
  void leave(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    sum_ -= fixed;
    if (order_ == Order::kVariance) squares_ -= Uint256::square(magnitude(fixed));
  }
  void enter_loaded(double x) {
    if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
    enter(x);
  }

  Window<double> window_;
  Order order_;
  Int128 sum_ = 0;
  Uint256 squares_;
};

}  // namespace hft::feature
