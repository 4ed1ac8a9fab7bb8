#pragma once

#include <cmath>
#include <cstdint>

#include "hft/feature/fixed_point.hpp"
#include "hft/feature/wide_int.hpp"
#include "hft/feature/wide_signed.hpp"

namespace hft::feature {

/// S1 and S2 of any inputs of a window, in multiples of 2^-60: exact integers of 128 and 256 bits.
///
/// Cost: four 128-bit products an input.
class WideSums {
 public:
  /// What an input adds or takes away: its size, its square, its sign.
  struct Term {
    Uint128 size;
    Uint256 square;
    bool negative;
  };

  Term enter(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    const Term term = term_of(fixed);
    s1_ += fixed, s2_ += term.square;
    return term;
  }
  Term leave(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    const Term term = term_of(fixed);
    s1_ -= fixed, s2_ -= term.square;
    return term;
  }

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum() const noexcept { return fixed_quotient(s1_, 1); }

  /// Rounded once.
  [[nodiscard]] double mean(std::uint32_t n) const noexcept { return fixed_quotient(s1_, n); }

  /// Sample variance. n >= 2.
  [[nodiscard]] double variance(std::uint32_t n) const noexcept {
    return scatter(n).to_double(-2 * kFixedBits) / static_cast<double>(std::uint64_t{n} * (n - 1));
  }

  /// x - mean, in two roundings.
  [[nodiscard]] double above_mean(double x, std::uint32_t n) const noexcept {
    const Int128 distance = n * to_fixed(x) - s1_;  // n (x - mean), exact
    const double size = round_to_double(magnitude(distance), -kFixedBits) / static_cast<double>(n);
    return distance < 0 ? -size : size;
  }

  /// n S2 - S1^2: n (n - 1) times the variance, exact.
  [[nodiscard]] Uint256 scatter(std::uint64_t n) const noexcept {
    Uint256 numerator = s2_.times(n);
    return numerator -= Uint256::square(magnitude(s1_));
  }
  [[nodiscard]] Int128 s1() const noexcept { return s1_; }
  [[nodiscard]] const Uint256& s2() const noexcept { return s2_; }

 private:
  [[nodiscard]] static Term term_of(Int128 fixed) noexcept {
    const Uint128 size = magnitude(fixed);
    return {size, Uint256::square(size), fixed < 0};
  }

  Int128 s1_ = 0;
  Uint256 s2_;
};

/// S3 of the same inputs, an exact integer of 384 bits.   Cost: eight 64-bit products an input.
class WideCubes {
 public:
  void enter(const WideSums::Term& term) noexcept { s3_.add(Int384::product(term.square, term.size), term.negative); }
  void leave(const WideSums::Term& term) noexcept { s3_.add(Int384::product(term.square, term.size), !term.negative); }

  /// Adjusted Fisher-Pearson skewness, within 4 ulp; `flat` where the variance is 0. n >= 3.
  [[nodiscard]] double skew(const WideSums& sums, std::uint64_t n, double flat) const noexcept {
    const Uint256 second = sums.scatter(n);
    if (second == Uint256{}) return flat;
    const Uint128 size = magnitude(sums.s1());
    Int384 third = s3_.times(n).times(n);  // n^2 S3 - 3 n S1 S2 + 2 S1^3, below 2^364
    third.add(Int384::product(sums.s2(), size).times(3 * n), sums.s1() > 0);
    third.add(Int384::product(Uint256::square(size), size).times(2), sums.s1() < 0);
    const double m2 = second.to_double();
    const auto m = static_cast<double>(n);
    return std::sqrt(m * (m - 1.0)) / (m - 2.0) * (third.to_double() / (m2 * std::sqrt(m2)));
  }

 private:
  Int384 s3_;
};

}  // namespace hft::feature
