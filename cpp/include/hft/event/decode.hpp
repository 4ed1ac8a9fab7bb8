#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/instrument_rules.hpp"

namespace hft::event {

/// Why bytes are no event. Of a packed record's rules the first broken one counts, in this order.
enum class DecodeStatus : std::uint8_t {
  kOk = 0,
  kTruncated = 1,        // it ends before it is whole
  kUnknownKind = 2,
  kUnknownSymbol = 3,    // no such row in the instrument table
  kBadSide = 4,          // a book level needs a side, a quote and a control have none
  kUnknownFlag = 5,
  kBadTime = 6,          // before 1970 or after 2116
  kBadPrice = 7,         // outside the instrument's bounds
  kBadQty = 8,           // negative, or beyond 2^53 base units
  kReservedNotZero = 9,
  // JSON and Avro only.
  kBadSyntax = 10,        // not JSON, not Avro
  kMissingField = 11,     // one that the kind must have
  kDuplicateField = 12,
  kUnexpectedField = 13,  // one that the kind does not have
  kBadValue = 14,         // a value of another type than its field's, or beyond 64 bits
  kOffGrid = 15,          // no whole number of ticks or lots
  kUnknownSchema = 16,    // an Avro schema id that was not loaded
  kTrailingBytes = 17,    // something follows the message
};
inline constexpr std::size_t kDecodeStatuses = 18;

[[nodiscard]] constexpr std::string_view to_string(DecodeStatus status) noexcept {
  constexpr std::array<std::string_view, kDecodeStatuses> kNames{
      "ok",           "truncated",     "unknown kind",    "unknown symbol",   "bad side",       "unknown flag",
      "bad time",     "bad price",     "bad quantity",    "reserved bytes not zero",
      "bad syntax",   "missing field", "duplicate field", "unexpected field", "bad value",      "off grid",
      "unknown schema", "trailing bytes"};
  const auto i = static_cast<std::size_t>(status);
  return i < kNames.size() ? kNames[i] : "unknown status";
}

inline constexpr std::uint16_t kKnownFlags =
    kSuspicious | kSnapshot | kGapBefore | kSequenceReset | kUnfinished;  // on the wire
inline constexpr std::uint16_t kTapeFlags = kKnownFlags | kStale;  // of events that ingest has seen
inline constexpr std::int64_t kMaxTsNs = std::int64_t{1} << 62;

/// Turns the 64 bytes of a packed record into an Event, and lets no other event in: every field is checked.
///
/// Cost: one copy of a cache line and about ten predictable comparisons; no allocation, no exception, and no read past
/// the end of `bytes`. A rejected record leaves `out` as it was. One decoder may serve many threads.
class PackedDecoder {
 public:
  /// Cold path: throws std::invalid_argument where an instrument breaks a rule. `instruments` need not outlive this.
  explicit PackedDecoder(std::span<const Instrument> instruments, std::uint16_t known_flags = kKnownFlags)
      : known_flags_{known_flags} {
    bounds_.reserve(instruments.size());
    for (const Instrument& instrument : instruments) {
      validate(instrument);
      bounds_.push_back({instrument.min_px_ticks, instrument.max_px_ticks, kMaxPxProduct / instrument.lot.num});
    }
  }

  [[nodiscard]] DecodeStatus decode(std::span<const std::byte> bytes, Event& out) const noexcept {
    if (bytes.size() < sizeof(Event)) [[unlikely]] return DecodeStatus::kTruncated;
    Event event;
    std::memcpy(&event, bytes.data(), sizeof event);
    const DecodeStatus status = check(event);
    if (status == DecodeStatus::kOk) [[likely]] out = event;
    return status;
  }

  /// The same rules for an event that is in memory already: what an encoder may write.
  [[nodiscard]] DecodeStatus check(const Event& event) const noexcept {
    const auto kind = static_cast<std::uint8_t>(event.kind);
    if (kind < static_cast<std::uint8_t>(EventKind::kTrade) || kind > static_cast<std::uint8_t>(EventKind::kControl)) {
      return DecodeStatus::kUnknownKind;
    }
    if (event.symbol_id >= bounds_.size()) return DecodeStatus::kUnknownSymbol;
    if (!side_fits(event.kind, event.side)) return DecodeStatus::kBadSide;
    if ((event.flags & ~known_flags_) != 0) return DecodeStatus::kUnknownFlag;
    if (!in(event.ts_event_ns, 0, kMaxTsNs) || !in(event.ts_recv_ns, 0, kMaxTsNs)) return DecodeStatus::kBadTime;
    return check_payload(event, bounds_[event.symbol_id]);
  }

 private:
  struct Bounds {
    std::int64_t min_px_ticks;
    std::int64_t max_px_ticks;
    std::int64_t max_qty_lots;
  };

  static bool in(std::int64_t value, std::int64_t low, std::int64_t high) noexcept {
    return value >= low && value <= high;
  }

  static bool side_fits(EventKind kind, Side side) noexcept {
    if (kind == EventKind::kTrade) return side <= Side::kSell;
    if (kind == EventKind::kBookLevel) return side == Side::kBuy || side == Side::kSell;
    return side == Side::kUnknown;
  }

  /// A quote's empty side has no price: 0, or the last one.
  static bool quote_px_fits(std::int64_t px_ticks, std::int64_t qty_lots, const Bounds& bounds) noexcept {
    return in(px_ticks, bounds.min_px_ticks, bounds.max_px_ticks) || (qty_lots == 0 && px_ticks == 0);
  }

  static DecodeStatus check_payload(const Event& event, const Bounds& bounds) noexcept {
    const auto qty_fits = [&](std::int64_t qty_lots) { return in(qty_lots, 0, bounds.max_qty_lots); };
    if (event.kind == EventKind::kQuote) {
      const Quote& quote = event.quote;
      if (!quote_px_fits(quote.bid_px_ticks, quote.bid_qty_lots, bounds) ||
          !quote_px_fits(quote.ask_px_ticks, quote.ask_qty_lots, bounds)) {
        return DecodeStatus::kBadPrice;
      }
      return qty_fits(quote.bid_qty_lots) && qty_fits(quote.ask_qty_lots) ? DecodeStatus::kOk : DecodeStatus::kBadQty;
    }
    if (event.kind == EventKind::kControl) {
      const auto& reserved = event.control.reserved;
      return (reserved[0] | reserved[1] | reserved[2]) == 0 ? DecodeStatus::kOk : DecodeStatus::kReservedNotZero;
    }
    // Trade and BookLevel begin alike; only what follows the quantity differs.
    if (!in(event.trade.px_ticks, bounds.min_px_ticks, bounds.max_px_ticks)) return DecodeStatus::kBadPrice;
    if (!qty_fits(event.trade.qty_lots)) return DecodeStatus::kBadQty;
    const std::int64_t reserved = event.kind == EventKind::kTrade ? event.trade.reserved[0] | event.trade.reserved[1]
                                                                  : event.level.reserved;
    return reserved == 0 ? DecodeStatus::kOk : DecodeStatus::kReservedNotZero;
  }

  std::uint16_t known_flags_;
  std::vector<Bounds> bounds_;
};

}  // namespace hft::event
