#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace hft::event {

/// Eight bytes at a time out of a message: what decoders are made of. All of it is little-endian.

/// The next eight bytes, zero-filled from `end` on. The message must have at least eight bytes before `end`.
[[nodiscard]] inline std::uint64_t load_word(const char* at, const char* end) noexcept {
  std::uint64_t word = 0;
  if (end - at >= 8) [[likely]] {
    std::memcpy(&word, at, 8);
    return word;
  }
  if (at >= end) return 0;
  std::memcpy(&word, end - 8, 8);
  return word >> (8 * (8 - (end - at)));
}

/// How many of the word's bytes, from the lowest, are ASCII digits.
[[nodiscard]] inline int leading_digits(std::uint64_t word) noexcept {
  const std::uint64_t digits = word ^ 0x3030'3030'3030'3030ULL;  // a digit is now 0..9
  // A carry out of a byte reaches only bytes above it, and that byte was no digit already.
  const std::uint64_t others = ((digits + 0x7676'7676'7676'7676ULL) | digits) & 0x8080'8080'8080'8080ULL;
  return others == 0 ? 8 : std::countr_zero(others) / 8;
}

/// The value of the word's n leading digits, 1 <= n <= 8.
[[nodiscard]] inline std::uint64_t value_of_digits(std::uint64_t word, int n) noexcept {
  std::uint64_t d = (word ^ 0x3030'3030'3030'3030ULL) << (8 * (8 - n));  // leading zeros for the missing ones
  d = d * 10 + (d >> 8);                                                 // pairs
  return (((d & 0x0000'00FF'0000'00FFULL) * 0x000F'4240'0000'0064ULL) +
          (((d >> 16) & 0x0000'00FF'0000'00FFULL) * 0x0000'2710'0000'0001ULL)) >>
         32;
}

/// Seven bits out of each byte, together: the payload of a varint whose continuation bits are still there.
[[nodiscard]] inline std::uint64_t gather_sevens(std::uint64_t word) noexcept {
  word = (word & 0x007F'007F'007F'007FULL) | ((word & 0x7F00'7F00'7F00'7F00ULL) >> 1);
  word = (word & 0x0000'3FFF'0000'3FFFULL) | ((word & 0x3FFF'0000'3FFF'0000ULL) >> 2);
  return (word & 0x0FFF'FFFFULL) | ((word & 0x0FFF'FFFF'0000'0000ULL) >> 4);
}

/// Where the first byte of this value lies in the word, 8 where it does not.
[[nodiscard]] inline int find_byte(std::uint64_t word, char byte) noexcept {
  const std::uint64_t x = word ^ (0x0101'0101'0101'0101ULL * static_cast<unsigned char>(byte));
  const std::uint64_t zeros = (x - 0x0101'0101'0101'0101ULL) & ~x & 0x8080'8080'8080'8080ULL;  // the lowest is exact
  return zeros == 0 ? 8 : std::countr_zero(zeros) / 8;
}

}  // namespace hft::event
