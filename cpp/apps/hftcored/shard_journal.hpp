#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hft/ledger/journal.hpp"
#include "hft/ledger/journal_reader.hpp"
#include "hft/sequence/history.hpp"

namespace hft::daemon {

/// One shard's journal while the daemon starts: what stands in it from a snapshot on, then what is appended to.
class ShardJournal {
 public:
  /// Opens or makes it; a new one gets `header`. `from_bytes`: where the snapshot ends, none: from the beginning.
  /// Throws JournalError; Fatal (kDisk).
  ShardJournal(std::filesystem::path path, std::string header, std::optional<std::uint64_t> from_bytes);

  /// The frames behind the header, which must be ours: throws Fatal (kMismatch). They point into this.
  [[nodiscard]] ledger::FrameScanner frames() const;
  /// The controls among them, by number.
  [[nodiscard]] std::map<std::uint64_t, sequence::Control> controls() const;
  /// What a writer that was stopped in the middle left, and that is gone now.
  [[nodiscard]] std::uint64_t n_bytes_cut() const noexcept { return n_bytes_cut_; }

  /// Forgets what stands from byte `end` on.
  void cut(std::uint64_t end);
  [[nodiscard]] ledger::Journal& writer() { return *writer_; }
  /// Gives the writer away, once, and forgets what was read.
  [[nodiscard]] ledger::Journal take_writer() {
    tail_ = {};
    return std::move(*writer_);
  }

 private:
  std::filesystem::path path_;
  std::string header_;
  bool begins_with_header_;
  std::optional<ledger::Journal> writer_;
  std::vector<std::byte> tail_;
  std::uint64_t tail_begins_at_ = 0;
  std::uint64_t n_bytes_cut_ = 0;
};

}  // namespace hft::daemon
