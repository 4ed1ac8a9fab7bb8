#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hft/feature/fixed_point.hpp"
#include "hft/feature/wide_signed.hpp"

namespace hft::feature {

/// Exact first and second moments of pairs.
///
///   Sx = sum x    Sy = sum y    Sxx = sum x^2    Syy = sum y^2    Sxy = sum x y
///
/// Multiples of 2^-60 go in (fixed_point.hpp); sums are integers of 128 and 256 bits, and so are the numerators
/// n Sxy - Sx Sy, n Sxx - Sx^2 and n Syy - Sy^2, which are rounded once.   Cost: O(1), three 128-bit products a pair.
class PairSums {
 public:
  void enter(double x, double y) noexcept { add(x, y, false); }
  void leave(double x, double y) noexcept { add(x, y, true); }
  void reset() noexcept { *this = {}; }

  /// Sample covariance (divisor n - 1), within 2 ulp. Needs two pairs.
  [[nodiscard]] double covariance(std::uint64_t n) const noexcept {
    return cross(n).to_double(-2 * kFixedBits) / static_cast<double>(n * (n - 1));
  }
  /// Pearson's correlation, in [-1, 1], within 4 ulp; `flat` where either is constant. Needs one pair.
  [[nodiscard]] double correlation(std::uint64_t n, double flat) const noexcept {
    const Uint256 x = scatter(x2_, x_, n);
    const Uint256 y = scatter(y2_, y_, n);
    if (x == Uint256{} || y == Uint256{}) return flat;
    const double r = cross(n).to_double() / std::sqrt(x.to_double() * y.to_double());  // of x = y exactly 1
    return std::clamp(r, -1.0, 1.0);
  }
  /// Slope of the least-squares line of y on x, within 2 ulp; `flat` where x is constant. Needs one pair.
  [[nodiscard]] double slope(std::uint64_t n, double flat) const noexcept {
    const Uint256 x = scatter(x2_, x_, n);
    return x == Uint256{} ? flat : cross(n).to_double() / x.to_double();
  }

 private:
  void add(double x, double y, bool leaves) noexcept {
    const Int128 fx = to_fixed(x);
    const Int128 fy = to_fixed(y);
    const Uint128 ax = magnitude(fx);
    const Uint128 ay = magnitude(fy);
    xy_.add(Int256{wide_product(ax, ay)}, ((fx < 0) != (fy < 0)) != leaves);
    if (leaves) {
      x_ -= fx, y_ -= fy;
      x2_ -= Uint256::square(ax), y2_ -= Uint256::square(ay);
    } else {
      x_ += fx, y_ += fy;
      x2_ += Uint256::square(ax), y2_ += Uint256::square(ay);
    }
  }
  /// n Sxy - Sx Sy, below 2^241.
  [[nodiscard]] Int256 cross(std::uint64_t n) const noexcept {
    Int256 numerator = xy_.times(n);
    return numerator.add(Int256{wide_product(magnitude(x_), magnitude(y_))}, (x_ < 0) == (y_ < 0));
  }
  [[nodiscard]] static Uint256 scatter(const Uint256& squares, Int128 sum, std::uint64_t n) noexcept {
    Uint256 numerator = squares.times(n);
    return numerator -= Uint256::square(magnitude(sum));
  }

  Int128 x_ = 0;
  Int128 y_ = 0;
  Uint256 x2_;
  Uint256 y2_;
  Int256 xy_;
};

}  // namespace hft::feature
