#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/engine/state_copy.hpp"
#include "hft/event/sequence_guard.hpp"
#include "shard.hpp"

namespace hft::daemon {

/// Where the hot thread copies one shard's state, and the snapshotter finds it. Everything is made before it is needed.
struct CopySlot {
  enum class State : std::uint8_t {
    kFree = 0,     // the hot thread may begin
    kCopying = 1,  // the hot thread's
    kReady = 2,    // the snapshotter's
  };
  CopySlot(std::size_t n_guarded, std::size_t n_lanes, engine::StateCopy made)
      : guard{n_guarded}, copy{std::move(made)} {
    position.next_offsets.resize(n_lanes);
  }

  std::atomic<State> state{State::kFree};
  ShardPosition position;
  event::SequenceGuard guard;
  const Change* change = nullptr;
  engine::StateCopy copy;
};

/// What must be the same for a snapshot to be of use.
struct SnapshotIdentity {
  std::string spec_sha256;
  std::string instruments;  // of the shard, as JSON
  std::uint32_t config_epoch = 0;
  std::uint32_t partition = 0;
  std::vector<std::string> topics;
};

/// What a snapshot says beside the engine's state.
struct SnapshotHead {
  ShardPosition position;
  std::array<std::int64_t, sequence::kOutputs> output_offsets{};  // of the markers; -1: not known
  std::uint32_t fence_epoch = 0;
  std::string settings;  // JSON, with the model's path and id
};

/// The bytes of a snapshot. Cold path.
[[nodiscard]] std::vector<std::byte> write_snapshot(const SnapshotIdentity& identity, const SnapshotHead& head,
                                                    const event::SequenceGuard& guard, const engine::StateCopy& copy);

/// Reads the head and leaves `in` before the guard. Throws std::invalid_argument naming the first difference.
[[nodiscard]] SnapshotHead read_snapshot_head(base::ByteReader& in, const SnapshotIdentity& identity);

}  // namespace hft::daemon
