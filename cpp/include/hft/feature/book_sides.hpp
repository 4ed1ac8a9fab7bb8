#pragma once

#include <cstdint>

#include "hft/book/order_book.hpp"

namespace hft::feature {

/// Which side of the order book an operation reads.
enum class BookSides : std::uint8_t { kBoth, kBid, kAsk };

/// Visits at most `n` levels of each side that is asked for, best first: visit(level, half ticks behind the mid), until
/// it says false.
template <class Visit>
void each_level(const book::OrderBook& book, BookSides sides, std::uint32_t n, Visit&& visit) noexcept {
  const std::int64_t mid = book.top().mid_half_ticks();
  const auto walk = [&](const book::BookSide& side, std::int64_t sign) noexcept {
    book::BookSide::Cursor levels = side.from_best();
    for (std::uint32_t i = 0; i < n; ++i) {
      const book::Level level = levels.next();
      if (level.qty_lots == 0 || !visit(level, sign * (mid - 2 * level.px_ticks))) return;
    }
  };
  if (sides != BookSides::kAsk) walk(book.bids(), 1);
  if (sides != BookSides::kBid) walk(book.asks(), -1);
}

}  // namespace hft::feature
