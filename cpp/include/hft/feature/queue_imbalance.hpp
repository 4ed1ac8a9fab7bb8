#pragma once

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// Imbalance of the two best queues: one book, not a change between books (that is order_flow_imbalance.hpp).
///
///   y = (bid_qty - ask_qty) / (bid_qty + ask_qty)
///
/// Cost: one division.   Output unit: frac, -1 (only asks) to 1 (only bids).   Rounded once, from integers.
/// NaN while both sides are empty, and before the first quote.
/// Matches the same line in NumPy; see tests/python/differential/test_book.py. Gould and Bonart (2016).
struct QueueImbalance {
  [[nodiscard]] double of(const Market& m) const noexcept {
    const std::int64_t qty = m.book.bid_qty_lots + m.book.ask_qty_lots;
    if (qty == 0) return kNotReady;
    return static_cast<double>(m.book.bid_qty_lots - m.book.ask_qty_lots) / static_cast<double>(qty);
  }
};

}  // namespace hft::feature
