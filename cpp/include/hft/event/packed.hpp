#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"

namespace hft::event {

/// The packed file: header | instrument table, zero-filled to 64 bytes | n events of 64 bytes | end mark.
///
/// Every part is a multiple of 64 bytes, so that a mapped file holds aligned events, and everything is under a CRC-32C.
/// All numbers are little-endian. A reader of the live stream recognises the end mark by its kind, 0.
struct PackedHeader {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t record_bytes;
  std::uint32_t n_instruments;
  std::uint32_t table_bytes;  // with its filling
  std::uint32_t table_crc;
  std::uint32_t header_crc;  // of the bytes before this field
  std::array<std::uint32_t, 8> reserved;
};

struct PackedEnd {
  std::array<char, 8> magic;
  std::uint64_t n_events;
  std::uint32_t events_crc;
  std::uint32_t end_crc;  // of the bytes before this field
  std::array<std::uint32_t, 10> reserved;
};

static_assert(sizeof(PackedHeader) == 64 && sizeof(PackedEnd) == 64 && sizeof(Event) == 64);
static_assert(std::is_trivially_copyable_v<PackedHeader> && std::is_trivially_copyable_v<PackedEnd>);

inline constexpr std::array<char, 8> kPackedMagic{'H', 'F', 'T', 'E', 'V', 'N', 'T', '1'};
inline constexpr std::array<char, 8> kPackedEndMagic{'H', 'F', 'T', 'E', 'V', 'E', 'N', 'D'};
inline constexpr std::uint32_t kPackedVersion = 1;

/// Header and table of a file that holds these instruments.
[[nodiscard]] std::string packed_preamble(std::span<const Instrument> instruments);

/// A packed file, opened and checked but for its records. Throws std::invalid_argument saying what is wrong with it (a
/// torn end, an altered part, a bad record), std::system_error naming the path where it cannot be read.
class PackedFile {
 public:
  explicit PackedFile(const std::string& path);
  ~PackedFile();
  PackedFile(const PackedFile&) = delete;
  PackedFile& operator=(const PackedFile&) = delete;

  [[nodiscard]] const std::vector<Instrument>& instruments() const noexcept { return instruments_; }
  [[nodiscard]] std::size_t n_events() const noexcept { return n_events_; }
  /// Fills `out`, of n_events() events, and checks every record.
  void read(std::span<Event> out) const;

 private:
  void open();
  void read_at(std::size_t offset, std::span<std::byte> out) const;

  std::string path_;
  int fd_ = -1;
  std::vector<Instrument> instruments_;
  std::size_t events_at_ = 0;
  std::size_t n_events_ = 0;
  std::uint32_t events_crc_ = 0;
};

}  // namespace hft::event
