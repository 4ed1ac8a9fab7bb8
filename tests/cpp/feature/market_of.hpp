#pragma once

#include "hft/event/event.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature::testing {

inline event::Event quote(std::int64_t ts_ns, std::int64_t bid_px, std::int64_t bid_qty, std::int64_t ask_px,
                          std::int64_t ask_qty, std::uint32_t symbol_id = 0) {
  event::Event e{};
  e.ts_event_ns = ts_ns, e.symbol_id = symbol_id, e.kind = event::EventKind::kQuote;
  e.quote = {bid_px, bid_qty, ask_px, ask_qty};
  return e;
}

inline event::Event trade(std::int64_t ts_ns, std::int64_t px, std::int64_t qty,
                          event::Side side = event::Side::kUnknown, std::uint32_t symbol_id = 0) {
  event::Event e{};
  e.ts_event_ns = ts_ns, e.symbol_id = symbol_id, e.kind = event::EventKind::kTrade, e.side = side;
  e.trade = {px, qty, {}};
  return e;
}

inline event::Event level(std::int64_t ts_ns, event::Side side, std::int64_t px, std::int64_t qty,
                          std::uint32_t symbol_id = 0, std::uint16_t flags = event::kNoFlags) {
  event::Event e{};
  e.ts_event_ns = ts_ns, e.symbol_id = symbol_id, e.kind = event::EventKind::kBookLevel, e.side = side;
  e.flags = flags, e.level = {px, qty, 0, 0};
  return e;
}

/// A market with cents and single shares after one quote.
inline Market market_of(std::int64_t bid_px, std::int64_t bid_qty, std::int64_t ask_px, std::int64_t ask_qty) {
  Market m{.tick = {1, 100}, .lot = {1, 1}};
  m.set_quote(quote(0, bid_px, bid_qty, ask_px, ask_qty));
  return m;
}

}  // namespace hft::feature::testing
