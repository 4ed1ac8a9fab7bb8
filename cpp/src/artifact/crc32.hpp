#pragma once

#include <cstdint>
#include <string_view>

namespace hft::artifact {

/// ZIP's CRC-32, which is not the CRC-32C of our own files.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes) noexcept;

}  // namespace hft::artifact
