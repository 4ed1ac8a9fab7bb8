#pragma once

#include <cstdint>
#include <stdexcept>

#include "hft/book/order_book.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/top_of_book.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// One symbol's market as the operations on it see it: the last kept quote, the last trade, the order book where the
/// spec reads one, the time now.
///
/// Bounds on prices and quantities (checked where events enter) keep every product of the operations inside 128 bits.
struct Market {
  static constexpr std::int64_t kMaxPxTicks = std::int64_t{1} << 40;
  static constexpr std::int64_t kMaxQtyLots = std::int64_t{1} << 50;
  static constexpr std::int64_t kMaxTsNs = std::int64_t{1} << 62;  // the year 2116: no difference of times overflows
  static constexpr std::int64_t kMaxStepNum = std::int64_t{1} << 16;
  static constexpr std::int64_t kMaxStepDen = std::int64_t{1} << 53;

  event::Step tick;  // quote currency per tick
  event::Step lot;   // base units per lot
  event::TopOfBook book{};
  std::int64_t trade_px_ticks = 0;
  std::int64_t trade_qty_lots = 0;
  std::int64_t trade_ts_ns = 0;
  std::int64_t now_ns = 0;
  event::Side trade_side = event::Side::kUnknown;  // as the venue reports it
  bool has_quote = false;
  bool has_trade = false;
  const book::OrderBook* levels = nullptr;  // kept by a node beside this; null where the spec reads no book
  std::uint32_t broken_rules = 0;  // bits of Rule: what the event at hand broke, and entered all the same

  void set_quote(const event::Event& e) noexcept { book.set(e.quote, now_ns = e.ts_event_ns), has_quote = true; }
  void set_trade(const event::Event& e) noexcept {
    trade_px_ticks = e.trade.px_ticks, trade_qty_lots = e.trade.qty_lots, trade_side = known(e.side);
    trade_ts_ns = now_ns = e.ts_event_ns, has_trade = true;
  }
  /// A byte that is no side says as little as no side.
  [[nodiscard]] static event::Side known(event::Side side) noexcept {
    return side <= event::Side::kSell ? side : event::Side::kUnknown;
  }
  void clear() noexcept { *this = Market{.tick = tick, .lot = lot, .levels = levels}; }
  /// The order book; null while it is not known.
  [[nodiscard]] const book::OrderBook* known_book() const noexcept {
    return levels != nullptr && levels->valid() ? levels : nullptr;
  }
  void forget_quote() noexcept { book = {}, has_quote = false; }
  void forget_trade() noexcept {
    trade_px_ticks = 0, trade_qty_lots = 0, trade_ts_ns = 0, trade_side = event::Side::kUnknown, has_trade = false;
  }

  [[nodiscard]] static bool in_bounds(std::int64_t px_ticks, std::int64_t qty_lots) noexcept {
    return px_ticks > -kMaxPxTicks && px_ticks < kMaxPxTicks && qty_lots >= 0 && qty_lots < kMaxQtyLots;
  }
  [[nodiscard]] static bool in_bounds(std::int64_t ts_ns) noexcept { return ts_ns > -kMaxTsNs && ts_ns < kMaxTsNs; }
  [[nodiscard]] static bool in_bounds(const event::Quote& q) noexcept {
    return in_bounds(q.bid_px_ticks, q.bid_qty_lots) && in_bounds(q.ask_px_ticks, q.ask_qty_lots);
  }
  /// A quote or a trade.
  [[nodiscard]] static bool in_bounds(const event::Event& e) noexcept {
    if (e.kind == event::EventKind::kQuote) return in_bounds(e.quote);
    if (e.kind == event::EventKind::kTrade) return in_bounds(e.trade.px_ticks, e.trade.qty_lots);
    return book::OrderBook::in_bounds(e.side, e.level.px_ticks, e.level.qty_lots);
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    auto& b = self.book;
    ar(b.bid_px_ticks), ar(b.bid_qty_lots), ar(b.ask_px_ticks), ar(b.ask_qty_lots), ar(b.ts_event_ns);
    ar(self.trade_px_ticks), ar(self.trade_qty_lots), ar(self.trade_ts_ns), ar(self.now_ns);
    auto side = static_cast<std::uint8_t>(self.trade_side);
    auto seen = static_cast<std::uint8_t>(self.has_quote + 2 * self.has_trade);
    ar(side), ar(seen);
    if constexpr (Archive::kReads) {
      const event::Quote quote{b.bid_px_ticks, b.bid_qty_lots, b.ask_px_ticks, b.ask_qty_lots};
      if (!in_bounds(quote) || !in_bounds(self.trade_px_ticks, self.trade_qty_lots) || side > 2 || seen > 3) {
        throw std::invalid_argument("snapshot: a quote or trade out of bounds");
      }
      if (!in_bounds(b.ts_event_ns) || !in_bounds(self.trade_ts_ns) || !in_bounds(self.now_ns)) {
        throw std::invalid_argument("snapshot: a time out of bounds");
      }
      self.trade_side = static_cast<event::Side>(side);
      self.has_quote = (seen & 1U) != 0, self.has_trade = (seen & 2U) != 0;
    }
  }
};

/// n lots (or ticks) in units, from integers.
[[nodiscard]] inline double to_units(Int128 n, event::Step step) noexcept {
  return ratio(n * step.num, step.den);
}

/// Aggressor as +1 (buy), -1 (sell) or 0 (unknown).
[[nodiscard]] inline int sign_of(event::Side side) noexcept {
  return side == event::Side::kBuy ? 1 : side == event::Side::kSell ? -1 : 0;
}

}  // namespace hft::feature
