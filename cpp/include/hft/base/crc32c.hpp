#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace hft::base {

namespace detail {
/// Eight tables, so that eight bytes cost eight look-ups and no loop-carried chain per byte ("slicing by 8").
constexpr std::array<std::array<std::uint32_t, 256>, 8> make_crc32c_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
    tables[0][byte] = crc;
  }
  for (std::size_t t = 1; t < 8; ++t) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t previous = tables[t - 1][byte];
      tables[t][byte] = (previous >> 8) ^ tables[0][previous & 0xFFU];
    }
  }
  return tables;
}
inline constexpr auto kCrc32cTables = make_crc32c_tables();

[[nodiscard]] constexpr std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  const auto& t = kCrc32cTables;
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint32_t>(bytes[i]); };
  crc = ~crc;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const std::uint32_t low =
        crc ^ (byte_at(i) | (byte_at(i + 1) << 8) | (byte_at(i + 2) << 16) | (byte_at(i + 3) << 24));
    crc = t[7][low & 0xFFU] ^ t[6][(low >> 8) & 0xFFU] ^ t[5][(low >> 16) & 0xFFU] ^ t[4][low >> 24] ^
          t[3][byte_at(i + 4)] ^ t[2][byte_at(i + 5)] ^ t[1][byte_at(i + 6)] ^ t[0][byte_at(i + 7)];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ t[0][(crc ^ byte_at(i)) & 0xFFU];
  return ~crc;
}

#if defined(__x86_64__)
/// The processor's own instruction (SSE 4.2), 8 bytes at a time.
[[gnu::target("sse4.2")]] inline std::uint32_t crc32c_by_instruction(std::span<const std::byte> bytes,
                                                                     std::uint32_t crc) noexcept {
  std::uint64_t wide = ~crc;
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; left != 0; --left, ++p) narrow = _mm_crc32_u8(narrow, static_cast<std::uint8_t>(*p));
  return ~narrow;
}

/// False until static objects are made: who checks a sum before that takes the table and gets the same value.
inline const bool has_crc32_instruction = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}();
#endif
}  // namespace detail

/// CRC-32C (Castagnoli), the checksum of every stored frame. Pass the last result as `crc` to go on with more bytes.
/// Cost: 8 bytes in 3 cycles (8 GB/s at 3 GHz) where the processor has the instruction, else about 1 ns per 2 bytes;
/// chosen at run time, the same value.   Check value: crc32c("123456789") = 0xE3069283 (RFC 3720, B.4).
[[nodiscard]] constexpr std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept {
#if defined(__x86_64__)
  if (!std::is_constant_evaluated() && detail::has_crc32_instruction) return detail::crc32c_by_instruction(bytes, crc);
#endif
  return detail::crc32c_by_table(bytes, crc);
}

}  // namespace hft::base
