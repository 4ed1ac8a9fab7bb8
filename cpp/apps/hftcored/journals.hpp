#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "hft/ledger/journal.hpp"
#include "hot.hpp"

namespace hft::daemon {

/// The journal thread: appends every shard's records to its file and forces them to the disk a few times a second.
class Journals {
 public:
  /// `sync_every` 0: after each batch. The journals stand where recovery left them.
  Journals(std::vector<ledger::Journal> journals, Rings& rings, std::chrono::nanoseconds sync_every,
           telemetry::LatencyHistogram& sync_times);

  /// Until the ring is closed and read. Throws Fatal (kDisk) at the first write or sync that fails.
  void run();

  /// Any thread: how much of a shard's journal is on the disk.
  [[nodiscard]] std::uint64_t synced_bytes(std::size_t shard) const noexcept {
    return files_[shard]->synced_bytes.load(std::memory_order_acquire);
  }

 private:
  struct File {
    ledger::Journal journal;
    std::atomic<std::uint64_t> synced_bytes{0};
    bool dirty = false;
    explicit File(ledger::Journal made) : journal{std::move(made)} {}
  };
  void append(const JournalItem& item);
  void flush();
  void sync();
  [[noreturn]] void fail(const File& file) const;

  std::vector<std::unique_ptr<File>> files_;
  Rings& rings_;
  std::chrono::nanoseconds sync_every_;
  telemetry::LatencyHistogram& sync_times_;
};

}  // namespace hft::daemon
