#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace hft::model {

/// e^x with the same bits on every machine: only + - * in a fixed order.
///
///   x = k ln 2 + r,  |r| <= ln(2) / 2        e^x = 2^k (1 + r + r^2/2! + ... + r^13/13!)
///
/// libm's exp differs between libraries, and between the CPUs that one library picks its code for; scores are compared
/// with a threshold and stored by their bits.   Error: below 2 ulp of a normal result.   Cost: 15 multiply-adds.
/// NaN: NaN.   Above 709.78: infinity.   Below -745.13: 0.
[[nodiscard]] constexpr double exp_fixed(double x) noexcept {
  if (!(x <= 709.782712893384)) return x > 0 ? std::numeric_limits<double>::infinity() : x;
  if (x < -745.1332191019412) return 0.0;
  constexpr double kRound = 0x1.8p52;  // adding it leaves no fraction bits: rounds to the nearest integer
  constexpr double kPerLn2 = 0x1.71547652b82fep0;
  constexpr double kLn2High = 0x1.62e42fefa0000p-1;  // 20 trailing zero bits: k * kLn2High is exact
  constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;
  const double k = (x * kPerLn2 + kRound) - kRound;
  const double r = (x - k * kLn2High) - k * kLn2Low;
  constexpr double kInverseFactorial[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                          1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                          1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
  double tail = 0.0;
  for (const double c : kInverseFactorial) tail = c + r * tail;
  const double mantissa = 1.0 + (r + r * r * tail);
  // In two steps, because 2^k alone may be too large or too small for a double.
  const auto power = static_cast<std::int64_t>(k);
  const std::int64_t half = power / 2;
  const auto two_to = [](std::int64_t n) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(n + 1023) << 52U);
  };
  return mantissa * two_to(half) * two_to(power - half);
}

}  // namespace hft::model
