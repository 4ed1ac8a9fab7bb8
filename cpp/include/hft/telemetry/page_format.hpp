#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hft/base/cacheline.hpp"
#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/text_slot.hpp"

namespace hft::telemetry {

/// Bytes of a telemetry page: header, directory of slots, slots. Little-endian, offsets from the start of the page.
inline constexpr std::array<char, 8> kPageMagic{'H', 'F', 'T', 'P', 'A', 'G', 'E', '1'};
inline constexpr std::uint32_t kPageVersion = 1;

inline constexpr std::size_t kSlotAlign = base::kNoShareBytes;  // of every group: one writing thread each
inline constexpr std::int64_t kSilentNs =
    5'000'000'000;  // a living writer without a beat for so long is stopped or stuck

/// First bytes of a page. Everything but the last field is written before the page has its name.
struct PageHeader {
  std::array<char, 8> magic = kPageMagic;
  std::uint32_t version = kPageVersion;
  std::uint32_t header_bytes = 0;
  std::uint64_t page_bytes = 0;
  std::uint64_t layout_hash = 0;       // CRC-32C of the directory and of the histogram's shape: equal means readable
  std::uint32_t n_slots = 0;           // rows of the directory, which follows the header
  std::uint32_t histogram_bytes = sizeof(LatencyHistogram);
  std::int64_t pid = 0;
  std::int64_t start_unix_ns = 0;
  std::array<char, 40> boot_id{};  // of the kernel: monotonic clocks of two boots have nothing to do with each other
  std::array<char, 64> name{};
  std::array<char, 64> writer{};
  alignas(kSlotAlign) std::int64_t beat_monotonic_ns = 0;
};

enum class SlotKind : std::uint32_t { kCounter = 0, kGauge = 1, kHistogram = 2, kText = 3 };

/// One row of the directory.
struct SlotRow {
  SlotKind kind;
  std::uint32_t reserved;
  std::uint64_t offset;
  std::array<char, 48> group;  // zero-padded
  std::array<char, 48> name;
};

static_assert(sizeof(PageHeader) == 3 * kSlotAlign && sizeof(SlotRow) == 112 && sizeof(TextSlot) == 512,
              "readers of other processes know these by their bytes: a new layout is a new version");

}  // namespace hft::telemetry
