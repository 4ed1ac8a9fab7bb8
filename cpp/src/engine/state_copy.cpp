#include "hft/engine/state_copy.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "hft/base/crc32c.hpp"

namespace hft::engine {
namespace {

constexpr std::uint64_t kMagic = 0x3153474E45544648;  // "HFTENGS1"
constexpr std::uint32_t kVersion = 2;                 // of the payload's layout
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 4;

}  // namespace

StateCopy::StateCopy(std::vector<std::byte> identity, std::size_t n_symbols, std::size_t room_bytes)
    : identity_{std::move(identity)},
      pieces_(n_symbols),
      room_bytes_{room_bytes},
      room_{std::make_unique_for_overwrite<std::byte[]>(room_bytes)} {}

std::size_t StateCopy::n_bytes() const noexcept { return kHeaderBytes + identity_.size() + used_bytes_; }

void StateCopy::save(base::ByteWriter& out) const {
  if (!complete()) throw std::logic_error("StateCopy: save needs a complete copy");
  std::vector<std::span<const std::byte>> parts{identity_, bytes_of(totals_)};
  parts.reserve(parts.size() + pieces_.size());
  for (const Piece& piece : pieces_) parts.push_back(bytes_of(piece));
  write_state(out, parts);
}

void write_state(base::ByteWriter& out, std::span<const std::span<const std::byte>> parts) {
  std::uint64_t n_bytes = 0;
  std::uint32_t crc = 0;
  for (const auto part : parts) n_bytes += part.size(), crc = base::crc32c(part, crc);
  out.reserve(out.bytes().size() + kHeaderBytes + n_bytes);
  out(kMagic), out(kVersion), out(n_bytes), out(crc);
  for (const auto part : parts) out.append(part);
}

base::ByteReader read_state(base::ByteReader& in) {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t n_bytes = 0;
  std::uint32_t crc = 0;
  in(magic), in(version), in(n_bytes), in(crc);
  if (magic != kMagic) throw std::invalid_argument("engine state: these bytes are no state of an engine");
  if (version != kVersion) {
    throw std::invalid_argument("engine state: the layout's version must be " + std::to_string(kVersion) + ", was " +
                                std::to_string(version));
  }
  const auto payload = in.take_bytes(n_bytes);
  if (base::crc32c(payload) != crc) {
    throw std::invalid_argument("engine state: the checksum does not match, bytes were altered");
  }
  return base::ByteReader{payload};
}

}  // namespace hft::engine
