#pragma once

#include <cmath>
#include <cstdint>

#include "hft/feature/fixed_point.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// S1 and S2 of any inputs of a window, in multiples of 2^-60: exact integers of 128 and 256 bits.
class WideSums {
 public:
  void enter(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    s1_ += fixed, s2_ += Uint256::square(magnitude(fixed));
  }
  void leave(double x) noexcept {
    const Int128 fixed = to_fixed(x);
    s1_ -= fixed, s2_ -= Uint256::square(magnitude(fixed));
  }

  /// Rounded once.
  [[nodiscard]] double mean(std::uint32_t n) const noexcept { return fixed_quotient(s1_, n); }

  /// Sample variance. n >= 2.
  [[nodiscard]] double variance(std::uint32_t n) const noexcept {
    Uint256 numerator = s2_.times(n);
    numerator -= Uint256::square(magnitude(s1_));
    return numerator.to_double(-2 * kFixedBits) / static_cast<double>(std::uint64_t{n} * (n - 1));
  }

  /// x - mean, in two roundings.
  [[nodiscard]] double above_mean(double x, std::uint32_t n) const noexcept {
    const Int128 distance = n * to_fixed(x) - s1_;  // n (x - mean), exact
    const double size = round_to_double(magnitude(distance), -kFixedBits) / static_cast<double>(n);
    return distance < 0 ? -size : size;
  }

 private:
  Int128 s1_ = 0;
  Uint256 s2_;
};

}  // namespace hft::feature
