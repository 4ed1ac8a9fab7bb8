#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hft/event/decimal_grid.hpp"
#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/text_index.hpp"

namespace hft::event {

/// Turns one JSON object (RFC 8259, UTF-8) into an Event, and lets no other event in.
///
/// The keys are those that the JSON encoder writes, in any order; others are skipped, whatever their value. A key of
/// ours that comes twice is refused; null is as if absent. Prices and quantities are read as the exact decimals that
/// they are, with an exponent if need be: what is no whole number of ticks or lots is kOffGrid, nothing is rounded.
/// The other numbers are integers: a fraction or an exponent is kBadValue there, even 1.0.
///
/// Cost: in the encoder's own order, with a blank after each comma and colon or without any, about a nanosecond for
/// three bytes; any other message about five times that. No allocation, no exception, no read past the end of `bytes`.
/// A rejected message leaves `out` as it was. One decoder may serve many threads.
class JsonDecoder {
 public:
  /// Cold path: throws std::invalid_argument where an instrument breaks a rule, comes twice, or has a tick or lot
  /// without exact decimal text. `instruments` need not outlive this.
  explicit JsonDecoder(std::span<const Instrument> instruments);

  [[nodiscard]] DecodeStatus decode(std::span<const std::byte> bytes, Event& out) const noexcept;

 private:
  struct Grids {
    DecimalGrid px;
    DecimalGrid qty;
  };

  bool read_usual(std::span<const std::byte> bytes, Event& event) const noexcept;
  template <bool kSpaced>
  bool read_usual(std::span<const std::byte> bytes, Event& event) const noexcept;
  DecodeStatus read_any(std::span<const std::byte> bytes, Event& event) const noexcept;

  PackedDecoder rules_;
  TextIndex symbols_;
  TextIndex keys_;  // to Field
  std::vector<Grids> grids_;
};

}  // namespace hft::event
