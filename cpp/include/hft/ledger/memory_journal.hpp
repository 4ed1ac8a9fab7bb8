#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "hft/ledger/frame.hpp"

namespace hft::ledger {

/// A journal in memory, for runs that keep no file: the bytes are those that Journal would have written.
///
/// Cost: append about 50 ns; allocates when it grows over what was reserved.
class MemoryJournal {
 public:
  /// Cold path: reserves room for so many records of the largest kind.
  explicit MemoryJournal(std::size_t n_records = 0) {
    bytes_.reserve(sizeof(FileHeader) + n_records * kMaxRecordFrameBytes);
    const FileHeader header = make_file_header();
    const auto raw = std::as_bytes(std::span{&header, 1});
    bytes_.assign(raw.begin(), raw.end());
  }

  /// Returns false when memory is exhausted: the record is lost, as in a Journal that failed.
  [[nodiscard]] bool append(const JournalRecord& record) noexcept { return add(record.kind, record.payload()); }

  /// Cold path: a run's header or end. Throws like Journal::append_text.
  [[nodiscard]] bool append_text(FrameKind kind, std::string_view json) {
    check_text(kind, json);
    return add(kind, std::as_bytes(std::span{json}));
  }

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  bool add(FrameKind kind, std::span<const std::byte> payload) noexcept {
    const std::size_t at = bytes_.size();
    try {
      bytes_.resize(at + frame_bytes(payload.size()));
    } catch (...) {
      return false;
    }
    encode_frame(kind, payload, bytes_.data() + at);
    return true;
  }

  std::vector<std::byte> bytes_;
};

}  // namespace hft::ledger
