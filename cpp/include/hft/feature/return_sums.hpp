#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/log_ratio.hpp"
#include "hft/feature/wide_signed.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Sums over the log returns between a window's neighbouring inputs: what realised volatility and bipower variation
/// read.
///
///   r_i = ln(x_i / x_{i-1})     both inputs in the window: n - 1 returns
///   R2 = sum r_i^2     B = sum |r_i| |r_{i-1}|
///
/// A return is made by log_ratio.hpp (no libm, a few ulp), rounded once to a multiple of 2^-90; after that the sums are
/// integers of 256 bits. Same window, different past: same bits.
/// Cost: O(1), no allocation; two logarithms an input for R2, three for B.
/// NaN:  an input that is NaN or not in (0, 2^40) only moves the time; one older than the newest is left out.
class ReturnSums {
 public:
  enum class Order : std::uint8_t { kSquares = 1, kProducts = 2 };

  ReturnSums(WindowLength length, Order order) : window_{length}, order_{order} {}

  void update(double x, std::int64_t ts_ns = 0) noexcept {
    if (!window_.accepts(ts_ns)) [[unlikely]]
      return;
    if (!usable(x)) [[unlikely]]
      return advance(ts_ns);  // time passes all the same
    window_.push(x, ts_ns, [this](double old) noexcept { leave(old); });
    enter(window_.size());
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
  /// R2, rounded once.
  [[nodiscard]] double squares() const noexcept { return squares_.to_double(-2 * kReturnBits); }
  /// B, rounded once. Needs Order::kProducts.
  [[nodiscard]] double products() const noexcept { return products_.to_double(-2 * kReturnBits); }

  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), newest_ = 0, squares_ = {}, products_ = {}; }

  /// Another reader of the same window may need more: both get it. Before the first input only.
  void widen(const ReturnSums& other) noexcept {
    if (other.order_ > order_) order_ = other.order_;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<double>::archive(self.window_, ar, [](double x) {
      if (!usable(x)) throw std::invalid_argument("snapshot: a window holds no price");
    });
    if constexpr (Archive::kReads) {
      for (std::uint32_t n = 1; n <= self.window_.size(); ++n) self.enter(n);
    }
  }

 private:
  static constexpr int kReturnBits = kFixedBits + 30;  // |r| is below 2^10, so 2^30 r fits
  static bool usable(double x) noexcept { return x > 0.0 && fits_fixed(x); }
  static Uint128 size_of_return(double now, double before) noexcept {
    return magnitude(to_fixed(0x1p30 * log_ratio(now, before)));
  }

  /// The n-th input of the window is its newest.
  void enter(std::uint32_t n) noexcept {
    if (n < 2) return;
    const Uint128 size = size_of_return(window_[n - 1], window_[n - 2]);
    squares_ += Uint256::square(size);
    if (n > 2 && order_ == Order::kProducts) products_ += wide_product(size, newest_);
    newest_ = size;
  }
  /// The oldest input has left; with it goes the return that it began.
  void leave(double old) noexcept {
    const std::uint32_t n = window_.size();
    if (n == 0) return;
    const Uint128 size = size_of_return(window_[0], old);
    squares_ -= Uint256::square(size);
    if (n > 1 && order_ == Order::kProducts) products_ -= wide_product(size, size_of_return(window_[1], window_[0]));
  }

  Window<double> window_;
  Order order_;
  Uint128 newest_ = 0;  // size of the newest return
  Uint256 squares_;
  Uint256 products_;
};

}  // namespace hft::feature
