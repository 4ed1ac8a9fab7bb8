#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hft::ring {

/// What a producer does when the consumer is a whole ring behind.
enum class Overflow : std::uint8_t {
  kBlock = 0,  // wait for room: a replay loses nothing, and time has no meaning there
  kDropNewest =
      1,  // drop and remember the gap: a live feed must not age in a queue, and what follows must be marked stale
};

inline constexpr std::array<std::string_view, 2> kOverflowNames{"block", "drop_newest"};  // by value of Overflow

/// The policy of that name, or nothing.
[[nodiscard]] constexpr std::optional<Overflow> overflow_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kOverflowNames.size(); ++i) {
    if (kOverflowNames[i] == name) return static_cast<Overflow>(i);
  }
  return std::nullopt;
}

/// What became of a pushed item.
enum class Pushed : std::uint8_t {
  kStored = 0,
  kDropped = 1,    // the ring was full and the policy is kDropNewest
  kCancelled = 2,  // the consumer went away: nothing will be read any more
};

}  // namespace hft::ring
