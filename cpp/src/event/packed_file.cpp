#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "hft/base/bytes.hpp"
#include "hft/base/crc32c.hpp"
#include "hft/event/decode.hpp"
#include "hft/event/packed.hpp"

namespace hft::event {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument(what); }

/// Reserved words are part of the format: a reader that ignored them could not be told of a new meaning.
template <class Words>
bool all_zero(const Words& words) {
  for (const auto word : words) {
    if (word != 0) return false;
  }
  return true;
}

std::vector<Instrument> parse_table(std::span<const std::byte> bytes, std::uint32_t n_instruments) {
  base::ByteReader table{bytes};
  std::vector<Instrument> instruments;
  for (std::uint32_t n = 0; n < n_instruments; ++n) {
    Instrument& i = instruments.emplace_back();
    table(i.symbol);
    for (std::int64_t* value :
         {&i.tick.num, &i.tick.den, &i.lot.num, &i.lot.den, &i.min_px_ticks, &i.max_px_ticks}) {
      table(*value);
    }
  }
  return instruments;
}

}  // namespace

PackedFile::PackedFile(const std::string& path) : path_{path}, fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
  try {
    open();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

PackedFile::~PackedFile() { ::close(fd_); }

void PackedFile::read_at(std::size_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ::ssize_t n = ::pread(fd_, out.data(), out.size(), static_cast<::off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), path_);
    if (n == 0) fail("torn: the file became shorter while it was read");
    offset += static_cast<std::size_t>(n);
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

void PackedFile::open() {
  struct ::stat info {};
  if (::fstat(fd_, &info) != 0) throw std::system_error(errno, std::generic_category(), path_);
  if (!S_ISREG(info.st_mode)) fail("not a regular file");
  const auto n_bytes = static_cast<std::size_t>(info.st_size);
  PackedHeader header{};
  if (n_bytes < sizeof header) fail("not a packed event file: only " + std::to_string(n_bytes) + " bytes");
  const auto header_bytes = std::as_writable_bytes(std::span{&header, 1});
  read_at(0, header_bytes);
  if (header.magic != kPackedMagic) fail("not a packed event file: it does not begin with HFTEVNT1");
  if (header.version != kPackedVersion) {
    fail("packed version must be " + std::to_string(kPackedVersion) + ", was " + std::to_string(header.version));
  }
  if (base::crc32c(header_bytes.first(offsetof(PackedHeader, header_crc))) != header.header_crc ||
      header.record_bytes != sizeof(Event) || header.table_bytes % sizeof(Event) != 0 || !all_zero(header.reserved)) {
    fail("altered: the header's checksum does not fit");
  }
  events_at_ = sizeof header + header.table_bytes;
  if (n_bytes < events_at_) fail("torn: it ends inside the instrument table");
  std::vector<std::byte> table(header.table_bytes);
  read_at(sizeof header, table);
  if (base::crc32c(table) != header.table_crc) fail("altered: the instrument table's checksum does not fit");
  instruments_ = parse_table(table, header.n_instruments);

  const std::size_t left_bytes = n_bytes - events_at_;
  const std::size_t whole = left_bytes / sizeof(Event);
  PackedEnd end{};
  const auto end_bytes = std::as_writable_bytes(std::span{&end, 1});
  if (whole > 0) read_at(events_at_ + (whole - 1) * sizeof(Event), end_bytes);
  if (left_bytes % sizeof(Event) != 0 || whole == 0 || end.magic != kPackedEndMagic) {
    fail("torn: no end mark after " + std::to_string(whole) + " whole records");
  }
  if (base::crc32c(end_bytes.first(offsetof(PackedEnd, end_crc))) != end.end_crc || !all_zero(end.reserved)) {
    fail("altered: the end mark's checksum does not fit");
  }
  if (end.n_events != whole - 1) {
    fail("altered: the end mark counts " + std::to_string(end.n_events) + " events, the file holds " +
         std::to_string(whole - 1));
  }
  n_events_ = whole - 1;
  events_crc_ = end.events_crc;
}

void PackedFile::read(std::span<Event> out) const {
  if (out.size() != n_events_) fail("read needs room for " + std::to_string(n_events_) + " events");
  read_at(events_at_, std::as_writable_bytes(out));
  if (base::crc32c(std::as_bytes(out)) != events_crc_) fail("altered: the events' checksum does not fit");
  const PackedDecoder rules{instruments_};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const DecodeStatus status = rules.check(out[i]);
    if (status != DecodeStatus::kOk) fail("record " + std::to_string(i) + ": " + std::string{to_string(status)});
  }
}

}  // namespace hft::event
