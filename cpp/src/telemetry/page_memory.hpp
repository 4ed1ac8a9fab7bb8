#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "hft/telemetry/page_format.hpp"

namespace hft::telemetry {

/// What writer and reader of a page must agree on beyond its format.

template <std::size_t N>
[[nodiscard]] std::string_view text_of(const std::array<char, N>& padded) noexcept {
  return {padded.data(), ::strnlen(padded.data(), N)};
}

[[nodiscard]] constexpr std::size_t slot_bytes(SlotKind kind) noexcept {
  switch (kind) {
    case SlotKind::kCounter:
    case SlotKind::kGauge: return sizeof(std::uint64_t);
    case SlotKind::kHistogram: return sizeof(LatencyHistogram);
    case SlotKind::kText: break;
  }
  return sizeof(TextSlot);
}

[[nodiscard]] constexpr std::string_view name_of(SlotKind kind) noexcept {
  constexpr std::array<std::string_view, 4> names{"counter", "gauge", "histogram", "text"};
  return names[static_cast<std::size_t>(kind)];
}

/// Of the directory and of the histogram's buckets.
[[nodiscard]] std::uint64_t layout_hash(std::span<const SlotRow> rows) noexcept;

/// clock_gettime in nanoseconds.
[[nodiscard]] std::int64_t clock_ns(int clock_id) noexcept;

/// Of the running kernel; empty where /proc does not tell.
[[nodiscard]] std::string boot_id();

}  // namespace hft::telemetry
