#pragma once

#include <cmath>
#include <cstdint>

#include "hft/feature/fixed_point.hpp"
#include "hft/feature/wide_int.hpp"
#include "hft/feature/wide_signed.hpp"

namespace hft::feature {

/// S1, S2 and, where they are wanted, S3 of any inputs of a window, in multiples of 2^-60: exact integers of 128, 256
/// and 384 bits.   Cost: four 128-bit products for the squares, eight 64-bit ones more for a cube.
class WideSums {
 public:
  void enter(double x, bool with_cubes) noexcept {
    const Int128 fixed = to_fixed(x);
    const Uint128 size = magnitude(fixed);
    const Uint256 square = Uint256::square(size);
    s1_ += fixed, s2_ += square;
    if (with_cubes) s3_.add(Int384::product(square, size), fixed < 0);
  }
  void leave(double x, bool with_cubes) noexcept {
    const Int128 fixed = to_fixed(x);
    const Uint128 size = magnitude(fixed);
    const Uint256 square = Uint256::square(size);
    s1_ -= fixed, s2_ -= square;
    if (with_cubes) s3_.add(Int384::product(square, size), fixed > 0);
  }

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum() const noexcept { return fixed_quotient(s1_, 1); }

  /// Rounded once.
  [[nodiscard]] double mean(std::uint32_t n) const noexcept { return fixed_quotient(s1_, n); }

  /// Sample variance. n >= 2.
  [[nodiscard]] double variance(std::uint32_t n) const noexcept {
    return scatter(n).to_double(-2 * kFixedBits) / static_cast<double>(std::uint64_t{n} * (n - 1));
  }

  /// Adjusted Fisher-Pearson skewness, within 4 ulp; `flat` where the variance is 0. n >= 3; all entered with cubes.
  [[nodiscard]] double skew(std::uint64_t n, double flat) const noexcept {
    const Uint256 second = scatter(n);
    if (second == Uint256{}) return flat;
    const Uint128 size = magnitude(s1_);
    Int384 third = s3_.times(n).times(n);  // n^2 S3 - 3 n S1 S2 + 2 S1^3, below 2^364
    third.add(Int384::product(s2_, size).times(3 * n), s1_ > 0);
    third.add(Int384::product(Uint256::square(size), size).times(2), s1_ < 0);
    const double m2 = second.to_double();
    const auto m = static_cast<double>(n);
    return std::sqrt(m * (m - 1.0)) / (m - 2.0) * (third.to_double() / (m2 * std::sqrt(m2)));
  }

  /// x - mean, in two roundings.
  [[nodiscard]] double above_mean(double x, std::uint32_t n) const noexcept {
    const Int128 distance = n * to_fixed(x) - s1_;  // n (x - mean), exact
    const double size = round_to_double(magnitude(distance), -kFixedBits) / static_cast<double>(n);
    return distance < 0 ? -size : size;
  }

 private:
  /// n S2 - S1^2: n (n - 1) times the variance, exact.
  [[nodiscard]] Uint256 scatter(std::uint64_t n) const noexcept {
    Uint256 numerator = s2_.times(n);
    return numerator -= Uint256::square(magnitude(s1_));
  }

  Int128 s1_ = 0;
  Uint256 s2_;
  Int384 s3_;
};

}  // namespace hft::feature
