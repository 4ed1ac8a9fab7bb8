#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/base/bytes.hpp"
#include "hft/book/book_side.hpp"
#include "hft/event/event.hpp"
#include "hft/event/top_of_book.hpp"

namespace hft::book {

/// How the numbers of a feed's messages rise. Messages that say from which state they lead need neither.
enum class IdRule : std::uint8_t {
  kRising = 0,       // by any step: a gap shows only in the flags of events
  kConsecutive = 1,  // by one: any other step is a gap
};

enum class Status : std::uint8_t {
  kEmpty = 0,    // no snapshot yet
  kFilling = 1,  // in a snapshot
  kValid = 2,
  kLost = 3,  // changes are missing: nothing is shown until the next snapshot
};

/// What became of the messages and levels.
struct Counters {
  std::uint64_t n_levels = 0;       // levels taken in
  std::uint64_t n_snapshots = 0;    // begun
  std::uint64_t gaps = 0;           // times that the book was lost: ids, flags, a level that no book has
  std::uint64_t stale = 0;          // levels (or whole messages) that the book holds already, by their id
  std::uint64_t without_book = 0;   // the same, without a valid book to change
  std::uint64_t beyond = 0;         // levels behind the horizon of a side that overflowed
  std::uint64_t overflows = 0;      // levels that left, or did not come in, for want of room
  std::uint64_t out_of_bounds = 0;  // a price, quantity or side that no instrument has

  template <class Self, class Visit>
  static void visit(Self& self, Visit&& each) {
    each("n_levels", self.n_levels), each("n_snapshots", self.n_snapshots), each("gaps", self.gaps);
    each("stale", self.stale), each("without_book", self.without_book), each("beyond", self.beyond);
    each("overflows", self.overflows), each("out_of_bounds", self.out_of_bounds);
  }
};

/// The price levels of one symbol, in integer ticks and lots, kept by snapshots and level updates.
///
/// Two ways in, of which a book uses one. By message: begin_snapshot, set ..., end_snapshot; begin_update, and set ...
/// where it says true. By event: apply(event), where events of equal update_id are one message, and consecutive ones
/// marked kSnapshot one snapshot while their update_id stays, or rises by one (a feed that numbers each row). It is
/// over when the next message comes, by end_snapshot(), or with its last event where the others are marked kUnfinished.
///
/// A gap makes the book kLost until the next snapshot, and counts: ids that do not join, an event marked kGapBefore or
/// kSequenceReset, a level out of bounds. A lost book shows no level. A message that the book holds already, by its id,
/// is left out. An id <= 0 is no id: such messages are taken as they come.
///
/// Cost: see BookSide. No allocation after construction.   One thread.
class OrderBook {
 public:
  static constexpr std::int64_t kMaxPxTicks = std::int64_t{1} << 40;
  static constexpr std::int64_t kMaxQtyLots = std::int64_t{1} << 50;
  static constexpr std::size_t kMaxCapacity = std::size_t{1} << 20;
  static constexpr std::size_t kDefaultCapacity = 8192;

  /// Cold path: throws std::invalid_argument unless 1 <= capacity <= 2^20, levels per side.
  explicit OrderBook(std::size_t capacity = kDefaultCapacity, IdRule rule = IdRule::kRising)
      : bids_{event::Side::kBuy, checked(capacity)}, asks_{event::Side::kSell, capacity}, rule_{rule} {}

  /// From here on set() fills an empty book that holds everything up to message `id`.
  void begin_snapshot(std::int64_t id) noexcept {
    bids_.clear(), asks_.clear();
    status_ = Status::kFilling, id_ = id, in_update_ = false, broken_ = false;
    ++counters_.n_snapshots;
  }
  void end_snapshot() noexcept {
    if (status_ == Status::kFilling) status_ = Status::kValid;
  }

  /// A message that leads from the state after message `before` to that after message `last`, `before` < `last`. True:
  /// its levels are to be set. Quantities are absolute, so it may begin before the book's state, but not after.
  [[nodiscard]] bool begin_update(std::int64_t before, std::int64_t last) noexcept {
    end_snapshot();
    if (status_ != Status::kValid) return ++counters_.without_book, false;
    if (last <= id_) return ++counters_.stale, false;
    if (before > id_) return lose(), false;
    id_ = last, in_update_ = true;
    return true;
  }

  /// New total quantity at a price of one side; 0 removes the level. False: the book is not valid (any more).
  bool set(event::Side side, std::int64_t px_ticks, std::int64_t qty_lots) noexcept {
    if (status_ != Status::kValid && status_ != Status::kFilling) [[unlikely]]
      return ++counters_.without_book, false;
    if (!in_bounds(side, px_ticks, qty_lots)) [[unlikely]]
      return ++counters_.out_of_bounds, lose(), false;
    ++counters_.n_levels;
    const Change change = (side == event::Side::kBuy ? bids_ : asks_).set(px_ticks, qty_lots);
    counters_.beyond += static_cast<std::uint64_t>(change == Change::kBeyond);
    counters_.overflows += static_cast<std::uint64_t>(change == Change::kOverflow);
    return true;
  }

  /// One book level of this symbol. False: it changed no level of a valid book.
  bool apply(const event::Event& e) noexcept {
    if ((e.flags & event::kSnapshot) != 0) return apply_snapshot(e);
    if ((e.flags & (event::kGapBefore | event::kSequenceReset)) != 0) [[unlikely]]
      lose();
    end_snapshot();
    broken_ = false;
    if (status_ == Status::kValid && !joins(e.level.update_id)) return false;
    return set(e.side, e.level.px_ticks, e.level.qty_lots);
  }

  /// What it shows is no longer known, until the next snapshot. For whoever sees a gap that ids do not show.
  void lose() noexcept {
    broken_ |= status_ == Status::kFilling;
    counters_.gaps += static_cast<std::uint64_t>(status_ == Status::kFilling || status_ == Status::kValid);
    if (status_ != Status::kEmpty) status_ = Status::kLost;
    bids_.clear(), asks_.clear();
  }

  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] bool valid() const noexcept { return status_ == Status::kValid; }
  /// The last message whose levels it holds.
  [[nodiscard]] std::int64_t update_id() const noexcept { return id_; }
  [[nodiscard]] const BookSide& bids() const noexcept { return bids_; }
  [[nodiscard]] const BookSide& asks() const noexcept { return asks_; }
  /// Best bid and ask; quantity 0 where a side is empty or the book is lost. Crossed and locked: ask the result.
  [[nodiscard]] event::TopOfBook top() const noexcept {
    const Level bid = bids_.best();
    const Level ask = asks_.best();
    return {bid.px_ticks, bid.qty_lots, ask.px_ticks, ask.qty_lots, 0};
  }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  /// As new.
  void reset() noexcept {
    bids_.clear(), asks_.clear(), counters_ = {}, id_ = 0;
    status_ = Status::kEmpty, in_update_ = false, broken_ = false, marked_ = false;
  }

  /// Memory that it takes beside its own bytes.
  [[nodiscard]] std::size_t room_bytes() const noexcept { return 2 * BookSide::room_bytes(bids_.capacity()); }

  /// The whole state: the same state gives the same bytes. Allocates only where `out` does.
  void save(base::ByteWriter& out) const;
  /// Throws std::invalid_argument where no book of this capacity can be so; then this one is as new.
  void load(base::ByteReader& in);

  [[nodiscard]] static bool in_bounds(event::Side side, std::int64_t px_ticks, std::int64_t qty_lots) noexcept {
    return (side == event::Side::kBuy || side == event::Side::kSell) && px_ticks > -kMaxPxTicks &&
           px_ticks < kMaxPxTicks && qty_lots >= 0 && qty_lots < kMaxQtyLots;
  }

 private:
  static std::size_t checked(std::size_t capacity) {
    if (capacity >= 1 && capacity <= kMaxCapacity) return capacity;
    throw std::invalid_argument("OrderBook: capacity must be >= 1 and <= " + std::to_string(kMaxCapacity) + ", was " +
                                std::to_string(capacity));
  }

  bool apply_snapshot(const event::Event& e) noexcept {
    const std::int64_t id = e.level.update_id;
    const bool same = id == id_ || (id > 1 && id == id_ + 1);
    const bool gap = (e.flags & event::kGapBefore) != 0;
    const bool anew = (e.flags & event::kSequenceReset) != 0;
    if ((status_ == Status::kFilling || broken_) && same && !anew) {
      if (gap) lose();  // rows of this snapshot are missing
      id_ = id;
    } else {
      begin_snapshot(id);
      if (gap && !anew) lose();  // its first rows may be among what was lost
      marked_ = false;
    }
    const bool changed = set(e.side, e.level.px_ticks, e.level.qty_lots);
    const bool more = (e.flags & event::kUnfinished) != 0;
    if (marked_ && !more) end_snapshot();
    marked_ = more;
    return changed;
  }

  /// Does a message of this id change the book? Same id as the update before: more of the same message.
  [[nodiscard]] bool joins(std::int64_t id) noexcept {
    if (id <= 0 || (in_update_ && id == id_)) return true;
    if (id_ > 0) {
      if (id <= id_) return ++counters_.stale, false;
      if (rule_ == IdRule::kConsecutive && id != id_ + 1) return ++counters_.without_book, lose(), false;
    }
    id_ = id, in_update_ = true;
    return true;
  }

  BookSide bids_;
  BookSide asks_;
  IdRule rule_;
  Status status_ = Status::kEmpty;
  bool in_update_ = false;  // the last message was an update
  bool broken_ = false;     // in a snapshot of which rows are missing: its other rows are left out
  bool marked_ = false;     // the last event of a snapshot said that more of it follows
  std::int64_t id_ = 0;
  Counters counters_;
};

}  // namespace hft::book
