#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "hft/event/words.hpp"

namespace hft::event {

[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t bits) noexcept {
  return static_cast<std::int64_t>((bits >> 1) ^ (0 - (bits & 1)));
}

/// The zig-zag varint at `at`, of which ten bytes can be read: how many it has, 0 where it goes beyond 64 bits.
///
/// Most have one or two bytes, times nine. Said as branches, the next number's place is predicted; as a count of bits
/// it would have to be waited for.
[[gnu::always_inline]] inline std::size_t read_varint(const char* at, std::int64_t& value) noexcept {
  const auto is = [&](std::uint64_t bits, std::size_t n_bytes) {
    value = unzigzag(bits);
    return n_bytes;
  };
  const auto byte = [&](int i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
  if (byte(0) < 0x80) return is(byte(0), 1);
  if (byte(1) < 0x80) return is((byte(0) & 0x7F) | byte(1) << 7, 2);
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t stops = ~word & 0x8080'8080'8080'8080ULL;
  if (stops != 0) {
    const std::uint64_t upto = stops ^ (stops - 1);  // the bytes up to the first without continuation bit
    return is(gather_sevens(word & upto), static_cast<std::size_t>(std::countr_zero(stops) / 8 + 1));
  }
  const std::uint64_t nine = gather_sevens(word) | (byte(8) & 0x7F) << 56;
  if (byte(8) < 0x80) return is(nine, 9);
  return byte(9) > 1 ? 0 : is(nine | byte(9) << 63, 10);
}

/// A cursor over Avro's binary encoding. Every method returns false, without moving, where the bytes end or cannot be.
///
/// What is inlined by force keeps the place in a register; left alone the compiler calls, and each number then waits
/// for the last one's store.
class AvroCursor {
 public:
  AvroCursor(const char* begin, const char* end) noexcept : at_{begin}, end_{end} {}

  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  /// Zig-zag, seven bits per byte, lowest first; at most 64 bits in ten bytes.
  [[nodiscard, gnu::always_inline]] bool read_long(std::int64_t& value) noexcept {
    if (left() < kMaxLongBytes) return read_long_near_end(value);
    const std::size_t n_bytes = read_varint(at_, value);
    at_ += n_bytes;
    return n_bytes != 0;
  }

  /// Is the fault of a failed read_long() that the bytes ended?
  [[nodiscard]] bool ends_inside_long() const noexcept {
    if (left() >= kMaxLongBytes) return false;
    for (const char* p = at_; p != end_; ++p) {
      if ((static_cast<unsigned char>(*p) & 0x80U) == 0) return false;
    }
    return true;
  }

  [[nodiscard]] bool skip(std::uint64_t n_bytes) noexcept {
    if (n_bytes > left()) return false;
    at_ += n_bytes;
    return true;
  }
  [[nodiscard]] bool read_byte(std::uint8_t& byte) noexcept {
    if (at_ == end_) return false;
    byte = static_cast<std::uint8_t>(*at_++);
    return true;
  }
  [[nodiscard]] bool read_bytes(std::uint64_t n_bytes, std::string_view& bytes) noexcept {
    bytes = {at_, static_cast<std::size_t>(n_bytes <= left() ? n_bytes : 0)};
    return skip(n_bytes);
  }

 private:
  static constexpr std::size_t kMaxLongBytes = 10;

  [[gnu::always_inline]] bool read_long_near_end(std::int64_t& value) noexcept {
    std::uint64_t bits = 0;
    for (std::size_t n = 0; n < left(); ++n) {  // fewer than ten: no bit is lost
      const std::uint64_t byte = static_cast<unsigned char>(at_[n]);
      bits |= (byte & 0x7F) << (7 * n);
      if (byte >= 0x80) continue;
      at_ += n + 1;
      value = unzigzag(bits);
      return true;
    }
    return false;
  }

  const char* at_;
  const char* end_;
};

}  // namespace hft::event
