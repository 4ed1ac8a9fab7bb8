#pragma once

#include <bit>
#include <cstdint>

namespace hft::gen {

// Random bits to random variables with +, -, *, / on doubles and nothing else. IEEE 754 rounds these four exactly
// and we compile without fused multiply-add, so the results are the same bits on every machine. libm's log, exp and
// sin are not: their last bit differs between libraries and CPUs.

/// Uniform in [0, 1): 53 of the bits.
[[nodiscard]] constexpr double uniform(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

/// Uniform in 0..n-1. The bias is below n / 2^32.
[[nodiscard]] constexpr std::uint32_t below(std::uint64_t bits, std::uint32_t n) noexcept {
  return static_cast<std::uint32_t>(((bits >> 32) * n) >> 32);
}

/// Exponential with mean 1: -ln(u), u uniform in (0, 1].
///
/// ln by argument reduction: u = m 2^e with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh(s), s = (m - 1) / (m + 1),
/// |s| < 0.172; seven terms of the series leave an error below 1e-12.
[[nodiscard]] constexpr double exponential(std::uint64_t bits) noexcept {
  constexpr double kLn2 = 0.693147180559945309417;
  constexpr double kSqrt2 = 1.41421356237309504880;
  const std::uint64_t n = (bits >> 11) + 1;  // 1 .. 2^53
  int exponent = static_cast<int>(std::bit_width(n)) - 1;
  double m = static_cast<double>(n) / static_cast<double>(std::uint64_t{1} << exponent);
  if (m > kSqrt2) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double q = s * s;
  double series = 1.0 / 13.0;
  for (int k = 11; k >= 1; k -= 2) series = series * q + 1.0 / k;
  const double minus_ln = static_cast<double>(53 - exponent) * kLn2 - 2.0 * s * series;
  return minus_ln > 0.0 ? minus_ln : 0.0;
}

/// Mean 0, standard deviation 1, near the normal: the sum of four 16-bit uniforms (Irwin-Hall). It ends at 3.46
/// deviations and its kurtosis is 2.7; the fat tails of the prices come from the changing variance, not from here.
[[nodiscard]] constexpr double near_normal(std::uint64_t bits) noexcept {
  constexpr double kMean = 4 * 65535 / 2.0;
  constexpr double kPerDeviation = 1.0 / 37837.22719;  // sqrt(4 (2^32 - 1) / 12)
  std::uint64_t sum = 0;
  for (int shift = 0; shift < 64; shift += 16) sum += (bits >> shift) & 0xFFFFU;
  return (static_cast<double>(sum) - kMean) * kPerDeviation;
}

}  // namespace hft::gen
