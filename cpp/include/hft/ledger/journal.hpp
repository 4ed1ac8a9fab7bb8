#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "hft/ledger/frame.hpp"

namespace hft::ledger {

/// What a new journal does to a file of its name.
enum class Existing : std::uint8_t { kRefuse = 0, kReplace = 1 };

/// What open_for_append found.
struct Recovery {
  std::uint64_t n_frames = 0;     // whole frames that were kept
  std::uint64_t n_bytes_cut = 0;  // torn tail of a writer that was stopped in the middle
};

struct Resumed;

/// Append-only file of checksummed frames: the truth about what was decided, ordered and filled.
///
/// Records gather in a buffer and leave it when it is full, at flush(), sync() and close(). After the first failed
/// write (disk full, I/O error) the journal is failed for good: every call returns false, and the file ends in a torn
/// tail at worst, which open_for_append cuts. The process must ignore SIGXFSZ, as Python does, to meet a file size
/// limit alive.
///
/// Cost: append about 50 ns (checksum of 80 bytes), plus one write() per full buffer. One thread at a time.
class Journal {
 public:
  static constexpr std::size_t kDefaultBufferBytes = 1U << 18U;

  /// Cold path: a new journal. Throws JournalError when the file exists (kRefuse), cannot be made, or has a writer.
  [[nodiscard]] static Journal create(const std::filesystem::path& path, Existing existing = Existing::kRefuse,
                                      std::size_t buffer_bytes = kDefaultBufferBytes);

  /// Cold path: goes on with a journal, or makes it. Reads all of it, checks every frame, cuts a torn tail and says so
  /// in recovery(). Throws JournalError when the file is no journal, is damaged before its tail, holds frames of a
  /// newer version, or has a writer.
  [[nodiscard]] static Journal open_for_append(const std::filesystem::path& path,
                                               std::size_t buffer_bytes = kDefaultBufferBytes);

  /// Cold path: goes on where a snapshot was taken, or makes the journal where `from_bytes` is 0. Checks the file's
  /// header and every frame from byte `from_bytes` on, cuts a torn tail, waits for the disk and hands out those frames,
  /// to be compared with what a replay makes anew. What lies before was synchronised before the snapshot was kept, and
  /// is not read: a journal of many gigabytes opens in the time of its end.
  /// Throws JournalError as open_for_append does, and where the file ends before `from_bytes`.
  [[nodiscard]] static Resumed resume(const std::filesystem::path& path, std::uint64_t from_bytes = 0,
                                      std::size_t buffer_bytes = kDefaultBufferBytes);

  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  /// Closes, and cannot tell whether that worked: call close() where it matters.
  ~Journal();

  /// Returns false when the record will not reach the file: stop trading.
  [[nodiscard]] bool append(const JournalRecord& record) noexcept {
    if (failed()) [[unlikely]] return false;
    if (capacity_ - used_ < kMaxRecordFrameBytes && !flush()) [[unlikely]] return false;
    used_ += encode_frame(record.kind, record.payload(), buffer_.get() + used_);
    return true;
  }

  /// Cold path: a run's header or end. Throws std::invalid_argument for a kind that is no text, or a text over 16 MiB.
  [[nodiscard]] bool append_text(FrameKind kind, std::string_view json);

  /// Hands the buffer to the operating system: survives the end of this process.
  [[nodiscard]] bool flush() noexcept;
  /// flush(), then waits for the disk (milliseconds): survives the end of the machine.
  [[nodiscard]] bool sync() noexcept;
  /// flush(), then gives up the file. False also when the journal had failed before. Closed already: repeats its
  /// answer.
  [[nodiscard]] bool close() noexcept;

  [[nodiscard]] bool failed() const noexcept { return errno_ != 0; }
  /// errno of the first failure, EBADF after close(), 0 while all is well.
  [[nodiscard]] int error_number() const noexcept { return errno_; }
  [[nodiscard]] const Recovery& recovery() const noexcept { return recovery_; }
  /// Size of the file once the buffer is flushed.
  [[nodiscard]] std::uint64_t n_bytes() const noexcept { return n_written_ + used_; }
  /// As much of the file as the last sync() put on the disk.
  [[nodiscard]] std::uint64_t synced_bytes() const noexcept { return n_synced_; }

 private:
  Journal(int fd, std::size_t buffer_bytes);
  static Resumed open(const std::filesystem::path& path, std::uint64_t from_bytes, std::size_t buffer_bytes);
  void put(std::span<const std::byte> bytes) noexcept;

  int fd_;
  int errno_ = 0;
  bool closed_well_ = false;
  std::size_t capacity_;
  std::size_t used_ = 0;
  std::uint64_t n_written_ = 0;
  std::uint64_t n_synced_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
  Recovery recovery_;
};

/// A journal to go on with, and what it holds from a byte position on.
struct Resumed {
  Journal journal;                // at its end; recovery() counts the frames of `tail`
  std::vector<std::byte> tail;    // whole frames
  std::uint64_t tail_begins_at;   // FrameScanner{tail, name, tail_begins_at} walks over them
};

}  // namespace hft::ledger
