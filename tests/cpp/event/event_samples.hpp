#pragma once

#include <vector>

#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"

namespace hft::event::samples {

inline std::vector<Instrument> instruments() {
  return {{"AAA", {1, 100}, {1, 1}, 1, 1'000'000}, {"BTC-USD", {5, 1000}, {1, 100'000'000}, -500, 40'000'000}};
}

inline Event head(EventKind kind, Side side, std::uint32_t symbol_id, std::uint64_t offset) {
  Event event{};
  event.ts_event_ns = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(offset);
  event.ts_recv_ns = event.ts_event_ns - 5;  // two clocks: received "before" it happened
  event.source_seq = make_source_seq(3, offset);
  event.symbol_id = symbol_id;
  event.kind = kind;
  event.side = side;
  return event;
}

inline Event quote(Quote payload, std::uint32_t symbol_id = 0, std::uint64_t offset = 0) {
  Event event = head(EventKind::kQuote, Side::kUnknown, symbol_id, offset);
  event.quote = payload;
  return event;
}

inline Event trade(std::int64_t px_ticks, std::int64_t qty_lots, std::uint32_t symbol_id = 0) {
  Event event = head(EventKind::kTrade, Side::kBuy, symbol_id, 1);
  event.trade = {px_ticks, qty_lots, {0, 0}};
  return event;
}

inline Event level(std::int64_t px_ticks, std::int64_t qty_lots, std::uint32_t symbol_id = 0) {
  Event event = head(EventKind::kBookLevel, Side::kSell, symbol_id, 2);
  event.flags = kSnapshot;
  event.level = {px_ticks, qty_lots, 77, 0};
  return event;
}

inline Event control(std::int64_t code) {
  Event event = head(EventKind::kControl, Side::kUnknown, 0, 3);
  event.control = {code, {0, 0, 0}};
  return event;
}

/// One of each kind, all valid for instruments().
inline std::vector<Event> one_of_each() {
  return {quote({2735, 100, 2736, 300}), trade(2736, 50), level(2740, 0), control(9), trade(-101, 123'456'789, 1)};
}

}  // namespace hft::event::samples
