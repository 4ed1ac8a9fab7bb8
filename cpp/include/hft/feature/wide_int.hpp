#pragma once

#include <bit>
#include <cstdint>

namespace hft::feature {

__extension__ typedef __int128 Int128;            // NOLINT: -Wpedantic knows the type only this way
__extension__ typedef unsigned __int128 Uint128;  // NOLINT

[[nodiscard]] constexpr Uint128 magnitude(Int128 x) noexcept {
  return x < 0 ? Uint128{0} - static_cast<Uint128>(x) : static_cast<Uint128>(x);
}

[[nodiscard]] constexpr int bit_width(Uint128 x) noexcept {
  const auto high = static_cast<std::uint64_t>(x >> 64);
  const auto low = static_cast<std::uint64_t>(x);
  return 128 - (high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(low));
}

/// 2^exponent for exponents of normal doubles, without a call to ldexp.
[[nodiscard]] constexpr double exp2i(int exponent) noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

/// x * 2^exponent, rounded once (ties to even). `inexact`: bits below x were cut off, so x itself is a little too
/// small.
[[nodiscard]] constexpr double round_to_double(Uint128 x, int exponent, bool inexact = false) noexcept {
  if ((x >> 106) == 0 && !inexact) [[likely]] {  // two exact halves: their sum is the one rounding
    const auto high = static_cast<std::int64_t>(x >> 53);
    const auto low = static_cast<std::int64_t>(static_cast<std::uint64_t>(x) & ((std::uint64_t{1} << 53) - 1));
    return (static_cast<double>(high) * 0x1p53 + static_cast<double>(low)) * exp2i(exponent);
  }
  const int excess = bit_width(x) - 64;
  auto top = static_cast<std::uint64_t>(x);
  if (excess > 0) {
    top = static_cast<std::uint64_t>(x >> excess);
    inexact |= (x & ((Uint128{1} << excess) - 1)) != 0;
    exponent += excess;
  }
  // 64 bits hold the 53 of the result and more, so that one sticky bit decides between the two neighbours.
  return static_cast<double>(top | static_cast<std::uint64_t>(inexact)) * exp2i(exponent);
}

/// Rounded once. Nearly every quantity fits 64 bits, where the CPU does it.
[[nodiscard]] constexpr double to_double(Int128 x) noexcept {
  if (const auto small = static_cast<std::int64_t>(x); small == x) [[likely]]
    return static_cast<double>(small);
  const double size = round_to_double(magnitude(x), 0);
  return x < 0 ? -size : size;
}

/// numerator / denominator: rounded once while both stay below 2^53, within 1 ulp of the quotient beyond.
[[nodiscard]] constexpr double ratio(Int128 numerator, Int128 denominator) noexcept {
  return to_double(numerator) / to_double(denominator);
}

/// Unsigned 256-bit integer: what a window's sum of squares and n * S2 - S1^2 need. Results must stay below 2^256;
/// the callers' bounds see to it.
class Uint256 {
 public:
  constexpr Uint256() = default;
  constexpr Uint256(Uint128 high, Uint128 low) : high_{high}, low_{low} {}

  /// x * x, exact. Three 64-bit multiplications: the two mixed products are equal.
  [[nodiscard]] static constexpr Uint256 square(Uint128 x) noexcept {
    const auto a = static_cast<std::uint64_t>(x >> 64);
    const auto b = static_cast<std::uint64_t>(x);
    const Uint128 mixed = Uint128{a} * b;
    Uint256 result{Uint128{a} * a, Uint128{b} * b};
    const Uint256 twice_mixed{mixed >> 63, mixed << 65};  // 2 * mixed * 2^64
    return result += twice_mixed;
  }

  constexpr Uint256& operator+=(const Uint256& other) noexcept {
    low_ += other.low_;
    high_ += other.high_ + static_cast<Uint128>(low_ < other.low_);
    return *this;
  }
  constexpr Uint256& operator-=(const Uint256& other) noexcept {
    const auto borrow = static_cast<Uint128>(low_ < other.low_);
    low_ -= other.low_;
    high_ -= other.high_ + borrow;
    return *this;
  }
  [[nodiscard]] constexpr Uint256 times(std::uint64_t factor) const noexcept {
    const Uint128 p0 = Uint128{static_cast<std::uint64_t>(low_)} * factor;
    const Uint128 p1 = (low_ >> 64) * factor + (p0 >> 64);
    return {high_ * factor + (p1 >> 64), (p1 << 64) | static_cast<std::uint64_t>(p0)};
  }

  /// This times 2^exponent, rounded once.
  [[nodiscard]] constexpr double to_double(int exponent = 0) const noexcept {
    if (high_ == 0) return round_to_double(low_, exponent);
    const int up = 128 - bit_width(high_);  // the top 128 bits decide, the rest is sticky
    const Uint128 top = up == 0 ? high_ : (high_ << up) | (low_ >> (128 - up));
    const bool rest = up < 128 && (low_ << up) != 0;
    return round_to_double(top, exponent + 128 - up, rest);
  }

  [[nodiscard]] constexpr Uint128 high() const noexcept { return high_; }
  [[nodiscard]] constexpr Uint128 low() const noexcept { return low_; }
  friend constexpr bool operator==(const Uint256&, const Uint256&) = default;

 private:
  Uint128 high_ = 0;
  Uint128 low_ = 0;
};

}  // namespace hft::feature
