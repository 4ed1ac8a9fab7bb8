#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace hft::feature {

namespace detail {
/// 2 atanh(z) = 2 (z + z^3/3 + z^5/5 + ...) for |z| <= 0.1716; the terms left out are below 2^-56 of the first.
[[nodiscard]] inline double twice_atanh(double z) noexcept {
  const double s = z * z;
  double tail = 0.0;
  if (s > 0x1p-11) {  // beyond about 4.5 %: rare in returns
    tail = 1.0 / 23;
    tail = 1.0 / 21 + s * tail;
    tail = 1.0 / 19 + s * tail;
    tail = 1.0 / 17 + s * tail;
    tail = 1.0 / 15 + s * tail;
    tail = 1.0 / 13 + s * tail;
  }
  tail = 1.0 / 11 + s * tail;
  tail = 1.0 / 9 + s * tail;
  tail = 1.0 / 7 + s * tail;
  tail = 1.0 / 5 + s * tail;
  tail = 1.0 / 3 + s * tail;
  return 2.0 * (z + z * (s * tail));
}
}  // namespace detail

/// ln(a / b) for positive finite a and b, with the same bits on every machine: only + - * / in a fixed order.
///
/// libm's log differs between libraries and CPUs, and log(a / b) has lost half its digits before it starts when a is
/// near b. Here ln(a / b) = 2 atanh((a - b) / (a + b)), where a - b is exact for near a and b; far ones are halved or
/// doubled first. Error: a few ulp of the result at every distance.   Cost: one division and 6 (near) or 12
/// multiply-adds.
[[nodiscard]] inline double log_ratio(double a, double b) noexcept {
  if (a <= 1.40625 * b && b <= 1.40625 * a) [[likely]]
    return detail::twice_atanh((a - b) / (a + b));
  int exponent_a = 0;
  int exponent_b = 0;
  double m = std::frexp(a, &exponent_a) / std::frexp(b, &exponent_b);  // in (1/2, 2)
  int k = exponent_a - exponent_b;
  constexpr double kSqrt2 = 0x1.6a09e667f3bcdp0;
  if (m > kSqrt2) m *= 0.5, ++k;
  if (m < 0.5 * kSqrt2) m *= 2.0, --k;
  constexpr double kLn2High = 0x1.62e42fefa0000p-1;  // 20 trailing zero bits: k * kLn2High is exact
  constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;
  return k * kLn2High + (k * kLn2Low + detail::twice_atanh((m - 1.0) / (m + 1.0)));
}

}  // namespace hft::feature
