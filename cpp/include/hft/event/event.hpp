#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hft/base/cacheline.hpp"

namespace hft::event {

enum class EventKind : std::uint8_t { kTrade = 1, kQuote = 2, kBookLevel = 3, kControl = 4 };

/// Trade: who took liquidity. Book level: which side of the book.
enum class Side : std::uint8_t { kUnknown = 0, kBuy = 1, kSell = 2 };

/// Bits of Event::flags.
enum Flag : std::uint16_t {
  kNoFlags = 0,
  kSuspicious = 1U << 0,     // the venue or vendor marks the record as doubtful
  kSnapshot = 1U << 1,       // part of a book snapshot, not a change
  kGapBefore = 1U << 2,      // the source lost records before this one
  kSequenceReset = 1U << 3,  // the feed numbers its records anew from this one
  kStale = 1U << 4,          // older than the limit when it came in: set at ingest, refused on the wire
  kUnfinished = 1U << 5,     // book level: more levels of the same message follow
};

/// Full top of book after the event. A side without orders has quantity 0.
struct Quote {
  std::int64_t bid_px_ticks;
  std::int64_t bid_qty_lots;
  std::int64_t ask_px_ticks;
  std::int64_t ask_qty_lots;
};

struct Trade {
  std::int64_t px_ticks;
  std::int64_t qty_lots;
  std::int64_t reserved[2];
};

/// New total quantity at one price of one side (Event::side); 0 removes the level.
struct BookLevel {
  std::int64_t px_ticks;
  std::int64_t qty_lots;
  std::int64_t update_id;
  std::int64_t reserved;
};

/// What Control::code asks for; others are counted and do nothing.
enum class ControlCode : std::int64_t {
  kKill = 1,    // from here on only orders that reduce pass
  kResume = 2,  // and from here on all again
};

struct Control {
  std::int64_t code;
  std::int64_t reserved[3];
};

/// One market event: one cache line, prices in integer ticks, quantities in integer lots.
///
/// `ts_event_ns` is when it happened at the venue, `ts_recv_ns` when we got it: two clocks, so their difference may be
/// negative; both are nanoseconds since the Unix epoch, UTC. `source_seq` is the order: partition << 48 | offset. On
/// the wire it is the feed's own number of that symbol's records (1, 2, ...; 0: the feed has none).
struct alignas(base::kCacheLineBytes) Event {
  std::int64_t ts_event_ns;
  std::int64_t ts_recv_ns;
  std::uint64_t source_seq;
  std::uint32_t symbol_id;  // index into the instrument table
  EventKind kind;
  Side side;
  std::uint16_t flags;
  union {
    Quote quote;
    Trade trade;
    BookLevel level;
    Control control;
  };
};

static_assert(sizeof(Event) == 64 && alignof(Event) == 64, "one event, one cache line");
static_assert(std::is_trivially_copyable_v<Event> && std::is_standard_layout_v<Event>);
static_assert(offsetof(Event, symbol_id) == 24 && offsetof(Event, kind) == 28 && offsetof(Event, quote) == 32);

inline constexpr unsigned kOffsetBits = 48;

[[nodiscard]] constexpr std::uint64_t make_source_seq(std::uint16_t partition, std::uint64_t offset) noexcept {
  return (std::uint64_t{partition} << kOffsetBits) | (offset & ((std::uint64_t{1} << kOffsetBits) - 1));
}

}  // namespace hft::event
