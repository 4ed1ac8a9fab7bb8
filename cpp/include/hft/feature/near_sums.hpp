#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "hft/feature/fixed_point.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// S1 and S2 of inputs that lie near each other, as prices do, in 64 and 128 bits: about a base that is one of them.
///
/// With 2^E <= |base| < 2^(E+1), an input within 2^(E-4) of it has no bit below u = 2^(E-53). So x - base is exact in a
/// double, (x - base) / u is an integer below 2^49, and sums over 2^12 of them fit. A shift by the base changes neither
/// n S2 - S1^2 nor n x - S1: what is read equals the wide sums' value in every bit, at a third of their cost.
class NearSums {
 public:
  static constexpr std::uint32_t kMaxInputs = 1U << 12U;

  /// Whether sums about this base are those of the fixed point: no input near it is rounded on entry.
  [[nodiscard]] static bool can_start(double x) noexcept { return std::abs(x) >= 0x1p-7; }

  /// Forgets everything; can_start(base).
  void start(double base) noexcept {
    const int exponent = static_cast<int>((std::bit_cast<std::uint64_t>(base) >> 52U) & 0x7FFU) - 1023;
    base_ = base, s1_ = 0, s2_ = 0;
    reach_ = exp2i(exponent - 4), unit_ = exp2i(exponent - 53), per_unit_ = exp2i(53 - exponent);
  }
  [[nodiscard]] bool reaches(double x) const noexcept { return std::abs(x - base_) <= reach_; }

  void enter(double x) noexcept {
    const std::int64_t d = distance(x);
    s1_ += d, s2_ += square(d);
  }
  void leave(double x) noexcept {
    const std::int64_t d = distance(x);
    s1_ -= d, s2_ -= square(d);
  }

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum(std::uint32_t n) const noexcept {
    const Int128 total = Int128{n} * static_cast<std::int64_t>(base_ * per_unit_) + s1_;
    const double size = round_to_double(magnitude(total), 0) * unit_;
    return total < 0 ? -size : size;
  }

  /// Rounded once.
  [[nodiscard]] double mean(std::uint32_t n) const noexcept {
    const double sign = base_ < 0.0 ? -1.0 : 1.0;
    const std::int64_t sum = base_ < 0.0 ? -s1_ : s1_;
    std::int64_t quotient = sum / n;
    std::int64_t rest = sum % n;
    quotient += rest >> 63, rest += (rest >> 63) & n;  // downwards: rest in 0..n-1
    // |base| + quotient has 53 bits at least; half a unit and what lies below it decide how it is rounded.
    const std::int64_t whole = static_cast<std::int64_t>(std::abs(base_) * per_unit_) + quotient;
    const std::int64_t half = static_cast<std::int64_t>(2 * rest >= n);
    const std::int64_t below = static_cast<std::int64_t>(2 * rest != n * half);
    return sign * static_cast<double>(4 * whole + 2 * half + below) * (0.25 * unit_);
  }

  /// Sample variance. n >= 2.
  [[nodiscard]] double variance(std::uint32_t n) const noexcept {
    const Uint128 numerator = s2_ * n - square(s1_);
    const auto pairs = static_cast<double>(std::uint64_t{n} * (n - 1));
    return round_to_double(numerator, 0) * (unit_ * unit_) / pairs;
  }

  /// x - mean, in two roundings.
  [[nodiscard]] double above_mean(double x, std::uint32_t n) const noexcept {
    return static_cast<double>(distance(x) * n - s1_) * unit_ / static_cast<double>(n);
  }

 private:
  [[nodiscard]] std::int64_t distance(double x) const noexcept {
    return static_cast<std::int64_t>((x - base_) * per_unit_);
  }
  [[nodiscard]] static Uint128 square(std::int64_t d) noexcept {
    return static_cast<Uint128>(static_cast<Int128>(d) * d);
  }

  double base_ = 0.0;
  double reach_ = -1.0;  // nothing is near before start()
  double unit_ = 0.0;
  double per_unit_ = 0.0;
  std::int64_t s1_ = 0;
  Uint128 s2_ = 0;
};

}  // namespace hft::feature
