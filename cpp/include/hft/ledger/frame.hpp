#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "hft/base/crc32c.hpp"
#include "hft/ledger/records.hpp"

namespace hft::ledger {

/// What a frame holds. Journals have kinds 1 to 7; the last two stand only in output topics, whose messages are frames.
enum class FrameKind : std::uint16_t {
  kRunHeader = 1,  // JSON text: spec, model, instruments, configuration
  kDecision = 2,
  kOrder = 3,
  kFill = 4,
  kMark = 5,
  kRunEnd = 6,      // JSON text: counters
  kControl = 7,     // JSON text: settings or model changed here
  kLease = 8,       // a new writer takes over
  kInputOrder = 9,  // no payload: the message's headers say what came in, and nothing else went out
};

inline constexpr std::uint16_t kFrameVersion = 1;
inline constexpr std::uint32_t kMaxTextBytes = 16U << 20U;  // a longer payload is a damaged length, not a text

/// First 64 bytes of a journal file. Holds no clock and no name: the same records make the same file.
struct FileHeader {
  char magic[8] = {'H', 'F', 'T', 'J', 'R', 'N', 'L', '1'};
  std::uint32_t version = 1;
  std::uint32_t header_bytes = 64;
  std::uint8_t reserved[44] = {};
  std::uint32_t crc32c = 0;  // over everything before it
};

/// Stands before every payload. A payload is padded to a multiple of 8 bytes (JSON with spaces), so frames are aligned.
struct FrameHeader {
  std::uint32_t payload_bytes;
  std::uint32_t crc32c;  // over everything after it: kind, version, reserved, payload
  std::uint16_t kind;
  std::uint16_t version;
  std::uint32_t reserved;  // 0
};
static_assert(sizeof(FileHeader) == 64 && sizeof(FrameHeader) == 16, "stored by their bytes");

inline constexpr std::size_t kFrameAlign = 8;
inline constexpr std::size_t kCrcFrom = offsetof(FrameHeader, kind);
inline constexpr std::size_t kMaxRecordFrameBytes = sizeof(FrameHeader) + sizeof(Decision);

/// Payload size that goes with a kind; 0 for text, whose size is free, for kInputOrder, and for kinds that we do not
/// know.
[[nodiscard]] constexpr std::size_t record_bytes(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::kDecision: return sizeof(Decision);
    case FrameKind::kOrder: return sizeof(Order);
    case FrameKind::kFill: return sizeof(Fill);
    case FrameKind::kMark: return sizeof(Mark);
    case FrameKind::kLease: return sizeof(Lease);
    case FrameKind::kRunHeader:
    case FrameKind::kRunEnd:
    case FrameKind::kControl:
    case FrameKind::kInputOrder: break;
  }
  return 0;
}

[[nodiscard]] constexpr bool is_text(FrameKind kind) noexcept {
  return kind == FrameKind::kRunHeader || kind == FrameKind::kRunEnd || kind == FrameKind::kControl;
}

[[nodiscard]] constexpr bool is_journal_kind(FrameKind kind) noexcept {
  return kind >= FrameKind::kRunHeader && kind <= FrameKind::kControl;
}

/// One record on its way to a journal: what the publisher's ring carries.
struct JournalRecord {
  FrameKind kind;
  union {
    Decision decision;
    Order order;
    Fill fill;
    Mark mark;
  };

  JournalRecord() noexcept : kind{FrameKind::kMark}, mark{} {}
  explicit JournalRecord(const Decision& d) noexcept : kind{FrameKind::kDecision}, decision{d} {}
  explicit JournalRecord(const Order& o) noexcept : kind{FrameKind::kOrder}, order{o} {}
  explicit JournalRecord(const Fill& f) noexcept : kind{FrameKind::kFill}, fill{f} {}
  explicit JournalRecord(const Mark& m) noexcept : kind{FrameKind::kMark}, mark{m} {}

  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return {reinterpret_cast<const std::byte*>(&decision), record_bytes(kind)};
  }
};
static_assert(sizeof(JournalRecord) == 72 && std::is_trivially_copyable_v<JournalRecord>);

[[nodiscard]] inline FileHeader make_file_header() noexcept {
  FileHeader header;
  header.crc32c = base::crc32c(std::as_bytes(std::span{&header, 1}).first(offsetof(FileHeader, crc32c)));
  return header;
}

/// Bytes that a payload of that size takes in the journal, with its header and padding.
[[nodiscard]] constexpr std::size_t frame_bytes(std::size_t payload_bytes) noexcept {
  return sizeof(FrameHeader) + (payload_bytes + kFrameAlign - 1) / kFrameAlign * kFrameAlign;
}

/// Writes one frame to `out`, which must hold frame_bytes(payload.size()); returns that number. The only encoder: files
/// and memory hold the same bytes.
inline std::size_t encode_frame(FrameKind kind, std::span<const std::byte> payload, std::byte* out) noexcept {
  const std::size_t n_bytes = frame_bytes(payload.size());
  FrameHeader header{static_cast<std::uint32_t>(n_bytes - sizeof(FrameHeader)), 0, static_cast<std::uint16_t>(kind),
                     kFrameVersion, 0};
  std::memcpy(out, &header, sizeof header);
  std::copy(payload.begin(), payload.end(), out + sizeof header);
  std::fill(out + sizeof header + payload.size(), out + n_bytes, std::byte{' '});
  header.crc32c = base::crc32c({out + kCrcFrom, n_bytes - kCrcFrom});
  std::memcpy(out + offsetof(FrameHeader, crc32c), &header.crc32c, sizeof header.crc32c);
  return n_bytes;
}

/// Cold path: throws std::invalid_argument unless `json` may be stored as a frame of that kind.
inline void check_text(FrameKind kind, std::string_view json) {
  if (!is_text(kind)) {
    throw std::invalid_argument("journal text: kind must be run header (1), run end (6) or control (7), was " +
                                std::to_string(static_cast<unsigned>(kind)));
  }
  if (json.size() > kMaxTextBytes) {
    throw std::invalid_argument("journal text: must be <= " + std::to_string(kMaxTextBytes) + " bytes, was " +
                                std::to_string(json.size()));
  }
}

}  // namespace hft::ledger
