#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// a * b, exact. Four 64-bit multiplications.
[[nodiscard]] constexpr Uint256 wide_product(Uint128 a, Uint128 b) noexcept {
  const auto a1 = static_cast<std::uint64_t>(a >> 64), a0 = static_cast<std::uint64_t>(a);
  const auto b1 = static_cast<std::uint64_t>(b >> 64), b0 = static_cast<std::uint64_t>(b);
  const Uint128 left = Uint128{a1} * b0;
  const Uint128 right = Uint128{a0} * b1;
  Uint256 result{Uint128{a1} * b1, Uint128{a0} * b0};
  result += {left >> 64, left << 64};
  return result += {right >> 64, right << 64};
}

/// Signed integer of 64 kLimbs bits, two's complement: sums of products and of cubes over a window. Results must fit;
/// the callers' bounds see to it.   Cost of each operation: O(kLimbs), no branch on a sign.
template <std::size_t kLimbs>
class WideInt {
 public:
  constexpr WideInt() = default;
  explicit constexpr WideInt(const Uint256& x) noexcept
    requires(kLimbs >= 4)
  {
    limbs_[0] = static_cast<std::uint64_t>(x.low());
    limbs_[1] = static_cast<std::uint64_t>(x.low() >> 64);
    limbs_[2] = static_cast<std::uint64_t>(x.high());
    limbs_[3] = static_cast<std::uint64_t>(x.high() >> 64);
  }

  /// a * b, exact. Eight 64-bit multiplications.
  [[nodiscard]] static constexpr WideInt product(const Uint256& a, Uint128 b) noexcept
    requires(kLimbs >= 6)
  {
    const WideInt wide{a};
    WideInt result = wide.times(static_cast<std::uint64_t>(b));
    const WideInt upper = wide.times(static_cast<std::uint64_t>(b >> 64));
    WideInt shifted;
    for (std::size_t i = 1; i < kLimbs; ++i) shifted.limbs_[i] = upper.limbs_[i - 1];
    return result.add(shifted);
  }

  /// Adds x, or takes it away.
  constexpr WideInt& add(const WideInt& x, bool negative = false) noexcept {
    const std::uint64_t flip = std::uint64_t{0} - static_cast<std::uint64_t>(negative);
    Uint128 carry = static_cast<std::uint64_t>(negative);  // -x is ~x + 1
    for (std::size_t i = 0; i < kLimbs; ++i) {
      carry += Uint128{limbs_[i]} + (x.limbs_[i] ^ flip);
      limbs_[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    return *this;
  }
  [[nodiscard]] constexpr WideInt times(std::uint64_t factor) const noexcept {
    WideInt result;
    Uint128 carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      carry += Uint128{limbs_[i]} * factor;
      result.limbs_[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    return result;
  }

  [[nodiscard]] constexpr bool is_negative() const noexcept { return limbs_[kLimbs - 1] >> 63 != 0; }

  /// This times 2^exponent, rounded once.
  [[nodiscard]] constexpr double to_double(int exponent = 0) const noexcept {
    WideInt size;
    size.add(*this, is_negative());
    std::size_t top = kLimbs - 1;
    while (top > 1 && size.limbs_[top] == 0) --top;
    const Uint128 high = (Uint128{size.limbs_[top]} << 64) | size.limbs_[top - 1];
    bool rest = false;  // the highest 64 bits are in `high`; what is below it is sticky
    for (std::size_t i = 0; i + 1 < top; ++i) rest |= size.limbs_[i] != 0;
    const double value = round_to_double(high, exponent + 64 * static_cast<int>(top - 1), rest);
    return is_negative() ? -value : value;
  }

  friend constexpr bool operator==(const WideInt&, const WideInt&) = default;

 private:
  std::array<std::uint64_t, kLimbs> limbs_{};  // lowest first
};

using Int256 = WideInt<4>;
using Int384 = WideInt<6>;

}  // namespace hft::feature
