#pragma once

#include <cstdint>
#include <type_traits>

namespace hft::ledger {

enum class Side : std::uint8_t { kBuy = 1, kSell = 2 };

/// Why an order was wanted.
enum class Reason : std::uint8_t {
  kSignal = 1,       // the score passed the threshold
  kHoldExpired = 2,  // the position reached its holding time
  kStopLoss = 3,     // closing would lose the limit or more
  kSessionEnd = 4,   // not carried over the session's end: closed at the first touch after it
};

/// Why risk said no. kNone: accepted.
enum class Refusal : std::uint8_t {
  kNone = 0,
  kKilled = 1,            // the kill switch is on
  kNoReference = 2,       // no book to price against: two-sided and uncrossed to enter, the taken side to leave
  kQtyNotPositive = 3,
  kMaxOrderQty = 4,
  kMaxPositionQty = 5,
  kMaxOpenPositions = 6,  // one more symbol would have a position
  kStoppedOut = 7,        // the symbol hit its stop-loss and may not be entered again for a while
  kJournalDown = 8,       // what cannot be recorded is not sent
  kWouldFlip = 9,         // more than closes the position: close first, then open
  kStale = 10,            // the event was older than the limit when it came in
};

/// Names one decision for ever: replaying the same input gives the same id, so a second delivery is recognised.
/// Text form: epoch:partition:offset:ordinal, where source_seq = partition << 48 | offset.
struct DecisionId {
  std::uint64_t source_seq;
  std::uint32_t config_epoch;
  std::uint32_t ordinal;  // several decisions may follow from one event
  friend bool operator==(const DecisionId&, const DecisionId&) = default;
};

/// What the strategy wanted and what risk answered: one record each time the strategy did not abstain.
struct Decision {
  DecisionId id;
  std::int64_t ts_event_ns;
  std::int64_t limit_px_ticks;  // the touch that the order may take
  std::int64_t qty_lots;
  double up_frac;    // score of the class "up"; NaN where no score took part (stop-loss, session end)
  double down_frac;  // score of the class "down"
  std::uint32_t symbol_id;
  Side side;
  Reason reason;
  Refusal refusal;
  std::uint8_t reserved;
};

/// An accepted decision, as it leaves for the exchange.
struct Order {
  DecisionId id;
  std::int64_t ts_event_ns;
  std::int64_t limit_px_ticks;
  std::int64_t qty_lots;
  std::uint32_t symbol_id;
  Side side;
  Reason reason;
  std::uint16_t reserved;
};

/// What happened to an order. An order may have none (nothing at the touch) or one fill here.
struct Fill {
  DecisionId id;
  std::int64_t ts_event_ns;
  std::int64_t px_ticks;
  std::int64_t qty_lots;
  std::int64_t fee_nano;  // 1e-9 of the quote currency; negative is a rebate
  std::uint32_t symbol_id;
  Side side;
  std::uint8_t reserved[3];
};

/// Last known mid price of a symbol, in half ticks: what open positions are worth at the end of a run.
struct Mark {
  std::int64_t ts_event_ns;
  std::int64_t mid_half_ticks;
  std::uint32_t symbol_id;
  std::uint32_t reserved;
};

/// Who writes an output from here on: all before it is history, all after it of a smaller epoch is void. Stands in
/// output topics, never in a journal.
struct Lease {
  std::uint32_t fence_epoch;  // one more than the last one seen
  std::uint32_t reserved0;
  std::uint64_t reserved1;
  std::uint8_t writer_id[16];  // random, so that two leases of one epoch are told apart
};

static_assert(sizeof(Lease) == 32 && std::is_trivially_copyable_v<Lease>, "published by its bytes");
static_assert(sizeof(DecisionId) == 16 && sizeof(Decision) == 64 && sizeof(Order) == 48 && sizeof(Fill) == 56 &&
              sizeof(Mark) == 24, "journal payloads are stored by their bytes: a new layout is a new journal version");
static_assert(std::is_trivially_copyable_v<Decision> && std::is_trivially_copyable_v<Order> &&
              std::is_trivially_copyable_v<Fill> && std::is_trivially_copyable_v<Mark>);

}  // namespace hft::ledger
