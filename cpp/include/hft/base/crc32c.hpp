#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

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
}  // namespace detail

/// CRC-32C (Castagnoli), the checksum of every stored frame. Pass the last result as `crc` to go on with more bytes.
/// Cost: about 1 ns per 2 bytes.   Check value: crc32c("123456789") = 0xE3069283 (RFC 3720, B.4).
[[nodiscard]] constexpr std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept {
  const auto& t = detail::kCrc32cTables;
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

}  // namespace hft::base
