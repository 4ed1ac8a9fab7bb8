#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "hft/book/order_book.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/queue_flow.hpp"
#include "hft/feature/wide_int.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Order-flow imbalance on N levels (Xu, Gould, Howison 2018), summed over a window of changes of the order book.
///
///   e_m,n = flow between the m-th queues before and after the n-th change (see queue_flow.hpp), by rank, not by price
///   qty:     y = sum over the window of e_m, or of e_1 + ... + e_N with level = 0
///   depths:  y = that / Q,   Q = mean over the window, both sides and N levels of the quantity of a queue
///
/// A change is one level event that is taken in; of a book of one level it is the flow at the best prices.
/// Cost: O(levels) a change (O(level) for one of them in qty), no allocation; one division.   Output unit: by `unit`.
/// Exact: sums of integer lots; same window, different past: same bits.
/// Not ready: NaN until a count window is full, or a time window saw its first change; NaN while the book is not known.
/// A book that was lost begins the window anew: what happened in between is not in it. A snapshot of a book that was
/// not lost is one change, from what stood before it.
/// Matches a slow twin; see tests/python/differential/test_levels.py.
class BookFlow {
 public:
  /// `level` 1..levels: that one alone; 0: the sum of all.
  BookFlow(WindowLength length, std::uint32_t levels, std::uint32_t level)
      : level_{level}, now_(levels), previous_(levels), window_{length} {}

  void update(const Market& m) noexcept {
    if (m.levels->counters().gaps != gaps_) reset(), gaps_ = m.levels->counters().gaps;
    if (!m.levels->valid()) return;  // in a snapshot, or before the first
    const std::int64_t depth_lots = read(*m.levels);
    if (has_previous_) {
      const Change change{flow(), depth_lots};
      window_.push(change, m.now_ns, [this](const Change& old) noexcept { leave(old); });
      flow_lots_ += change.flow_lots, depth_lots_ += change.depth_lots;
    }
    has_changed_ |= has_previous_;
    has_previous_ = true;
    previous_.swap(now_);
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](const Change& old) noexcept { leave(old); });
  }

  [[nodiscard]] bool ready() const noexcept { return window_.length().is_time() ? has_changed_ : window_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept {
    return window_.length().is_time() ? 1 : window_.length().capacity();
  }
  [[nodiscard]] double qty(event::Step lot) const noexcept { return to_units(flow_lots_, lot); }
  [[nodiscard]] double depths() const noexcept {
    if (depth_lots_ == 0) return 0.0;
    return ratio(2 * Int128{window_.size()} * static_cast<std::int64_t>(now_.size()) * flow_lots_, depth_lots_);
  }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept {
    return window_.room_bytes() + 2 * now_.size() * sizeof(event::Quote);
  }
  /// As new. Which gaps of the book it knows of stays: the book's own count begins anew with the book.
  void reset() noexcept {
    window_.clear(), flow_lots_ = 0, depth_lots_ = 0, has_previous_ = false, has_changed_ = false, gaps_ = 0;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<Change>::archive(self.window_, ar, [&self](const auto& c) {
      constexpr std::int64_t kBound = 4 * kMaxLevels * Market::kMaxQtyLots;
      if (c.flow_lots < -kBound || c.flow_lots > kBound || c.depth_lots < 0 || c.depth_lots > kBound) {
        throw std::invalid_argument("snapshot: BookFlow out of bounds");
      }
      self.flow_lots_ += c.flow_lots, self.depth_lots_ += c.depth_lots;
    });
    auto seen = static_cast<std::uint8_t>(self.has_previous_ + self.has_changed_);
    ar(seen), ar(self.gaps_);
    if constexpr (Archive::kReads) {
      if (seen > 2) throw std::invalid_argument("snapshot: BookFlow out of bounds");
      self.has_previous_ = seen > 0, self.has_changed_ = seen > 1;
    }
    if (!self.has_previous_) return;
    for (auto& q : self.previous_) {
      ar(q.bid_px_ticks), ar(q.bid_qty_lots), ar(q.ask_px_ticks), ar(q.ask_qty_lots);
      if constexpr (Archive::kReads) {
        const auto bad = [](std::int64_t qty) { return qty < 0 || qty >= Market::kMaxQtyLots; };
        if (bad(q.bid_qty_lots) || bad(q.ask_qty_lots)) {
          throw std::invalid_argument("snapshot: BookFlow out of bounds");
        }
      }
    }
  }

  static constexpr std::int64_t kMaxLevels = 64;

 private:
  struct Change {
    std::int64_t flow_lots;
    std::int64_t depth_lots;
  };

  /// Takes the book's queues into `now_`; returns their sum.
  std::int64_t read(const book::OrderBook& book) noexcept {
    book::BookSide::Cursor bids = book.bids().from_best(), asks = book.asks().from_best();
    std::int64_t depth_lots = 0;
    for (event::Quote& queues : now_) {
      const book::Level bid = bids.next(), ask = asks.next();
      queues = queues_of(bid.px_ticks, bid.qty_lots, ask.px_ticks, ask.qty_lots);
      depth_lots += bid.qty_lots + ask.qty_lots;
    }
    return depth_lots;
  }
  [[nodiscard]] std::int64_t flow() const noexcept {
    if (level_ > 0) return queue_flow(previous_[level_ - 1], now_[level_ - 1]);
    std::int64_t lots = 0;
    for (std::size_t i = 0; i < now_.size(); ++i) lots += queue_flow(previous_[i], now_[i]);
    return lots;
  }
  void leave(const Change& old) noexcept { flow_lots_ -= old.flow_lots, depth_lots_ -= old.depth_lots; }

  std::uint32_t level_;
  std::vector<event::Quote> now_;  // by rank
  std::vector<event::Quote> previous_;
  Window<Change> window_;
  Int128 flow_lots_ = 0;
  Int128 depth_lots_ = 0;
  std::uint64_t gaps_ = 0;  // of the book, as this last saw it
  bool has_previous_ = false;
  bool has_changed_ = false;
};

/// How one column reads a BookFlow.
struct BookOrderFlow {
  using State = BookFlow;
  enum class Unit : std::uint8_t { kQty, kDepths };

  Unit unit = Unit::kQty;

  [[nodiscard]] double of(const BookFlow& flow, const Market& m) const noexcept {
    if (!flow.ready() || m.known_book() == nullptr) return kNotReady;
    return unit == Unit::kQty ? flow.qty(m.lot) : flow.depths();
  }
};

}  // namespace hft::feature
