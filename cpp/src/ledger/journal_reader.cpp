#include "hft/ledger/journal_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

namespace hft::ledger {
namespace {

/// The header of the frame at `at`, when its length fits into the bytes and its checksum is right.
std::optional<FrameHeader> whole_frame(std::span<const std::byte> bytes, std::uint64_t at) noexcept {
  const auto rest = bytes.subspan(at);
  FrameHeader header;
  if (rest.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, rest.data(), sizeof header);
  if (header.payload_bytes > rest.size() - sizeof header || header.payload_bytes > kMaxTextBytes ||
      header.payload_bytes % kFrameAlign != 0 || header.reserved != 0) {
    return std::nullopt;
  }
  const std::size_t n_bytes = sizeof header + header.payload_bytes;
  if (base::crc32c(rest.subspan(kCrcFrom, n_bytes - kCrcFrom)) != header.crc32c) return std::nullopt;
  return header;
}

/// True for the headers that this version writes. Asked before the checksum, which costs more.
bool is_ours(std::span<const std::byte> bytes, std::uint64_t at) noexcept {
  FrameHeader header;
  if (bytes.size() - at < sizeof header) return false;
  std::memcpy(&header, bytes.data() + at, sizeof header);
  const auto kind = static_cast<FrameKind>(header.kind);
  return header.version == kFrameVersion &&
         is_journal_kind(kind) && (is_text(kind) || record_bytes(kind) == header.payload_bytes);
}

struct Search {
  std::optional<std::uint64_t> found_at;
  bool gave_up = false;
};

/// Looks for a whole frame from `from` on. A text frame may have any length, so forged headers could each ask for a
/// long checksum: the search stays linear by reading at most kReadsPerByte bytes for each byte there is.
Search next_whole_frame(std::span<const std::byte> bytes, std::uint64_t from) noexcept {
  constexpr std::uint64_t kReadsPerByte = 16;
  std::uint64_t budget_bytes = kReadsPerByte * bytes.size() + kMaxTextBytes;
  for (std::uint64_t at = from; at < bytes.size(); at += kFrameAlign) {
    if (!is_ours(bytes, at)) continue;
    if (whole_frame(bytes, at)) return {at};
    FrameHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    const std::uint64_t read_bytes = std::min<std::uint64_t>(header.payload_bytes, bytes.size() - at);
    if (read_bytes > budget_bytes) return {std::nullopt, true};
    budget_bytes -= read_bytes;
  }
  return {};
}

}  // namespace

FrameScanner::FrameScanner(std::span<const std::byte> bytes, std::string name)
    : bytes_{bytes}, name_{std::move(name)} {
  const FileHeader expected = make_file_header();
  const auto expected_bytes = std::as_bytes(std::span{&expected, 1});
  const auto first = bytes.first(std::min(bytes.size(), expected_bytes.size()));
  if (std::ranges::equal(first, expected_bytes.first(first.size()))) {
    has_frames_ = first.size() == sizeof expected;
    if (has_frames_) at_ = sizeof expected;
    return;  // shorter: torn within the header, so all of it is tail
  }
  if (first.size() < sizeof expected ||
      !std::ranges::equal(first.first(sizeof expected.magic), std::as_bytes(std::span{expected.magic}))) {
    throw JournalError(name_ + ": is no journal: must begin with \"HFTJRNL1\"");
  }
  FileHeader found;
  std::memcpy(&found, bytes.data(), sizeof found);
  if (found.version != expected.version) {
    fail(0, "file version must be " + std::to_string(expected.version) + ", was " + std::to_string(found.version));
  }
  fail(0, "the file header is damaged");
}

FrameScanner::FrameScanner(std::span<const std::byte> part, std::string name, std::uint64_t begins_at)
    : bytes_{part}, name_{std::move(name)}, begins_at_{begins_at}, has_frames_{true} {}

std::optional<Frame> FrameScanner::next() {
  if (!has_frames_ || at_ == bytes_.size()) return std::nullopt;
  const std::optional<FrameHeader> header = whole_frame(bytes_, at_);
  if (!header) {
    const Search next_frame = next_whole_frame(bytes_, at_ + kFrameAlign);
    if (next_frame.found_at) {
      fail(at_, "the frame is damaged and a whole one follows at byte " +
                    std::to_string(begins_at_ + *next_frame.found_at) + ": the file was altered, not cut short");
    }
    if (next_frame.gave_up)
      fail(at_, "the frame is damaged and so much that follows looks like frames: this is no torn tail");
    return std::nullopt;
  }
  const auto kind = static_cast<FrameKind>(header->kind);
  if (header->version == kFrameVersion && (kind == FrameKind::kLease || kind == FrameKind::kInputOrder)) {
    fail(at_, "frame of kind " + std::to_string(header->kind) + ": belongs into an output topic, not into a journal");
  }
  if (header->version != kFrameVersion || !is_journal_kind(kind)) {
    fail(at_, "frame of kind " + std::to_string(header->kind) + ", version " + std::to_string(header->version) +
                  ": written by a newer version of this program");
  }
  if (!is_text(kind) && header->payload_bytes != record_bytes(kind)) {
    fail(at_, "payload of kind " + std::to_string(header->kind) + " must have " + std::to_string(record_bytes(kind)) +
                  " bytes, had " + std::to_string(header->payload_bytes));
  }
  const Frame frame{kind, offset_bytes(), bytes_.subspan(at_ + sizeof *header, header->payload_bytes)};
  at_ += sizeof *header + header->payload_bytes;
  return frame;
}

void FrameScanner::fail(std::uint64_t at, const std::string& what) const {
  throw JournalError(name_ + ": at byte " + std::to_string(begins_at_ + at) + ": " + what);
}

std::optional<Frame> frame_of_message(std::span<const std::byte> bytes) noexcept {
  const std::optional<FrameHeader> header = whole_frame(bytes, 0);
  if (!header || header->version != kFrameVersion || bytes.size() != sizeof *header + header->payload_bytes) {
    return std::nullopt;
  }
  const auto kind = static_cast<FrameKind>(header->kind);
  const bool known = is_text(kind) || kind == FrameKind::kInputOrder || record_bytes(kind) != 0;
  if (!known || (!is_text(kind) && header->payload_bytes != record_bytes(kind))) return std::nullopt;
  return Frame{kind, 0, bytes.subspan(sizeof *header)};
}

std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t from_bytes) {
  const auto fail = [&] {
    const std::error_code reason{errno, std::generic_category()};
    throw JournalError(path.string() + ": cannot be read: " + reason.message());
  };
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file{std::fopen(path.c_str(), "rb"), close};
  if (!file) fail();
  std::vector<std::byte> bytes;
  std::error_code no_size;  // a pipe has none: the vector grows then
  if (const auto n_bytes = std::filesystem::file_size(path, no_size); !no_size) {
    if (n_bytes <= from_bytes && from_bytes != 0) return bytes;
    bytes.reserve(n_bytes - from_bytes + 1);
  }
  if (from_bytes != 0 && ::fseeko(file.get(), static_cast<off_t>(from_bytes), SEEK_SET) != 0) fail();
  std::array<std::byte, 1U << 16U> chunk;
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(n));
  }
  if (std::ferror(file.get()) != 0) fail();
  return bytes;
}

}  // namespace hft::ledger
