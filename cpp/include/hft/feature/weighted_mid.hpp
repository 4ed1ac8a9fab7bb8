#pragma once

#include <cstdint>

#include "hft/book/order_book.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// Mid of the best N levels, each price weighted by the quantity of the opposite level of the same rank.
///
///   px:   m = sum over i <= N of (bid_px_i ask_qty_i + ask_px_i bid_qty_i) / sum of (bid_qty_i + ask_qty_i)
///   bps:  10^4 (m - mid_px) / mid_px = 10^4 (2 sum(...) - M sum(qty)) / (M sum(qty)),   M = bid_px_1 + ask_px_1
///
/// One level: the microprice, in every bit. Where a side has fewer levels, the pairs that there are.
/// Cost: O(levels) a read, one division.   Output unit: by `unit`.   Numerator and denominator are exact integers; the
/// value is rounded once while both stay below 2^53 and is within 3 ulps beyond. In bps nothing cancels.
/// NaN while the book is not known or a side of it is empty.
/// Matches a twin in exact fractions; see tests/python/differential/test_levels.py.
struct WeightedMid {
  enum class Unit : std::uint8_t { kPx, kBps };

  std::uint32_t levels = 1;
  Unit unit = Unit::kPx;

  [[nodiscard]] double of(const Market& m) const noexcept {
    const book::OrderBook* const book = m.known_book();
    if (book == nullptr || !book->top().two_sided()) return kNotReady;
    Int128 value = 0;  // 2^10 pairs of 2^91 at most
    Int128 qty = 0;
    book::BookSide::Cursor bids = book->bids().from_best(), asks = book->asks().from_best();
    for (std::uint32_t i = 0; i < levels; ++i) {
      const book::Level bid = bids.next(), ask = asks.next();
      if (bid.qty_lots == 0 || ask.qty_lots == 0) break;
      value += Int128{bid.px_ticks} * ask.qty_lots + Int128{ask.px_ticks} * bid.qty_lots;
      qty += bid.qty_lots + ask.qty_lots;
    }
    if (unit == Unit::kPx) return ratio(value * m.tick.num, qty * m.tick.den);
    const std::int64_t mid_half_ticks = book->top().mid_half_ticks();
    if (mid_half_ticks == 0) return kNotReady;
    return ratio((2 * value - mid_half_ticks * qty) * 10'000, qty * mid_half_ticks);
  }
};

}  // namespace hft::feature
