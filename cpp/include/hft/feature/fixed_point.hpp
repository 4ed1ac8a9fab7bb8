#pragma once

#include <bit>
#include <cstdint>

#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// Fixed point for exact window sums: an input is rounded once, on entry, to a multiple of 2^-60.
///
/// Doubles in [2^-8, 2^40) have no bit below 2^-60, so they enter exactly; smaller ones move by at most 2^-61. Sums of
/// integers do not depend on what has left, so a window's value depends on the window alone.
inline constexpr int kFixedBits = 60;

/// Is |x| < 2^40? False for NaN and infinity, so one test keeps every unusable input out.
[[nodiscard]] constexpr bool fits_fixed(double x) noexcept {
  return x > -0x1p40 && x < 0x1p40;
}

/// x * 2^60, rounded to the nearest integer, ties to even. Needs fits_fixed(x).
[[nodiscard]] constexpr Int128 to_fixed(double x) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const int exponent = static_cast<int>((bits >> 52) & 0x7FFU);
  const std::uint64_t fraction = (bits & ((std::uint64_t{1} << 52) - 1)) | (std::uint64_t{exponent != 0} << 52);
  const int shift = exponent - 1075 + kFixedBits;  // |x| = fraction * 2^(exponent - 1075)
  Int128 fixed = 0;
  if (shift >= 0) [[likely]] {
    fixed = static_cast<Int128>(fraction) << shift;
  } else if (shift >= -53) {
    const std::uint64_t unit = std::uint64_t{1} << -shift;
    const std::uint64_t rest = fraction & (unit - 1);
    std::uint64_t whole = fraction >> -shift;
    whole += static_cast<std::uint64_t>(2 * rest > unit || (2 * rest == unit && (whole & 1U) != 0));
    fixed = static_cast<Int128>(whole);
  }  // else below 2^-61: rounds to 0
  return (bits >> 63) != 0 ? -fixed : fixed;
}

/// fixed / n * 2^-60, rounded once: the mean of n equal inputs is that input.
/// Cost: two 64-bit divisions.   n must be in 1..2^20.
[[nodiscard]] constexpr double fixed_quotient(Int128 fixed, std::uint32_t n) noexcept {
  if (fixed == 0) return 0.0;
  const Uint128 size = magnitude(fixed);
  const int up = 128 - bit_width(size);
  const Uint128 top = size << up;  // the highest bit is set, so the quotient below has 76 bits or more
  const auto high = static_cast<std::uint64_t>(top >> 64);
  const auto low = static_cast<std::uint64_t>(top);
  const std::uint64_t tail = ((high % n) << 32) | (low >> 32);
  const Uint128 quotient = (Uint128{high / n} << 32) | (tail / n);
  const bool inexact = tail % n != 0 || static_cast<std::uint32_t>(low) != 0;
  const double value = round_to_double(quotient, 32 - up - kFixedBits, inexact);
  return fixed < 0 ? -value : value;
}

}  // namespace hft::feature
