#pragma once

#include <cstdint>

#include "hft/event/event.hpp"

namespace hft::event {

/// The last quote of one symbol. Empty until the first quote: both quantities are 0.
struct TopOfBook {
  std::int64_t bid_px_ticks = 0;
  std::int64_t bid_qty_lots = 0;
  std::int64_t ask_px_ticks = 0;
  std::int64_t ask_qty_lots = 0;
  std::int64_t ts_event_ns = 0;

  void set(const Quote& quote, std::int64_t ts_ns) noexcept {
    *this = {quote.bid_px_ticks, quote.bid_qty_lots, quote.ask_px_ticks, quote.ask_qty_lots, ts_ns};
  }
  [[nodiscard]] bool two_sided() const noexcept { return bid_qty_lots > 0 && ask_qty_lots > 0; }
  [[nodiscard]] bool locked() const noexcept { return two_sided() && bid_px_ticks == ask_px_ticks; }
  [[nodiscard]] bool crossed() const noexcept { return two_sided() && bid_px_ticks > ask_px_ticks; }
  /// Mid price in half ticks, so that it stays an integer.
  [[nodiscard]] std::int64_t mid_half_ticks() const noexcept { return bid_px_ticks + ask_px_ticks; }
};

}  // namespace hft::event
