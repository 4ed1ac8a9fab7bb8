#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hft/snapshot/store.hpp"

namespace hft::snapshot {

/// First 64 bytes of a snapshot file; the payload follows. Holds no clock: the same state and number make the same
/// file.
struct ImageHeader {
  std::array<char, 8> magic{'H', 'F', 'T', 'S', 'N', 'A', 'P', '1'};
  std::uint32_t version = 1;
  std::uint32_t header_bytes = 64;
  std::uint64_t number = 0;
  std::uint64_t payload_bytes = 0;
  std::uint32_t payload_crc32c = 0;
  std::array<std::uint8_t, 24> reserved{};
  std::uint32_t crc32c = 0;  // over everything before it
};
static_assert(sizeof(ImageHeader) == 64, "stored by its bytes");

inline constexpr std::string_view kSuffix = ".hfts";

[[nodiscard]] std::string image_name(std::uint64_t number);
/// The number in "snapshot-7.hfts"; nothing for other names.
[[nodiscard]] std::optional<std::uint64_t> number_in(std::string_view name) noexcept;

/// Writes header and payload to the descriptor and waits for the disk. False with errno set.
[[nodiscard]] bool write_image(int fd, std::uint64_t number,
                               std::span<const std::span<const std::byte>> pieces) noexcept;

/// Reads and checks a file. Its bytes, or why it is none to use.
struct ReadImage {
  std::optional<Loaded> image;
  std::string reason;
};
[[nodiscard]] ReadImage read_image(const std::filesystem::path& path, std::uint64_t number);

}  // namespace hft::snapshot
