#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hft::sequence {

/// One partition of one input topic: topic index << 12 | partition. With an offset it names one input for ever
/// (event::make_source_seq), so the order of the topics in the configuration must not change.
using Lane = std::uint16_t;

inline constexpr unsigned kPartitionBits = 12;
inline constexpr std::uint32_t kMaxPartitions = 1U << kPartitionBits;
inline constexpr std::uint32_t kMaxTopics = 1U << (16 - kPartitionBits);

[[nodiscard]] constexpr Lane make_lane(std::uint32_t topic, std::uint32_t partition) noexcept {
  return static_cast<Lane>((topic << kPartitionBits) | (partition & (kMaxPartitions - 1)));
}
[[nodiscard]] constexpr std::uint32_t topic_of(Lane lane) noexcept { return lane >> kPartitionBits; }
[[nodiscard]] constexpr std::uint32_t partition_of(Lane lane) noexcept { return lane & (kMaxPartitions - 1); }

/// What a shard sends out, each to a topic of its own, partition = shard.
enum class Output : std::uint8_t { kDecisions = 0, kOrders = 1, kFills = 2, kDeadLetters = 3 };
inline constexpr std::size_t kOutputs = 4;
inline constexpr std::array<std::string_view, kOutputs> kOutputNames{"decisions", "orders", "fills", "dead letters"};

/// Consecutive inputs of one lane: a piece of the order in which a shard took its input.
struct Run {
  Lane lane = 0;
  std::uint8_t stale = 0;  // 1: older than the limit, by the wall clock, when they came in
  std::uint8_t reserved = 0;
  std::uint32_t count = 0;

  [[nodiscard]] bool joins(const Run& next) const noexcept {
    return lane == next.lane && stale == next.stale && count <= kMaxCount - next.count;
  }
  static constexpr std::uint32_t kMaxCount = 0xFFFF'FFFF;
  friend bool operator==(const Run&, const Run&) = default;
};
static_assert(sizeof(Run) == 8, "the header `order` of an output message is an array of these");

}  // namespace hft::sequence
