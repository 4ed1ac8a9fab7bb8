#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decoding.hpp"
#include "hft/ledger/journal.hpp"
#include "hft/sequence/history.hpp"
#include "hft/snapshot/store.hpp"
#include "hft/telemetry/log.hpp"
#include "kafka_outlet.hpp"
#include "kafka_source.hpp"
#include "output_reader.hpp"
#include "recovery.hpp"
#include "setup.hpp"
#include "shard.hpp"
#include "shard_journal.hpp"
#include "snapshots.hpp"

namespace hft::daemon {

/// A shard on its way to live, and what it owns besides.
template <bool Timed>
struct Member {
  const ShardSetup* setup = nullptr;
  std::unique_ptr<snapshot::Store> store;
  std::unique_ptr<Shard<Timed>> shard;
  std::unique_ptr<CopySlot> slot;
  std::optional<SnapshotHead> head;  // of the snapshot that it started from
  std::optional<sequence::History> history;
  std::optional<ShardJournal> journal;
  std::vector<Output> unpublished;
  std::vector<Input> left_over;

  [[nodiscard]] sequence::Position begin() const { return head ? head->position.sequence : sequence::Position{}; }
};

/// From nothing, or from what a crash left, to the point where live begins. Everything here is cold.
///
///   snapshots → lease and own outputs → where the lanes begin → replay, comparing → the journal ends where we stand
template <bool Timed>
class Start {
 public:
  Start(Setup& setup, Changes& changes, telemetry::Log& log, engine::Stopwatch<Timed> watch);

  /// Throws Fatal, std::exception; EndAsked.
  void run();

  std::vector<Member<Timed>> members;
  std::unique_ptr<Source> source;
  std::unique_ptr<Decoding> decoding;
  std::unique_ptr<Outlet> outlet;
  std::unique_ptr<OutputReader> reader;  // of own outputs; null without Kafka
  std::uint32_t fence_epoch = 0;

 private:
  void make_shards(bool use_snapshots);
  void load_snapshot(Member<Timed>& member);
  void read_outputs();
  void open_journal(Member<Timed>& member);
  void open_source();
  [[nodiscard]] std::vector<LaneBegin> lanes_of(const Member<Timed>& member) const;
  void recover(std::size_t index);
  void be_born(std::size_t index, Comparer& comparer);

  Setup& setup_;
  Changes& changes_;
  telemetry::Log& log_;
  engine::Stopwatch<Timed> watch_;
  const kafka::Library* library_ = nullptr;
};

}  // namespace hft::daemon
