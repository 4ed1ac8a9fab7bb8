#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hft/base/bytes.hpp"

namespace hft::engine {

/// One copy of an engine's state, taken symbol by symbol while the engine runs: Engine::make_copy makes the room,
/// begin_copy and copy_some fill it, save() writes what Engine::save would have written at begin_copy.
///
/// Symbols land in the order in which they are copied and save() puts them right. The checksum, which costs more than
/// the copy, is made there too: the hot thread fills, then hands over, and a cold one saves.
///
/// Memory: what it was made with, not touched before it is used.   One thread at a time.
class StateCopy {
 public:
  /// Cold path. `identity` is the part of the state that never changes.
  StateCopy(std::vector<std::byte> identity, std::size_t n_symbols, std::size_t room_bytes);

  /// Forgets what it held.
  void begin() noexcept {
    ++round_;
    n_copied_ = 0, used_bytes_ = 0, begun_ = true, failed_ = false;
  }
  [[nodiscard]] bool holds(std::size_t symbol_id) const noexcept { return pieces_[symbol_id].round == round_; }

  /// Takes what `write` gives to its base::ByteWriter: first the totals, then each symbol once.
  template <class Write>
  void put_totals(Write&& write) noexcept {
    put(totals_, write);
  }
  template <class Write>
  void put_symbol(std::size_t symbol_id, Write&& write) noexcept {
    put(pieces_[symbol_id], write);
    ++n_copied_;
  }

  [[nodiscard]] std::size_t n_symbols() const noexcept { return pieces_.size(); }
  /// The whole state is here.
  [[nodiscard]] bool complete() const noexcept { return begun_ && !failed_ && n_copied_ == pieces_.size(); }
  /// The state did not fit: this copy is of no use, the next one may be.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// Bytes that save() appends.
  [[nodiscard]] std::size_t n_bytes() const noexcept;
  /// Cold path, any thread that has it alone: throws std::logic_error unless complete.
  void save(base::ByteWriter& out) const;

 private:
  struct Piece {
    std::size_t offset_bytes = 0;
    std::size_t n_bytes = 0;
    std::uint64_t round = 0;
  };

  template <class Write>
  void put(Piece& piece, Write& write) noexcept {
    base::ByteWriter out{std::span{room_.get(), room_bytes_}.subspan(used_bytes_)};
    write(out);
    failed_ = failed_ || out.overflowed();
    piece = {used_bytes_, out.bytes().size(), round_};
    used_bytes_ += out.bytes().size();
  }
  [[nodiscard]] std::span<const std::byte> bytes_of(const Piece& piece) const noexcept {
    return {room_.get() + piece.offset_bytes, piece.n_bytes};
  }

  std::vector<std::byte> identity_;
  std::vector<Piece> pieces_;  // of the symbols; valid where their round is this one
  Piece totals_;
  std::size_t room_bytes_;
  std::unique_ptr<std::byte[]> room_;
  std::size_t used_bytes_ = 0;
  std::size_t n_copied_ = 0;
  std::uint64_t round_ = 0;
  bool begun_ = false;
  bool failed_ = false;
};

/// A stored state: magic, version, length, CRC-32C, payload. The payload is the parts, one after the other.
void write_state(base::ByteWriter& out, std::span<const std::span<const std::byte>> parts);
/// The payload, once all of that is right. Throws std::invalid_argument saying what is not.
[[nodiscard]] base::ByteReader read_state(base::ByteReader& in);

}  // namespace hft::engine
