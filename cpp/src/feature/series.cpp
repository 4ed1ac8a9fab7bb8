#include <utility>

#include "hft/feature/microprice.hpp"
#include "hft/feature/mid.hpp"
#include "hft/feature/queue_imbalance.hpp"
#include "hft/feature/registry.hpp"
#include "hft/feature/spread.hpp"

namespace hft::feature {
namespace {

struct BidPx {
  double of(const Market& m) const noexcept { return of(m.book, m); }
  double of(const event::TopOfBook& b, const Market& m) const noexcept {
    return b.bid_qty_lots > 0 ? m.tick.to_double(b.bid_px_ticks) : kNotReady;
  }
};
struct AskPx {
  double of(const Market& m) const noexcept { return of(m.book, m); }
  double of(const event::TopOfBook& b, const Market& m) const noexcept {
    return b.ask_qty_lots > 0 ? m.tick.to_double(b.ask_px_ticks) : kNotReady;
  }
};
struct BidQty {
  double of(const Market& m) const noexcept { return m.has_quote ? of(m.book, m) : kNotReady; }
  double of(const event::TopOfBook& b, const Market& m) const noexcept { return to_units(b.bid_qty_lots, m.lot); }
};
struct AskQty {
  double of(const Market& m) const noexcept { return m.has_quote ? of(m.book, m) : kNotReady; }
  double of(const event::TopOfBook& b, const Market& m) const noexcept { return to_units(b.ask_qty_lots, m.lot); }
};
struct TradePx {
  double of(const Market& m) const noexcept { return m.has_trade ? m.tick.to_double(m.trade_px_ticks) : kNotReady; }
};
struct TradeQty {
  double of(const Market& m) const noexcept { return m.has_trade ? to_units(m.trade_qty_lots, m.lot) : kNotReady; }
};

/// What another reading says of the best bid and ask of the order book; NaN while that is not known.
template <class Reading>
struct OfLevels {
  double of(const Market& m) const noexcept {
    const book::OrderBook* const known = m.known_book();
    return known == nullptr ? kNotReady : Reading{}.of(known->top(), m);
  }
};

template <class Reading>
Series on(Clock clock, const char* name, const char* unit, const char* doc) {
  return {name, clock, unit, doc, std::make_unique<ReaderOf<Reading>>(Reading{})};
}

std::vector<Series> make_series() {
  std::vector<Series> all;
  const auto quote = Clock::kQuote;
  all.push_back(on<Mid>(quote, "mid_px", "px", "(bid + ask) / 2; NaN while a side is empty"));
  all.push_back(on<BidPx>(quote, "bid_px", "px", "best bid; NaN while there is none"));
  all.push_back(on<AskPx>(quote, "ask_px", "px", "best ask; NaN while there is none"));
  all.push_back(on<BidQty>(quote, "bid_qty", "qty", "quantity at the best bid"));
  all.push_back(on<AskQty>(quote, "ask_qty", "qty", "quantity at the best ask"));
  all.push_back(on<Spread>(quote, "spread_px", "px", "ask - bid; NaN while a side is empty"));
  all.push_back(
      on<Microprice>(quote, "microprice_px", "px", "prices weighted by the opposite queue; NaN while a side is empty"));
  all.push_back(on<QueueImbalance>(quote, "queue_imbalance_frac", "frac", "(bid_qty - ask_qty) / (bid_qty + ask_qty)"));
  all.push_back(on<TradePx>(Clock::kTrade, "trade_px", "px", "price of the trade"));
  all.push_back(on<TradeQty>(Clock::kTrade, "trade_qty", "qty", "quantity of the trade"));
  const auto level = Clock::kBook;
  all.push_back(on<OfLevels<Mid>>(level, "book_mid_px", "px", "mid of the order book; NaN while it is not known"));
  all.push_back(on<OfLevels<BidPx>>(level, "book_bid_px", "px", "best bid of the order book"));
  all.push_back(on<OfLevels<AskPx>>(level, "book_ask_px", "px", "best ask of the order book"));
  all.push_back(on<OfLevels<BidQty>>(level, "book_bid_qty", "qty", "quantity at the best bid of the order book"));
  all.push_back(on<OfLevels<AskQty>>(level, "book_ask_qty", "qty", "quantity at the best ask of the order book"));
  all.push_back(on<OfLevels<Spread>>(level, "book_spread_px", "px", "ask - bid of the order book"));
  all.push_back(on<OfLevels<Microprice>>(level, "book_microprice_px", "px", "microprice of the order book"));
  return all;
}

}  // namespace

std::span<const Series> series() {
  static const std::vector<Series> all = make_series();
  return all;
}

}  // namespace hft::feature
