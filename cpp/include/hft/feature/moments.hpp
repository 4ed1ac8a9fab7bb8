#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/wide_signed.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Exact moments of a window: what rolling sum, mean, variance, standard deviation, z-score and skewness read.
///
///   S1 = sum x    S2 = sum x^2    S3 = sum x^3    mean = S1 / n    variance = (n S2 - S1^2) / (n (n - 1))
///
/// An input becomes a multiple of 2^-60 once, on entry (fixed_point.hpp); after that S1, S2 and S3 are exact integers
/// of 128, 256 and 384 bits and the numerators are too: the variance's is 0 for a constant window, never negative, and
/// no offset is lost. Same window, different past: same bits.
///
/// Cost: O(1), no allocation; four 128-bit products for the squares, eight 64-bit ones more for each cube.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) only moves the time; one older than the newest is left out.
class Moments {
 public:
  enum class Order : std::uint8_t { kMean = 1, kVariance = 2, kSkew = 3 };

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

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum() const noexcept { return fixed_quotient(sum_, 1); }

  /// Rounded once. Needs one input.
  [[nodiscard]] double mean() const noexcept { return fixed_quotient(sum_, window_.size()); }

  /// Sample variance (divisor n - 1), within 1 ulp. Needs two inputs and Order::kVariance.
  [[nodiscard]] double variance() const noexcept {
    const std::uint64_t n = window_.size();
    return scatter().to_double(-2 * kFixedBits) / static_cast<double>(n * (n - 1));
  }

  /// Adjusted Fisher-Pearson skewness, within 4 ulp; `flat` for a constant window. Needs three inputs and
  /// Order::kSkew.
  [[nodiscard]] double skew(double flat) const noexcept {
    const Uint256 second = scatter();
    if (second == Uint256{}) return flat;
    const std::uint64_t n = window_.size();
    const Uint128 size = magnitude(sum_);
    Int384 third = cubes_.times(n).times(n);  // n^2 S3 - 3 n S1 S2 + 2 S1^3, below 2^364
    third.add(Int384::product(squares_, size).times(3 * n), sum_ > 0);
    third.add(Int384::product(Uint256::square(size), size).times(2), sum_ < 0);
    const double m2 = second.to_double();
    const auto m = static_cast<double>(n);
    return std::sqrt(m * (m - 1.0)) / (m - 2.0) * (third.to_double() / (m2 * std::sqrt(m2)));
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

  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), sum_ = 0, squares_ = {}, cubes_ = {}; }

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
  /// n S2 - S1^2: n (n - 1) times the variance, exact.
  [[nodiscard]] Uint256 scatter() const noexcept {
    Uint256 numerator = squares_.times(window_.size());
    return numerator -= Uint256::square(magnitude(sum_));
  }
  void enter(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    sum_ += fixed;
    if (order_ == Order::kMean) return;
    const Uint128 size = magnitude(fixed);
    const Uint256 square = Uint256::square(size);
    squares_ += square;
    if (order_ == Order::kSkew) cubes_.add(Int384::product(square, size), fixed < 0);
  }
  void leave(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    sum_ -= fixed;
    if (order_ == Order::kMean) return;
    const Uint128 size = magnitude(fixed);
    const Uint256 square = Uint256::square(size);
    squares_ -= square;
    if (order_ == Order::kSkew) cubes_.add(Int384::product(square, size), fixed > 0);
  }
  void enter_loaded(double x) {
    if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
    enter(x);
  }

  Window<double> window_;
  Order order_;
  Int128 sum_ = 0;
  Uint256 squares_;
  Int384 cubes_;
};

}  // namespace hft::feature
