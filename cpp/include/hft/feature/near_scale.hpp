#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// The grid on which inputs near a base lie, and what sums of distances from it say.
///
/// With 2^E <= |base| < 2^(E+1), an input within 2^(E-4) of it has no bit below u = 2^(E-53). So x - base is exact in a
/// double, (x - base) / u is an integer below 2^49, and sums over 2^12 of them fit. A shift by the base changes neither
/// n S2 - S1^2 nor n x - S1: what is read equals the wide sums' value in every bit, at a part of their cost.
class NearScale {
 public:
  static constexpr std::uint32_t kMaxInputs = 1U << 12U;

  /// Whether sums about this base are those of the fixed point: no input near it is rounded on entry, or left out.
  [[nodiscard]] static bool can_start(double x) noexcept { return std::abs(x) >= 0x1p-7 && std::abs(x) < 0x1p39; }

  /// Reaches nothing.
  NearScale() = default;
  /// can_start(base).
  explicit NearScale(double base) noexcept : base_{base} {
    const int exponent = static_cast<int>((std::bit_cast<std::uint64_t>(base) >> 52U) & 0x7FFU) - 1023;
    reach_ = exp2i(exponent - 4), unit_ = exp2i(exponent - 53), per_unit_ = exp2i(53 - exponent);
  }

  [[nodiscard]] double base() const noexcept { return base_; }
  [[nodiscard]] double reach() const noexcept { return reach_; }
  [[nodiscard]] double unit() const noexcept { return unit_; }
  [[nodiscard]] bool reaches(double x) const noexcept { return std::abs(x - base_) <= reach_; }
  [[nodiscard]] std::int64_t distance(double x) const noexcept {
    return static_cast<std::int64_t>((x - base_) * per_unit_);
  }

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum(std::int64_t s1, std::uint32_t n) const noexcept {
    const Int128 total = Int128{n} * static_cast<std::int64_t>(base_ * per_unit_) + s1;
    const double size = round_to_double(magnitude(total), 0) * unit_;
    return total < 0 ? -size : size;
  }

  /// Rounded once. `inverse`: 1.0 / n, so that no integer is divided.
  [[nodiscard]] double mean(std::int64_t s1, std::uint32_t n, double inverse) const noexcept {
    const double sign = base_ < 0.0 ? -1.0 : 1.0;
    const std::int64_t sum = base_ < 0.0 ? -s1 : s1;
    auto quotient = static_cast<std::int64_t>(static_cast<double>(sum) * inverse);  // off by one at most
    std::int64_t rest = sum - quotient * n;
    const std::int64_t below_0 = rest >> 63;
    quotient += below_0, rest += below_0 & n;
    const auto beyond = static_cast<std::int64_t>(rest >= n);
    quotient += beyond, rest -= -beyond & n;  // downwards: rest in 0..n-1
    // |base| + quotient has 53 bits at least; half a unit and what lies below it decide how it is rounded.
    const std::int64_t whole = static_cast<std::int64_t>(std::abs(base_) * per_unit_) + quotient;
    const auto half = static_cast<std::int64_t>(2 * rest >= n);
    const auto below = static_cast<std::int64_t>(2 * rest != (-half & n));
    return sign * static_cast<double>(4 * whole + 2 * half + below) * (0.25 * unit_);
  }

  /// The same where |s1| <= kSmallSum: the quotient, rounded, lies nearer to s1 / n than any value at which the sum's
  /// rounding turns, so it may be rounded first.
  [[nodiscard]] double mean_of_small(std::int64_t s1, double n) const noexcept {
    return (base_ * per_unit_ + static_cast<double>(s1) / n) * unit_;
  }
  static constexpr std::int64_t kSmallSum = std::int64_t{1} << 51;

  /// n S2 - S1^2, rounded once, on this grid: times square() / (n (n - 1)) it is the sample variance, within 1 ulp.
  [[nodiscard]] static double scatter(std::int64_t s1, Uint128 s2, std::uint32_t n) noexcept {
    return round_to_double(s2 * n - static_cast<Uint128>(Int128{s1} * s1), 0);
  }
  [[nodiscard]] double square() const noexcept { return unit_ * unit_; }

  /// x - mean, in two roundings.
  [[nodiscard]] double above_mean(double x, std::int64_t s1, std::uint32_t n) const noexcept {
    return static_cast<double>(distance(x) * n - s1) * unit_ / static_cast<double>(n);
  }

 private:
  double base_ = 0.0;
  double reach_ = -1.0;
  double unit_ = 0.0;
  double per_unit_ = 0.0;
};

}  // namespace hft::feature
