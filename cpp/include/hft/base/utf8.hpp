#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hft::base {

/// How many bytes at the start of `text` are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms):
/// text.size() where all are.
[[nodiscard]] constexpr std::size_t valid_utf8_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned char lead = byte(i);
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (n == 0 || text.size() - i < n) return i;
    for (std::size_t k = 1; k < n; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80U) return i;
    }
    // The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF.
    if (n > 1) {
      const unsigned char second = byte(i + 1);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
          (lead == 0xF4 && second > 0x8F)) {
        return i;
      }
    }
    i += n;
  }
  return i;
}

/// Is it a character that text may hold: no surrogate, at most U+10FFFF?
[[nodiscard]] constexpr bool is_scalar(std::uint32_t code_point) noexcept {
  return code_point < 0xD800 || (code_point > 0xDFFF && code_point <= 0x10FFFF);
}

/// Appends one character, for which is_scalar() must hold.
inline void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0U | (code_point >> 6));
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    put(0xE0U | (code_point >> 12));
    put(0x80U | ((code_point >> 6) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | (code_point >> 18));
    put(0x80U | ((code_point >> 12) & 0x3FU));
    put(0x80U | ((code_point >> 6) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
}

/// Takes the first character off well-formed text, which must not be empty.
[[nodiscard]] constexpr std::uint32_t take_code_point(std::string_view& text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t code_point = n == 1 ? lead : lead & (0x7FU >> n);
  for (std::size_t k = 1; k < n; ++k) code_point = (code_point << 6) | (static_cast<unsigned char>(text[k]) & 0x3FU);
  text.remove_prefix(n);
  return code_point;
}

}  // namespace hft::base
