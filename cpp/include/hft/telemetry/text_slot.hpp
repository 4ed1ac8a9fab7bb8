#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hft::telemetry {

inline constexpr std::size_t kTextBytes = 504;

/// A text in shared memory and its version, which is odd while the text is being written (a sequence lock).
struct TextSlot {
  std::uint64_t version;
  std::array<std::uint64_t, kTextBytes / 8> words;  // UTF-8, zero-padded
};

/// Cuts at a character where the text is longer than kTextBytes. Any thread: writers take turns. Cold path.
void write_text(TextSlot& slot, std::string_view text) noexcept;

/// A whole text, unless its writer died over it: then what it left. Cold path.
[[nodiscard]] std::string read_text(const TextSlot& slot);

}  // namespace hft::telemetry
