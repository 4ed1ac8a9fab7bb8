#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hft/ledger/frame.hpp"

namespace hft::ledger {

/// A file that is no journal, a damaged one, or one that cannot be opened. The message names file, offset and reason.
class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One whole frame; its payload lives as long as the bytes it was read from.
struct Frame {
  FrameKind kind;
  std::uint64_t offset_bytes;  // of the frame in the journal
  std::span<const std::byte> payload;

  /// The record, for the kind that stores a T.
  template <class T>
    requires(std::is_trivially_copyable_v<T>)
  [[nodiscard]] T as() const noexcept {
    T record;
    std::memcpy(&record, payload.data(), sizeof record);
    return record;
  }
  /// The JSON of a text frame, without its padding.
  [[nodiscard]] std::string_view text() const noexcept {
    const std::string_view padded{reinterpret_cast<const char*>(payload.data()), payload.size()};
    return padded.substr(0, padded.find_last_not_of(' ') + 1);
  }
};

/// Walks over the frames of a journal's bytes and checks each. Cold path.
///
/// A bad frame at the end, with nothing whole behind it, is a torn tail: the walk ends there and torn_bytes() says how
/// much is left. A bad frame that whole frames follow is damage, and a JournalError.
class FrameScanner {
 public:
  /// Throws JournalError unless the bytes begin with a journal's file header. A file that ends within its header, as
  /// after a crash at its birth, is an empty journal with a torn tail. `name` is for messages.
  FrameScanner(std::span<const std::byte> bytes, std::string name);
  /// The part of a journal that begins with the frame at byte `begins_at`; offsets are those of the whole journal.
  FrameScanner(std::span<const std::byte> part, std::string name, std::uint64_t begins_at);

  /// The next whole frame, or nothing at the end. Throws JournalError on damage and on frames of a newer version.
  [[nodiscard]] std::optional<Frame> next();

  /// End of the last whole frame.
  [[nodiscard]] std::uint64_t offset_bytes() const noexcept { return begins_at_ + at_; }
  /// After the end was reached: bytes behind the last whole frame.
  [[nodiscard]] std::uint64_t torn_bytes() const noexcept { return bytes_.size() - at_; }

 private:
  [[noreturn]] void fail(std::uint64_t at, const std::string& what) const;

  std::span<const std::byte> bytes_;
  std::string name_;
  std::uint64_t begins_at_ = 0;  // place of bytes_ in the journal
  std::uint64_t at_ = 0;         // in bytes_
  bool has_frames_ = false;      // false: a file that ends within its header
};

/// The one frame that `bytes` are, of any kind that this version knows: a message of an output topic. Nothing where
/// they are not exactly that.
[[nodiscard]] std::optional<Frame> frame_of_message(std::span<const std::byte> bytes) noexcept;

/// All bytes of a file from `from` on; none where it ends before. Throws JournalError when it cannot be read.
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t from_bytes = 0);

}  // namespace hft::ledger
