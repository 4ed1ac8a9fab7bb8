#pragma once

#include <cstdint>
#include <limits>

#include "hft/event/event.hpp"

namespace hft::feature {

/// Both queues of one rank; a side without one counts as the worst price with quantity 0.
[[nodiscard]] inline event::Quote queues_of(std::int64_t bid_px_ticks, std::int64_t bid_qty_lots,
                                            std::int64_t ask_px_ticks, std::int64_t ask_qty_lots) noexcept {
  return {bid_qty_lots > 0 ? bid_px_ticks : std::numeric_limits<std::int64_t>::min(), bid_qty_lots,
          ask_qty_lots > 0 ? ask_px_ticks : std::numeric_limits<std::int64_t>::max(), ask_qty_lots};
}

/// Order flow between two states of these queues (Cont, Kukanov, Stoikov 2014), in lots.
///
///   e = [Pb_n >= Pb_{n-1}] qb_n - [Pb_n <= Pb_{n-1}] qb_{n-1} - [Pa_n <= Pa_{n-1}] qa_n + [Pa_n >= Pa_{n-1}] qa_{n-1}
[[nodiscard]] inline std::int64_t queue_flow(const event::Quote& before, const event::Quote& now) noexcept {
  return (now.bid_px_ticks >= before.bid_px_ticks ? now.bid_qty_lots : 0) -
         (now.bid_px_ticks <= before.bid_px_ticks ? before.bid_qty_lots : 0) -
         (now.ask_px_ticks <= before.ask_px_ticks ? now.ask_qty_lots : 0) +
         (now.ask_px_ticks >= before.ask_px_ticks ? before.ask_qty_lots : 0);
}

}  // namespace hft::feature
