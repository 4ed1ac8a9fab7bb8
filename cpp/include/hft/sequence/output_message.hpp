#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hft/ledger/frame.hpp"
#include "hft/sequence/lane.hpp"

namespace hft::sequence {

// Headers of an output message.
inline constexpr std::string_view kHeaderName = "hft";     // an OutputHeader
inline constexpr std::string_view kOrderName = "order";    // runs; absent when there are none
inline constexpr std::string_view kSourceName = "source";  // dead letters: topic:partition:offset
inline constexpr std::string_view kReasonName = "reason";  // dead letters: in words

inline constexpr std::uint32_t kLate = 1;  // the input was there before the daemon was: act on it with care

/// Stands on every output message: where it belongs, who wrote it, and what the writer had seen.
struct OutputHeader {
  std::uint64_t seq = 0;          // of a record among those of its output, from 0; else of the next record
  std::uint32_t fence_epoch = 0;  // of the writer's lease
  std::uint32_t flags = 0;
  std::uint64_t n_inputs = 0;     // inputs that the shard had taken, the one that caused this included
};
static_assert(sizeof(OutputHeader) == 24);

template <class T>
[[nodiscard]] std::span<const std::byte> bytes_of(const T& value) noexcept {
  return std::as_bytes(std::span{&value, 1});
}
[[nodiscard]] inline std::span<const std::byte> bytes_of(const std::vector<Run>& runs) noexcept {
  return std::as_bytes(std::span{runs});
}

/// The value of a message: one frame. Cold path: allocates.
[[nodiscard]] inline std::vector<std::byte> frame_of(ledger::FrameKind kind, std::span<const std::byte> payload) {
  std::vector<std::byte> frame(ledger::frame_bytes(payload.size()));
  ledger::encode_frame(kind, payload, frame.data());
  return frame;
}

/// Nothing where the bytes are no such header.
[[nodiscard]] inline std::optional<OutputHeader> read_header(std::span<const std::byte> bytes) noexcept {
  OutputHeader header;
  if (bytes.size() != sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

[[nodiscard]] inline std::optional<std::vector<Run>> read_runs(std::span<const std::byte> bytes) {
  if (bytes.size() % sizeof(Run) != 0) return std::nullopt;
  std::vector<Run> runs(bytes.size() / sizeof(Run));
  if (!runs.empty()) std::memcpy(runs.data(), bytes.data(), bytes.size());
  return runs;
}

/// An output message as it was read back.
struct OutputMessage {
  std::int64_t offset = 0;
  OutputHeader header;
  std::vector<Run> runs;
  std::vector<std::byte> value;   // a frame; of a dead letter the original bytes
  std::vector<std::byte> source;  // of a dead letter: its coordinates, else empty
};

}  // namespace hft::sequence
