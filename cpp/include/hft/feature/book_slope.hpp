#pragma once

#include <cstdint>

#include "hft/book/order_book.hpp"
#include "hft/feature/book_sides.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// Slope of the order book: how much quantity each step away from the mid adds.
///
///   y = sum of d_i D_i / sum of d_i^2        d_i: distance of level i from the mid,  D_i = qty_1 + ... + qty_i
///
/// Least squares of cumulative depth on distance, through the origin (nothing stands at the mid), over the best N
/// levels of the sides that are asked for.
/// Cost: O(levels) a read, two divisions.   Output unit: qty per px, or per bps of the mid.   Both sums are exact
/// integers; the value is within 4 ulps.
/// NaN while the book is not known or a side of it is empty, and where every level stands at the mid.
/// Matches a twin in exact fractions; see tests/python/differential/test_levels.py. Not the elasticity of Naes and
/// Skjeltorp (2006), which is made of logarithms of volume and relative prices from level to level.
struct BookSlope {
  enum class Unit : std::uint8_t { kPerBps, kPerPx };

  std::uint32_t levels = 1;
  BookSides sides = BookSides::kBoth;
  Unit unit = Unit::kPerBps;

  [[nodiscard]] double of(const Market& m) const noexcept {
    const book::OrderBook* const book = m.known_book();
    if (book == nullptr || !book->top().two_sided()) return kNotReady;
    Int128 product = 0;  // 2^11 levels of 2^42 times 2^60
    Int128 square = 0;
    const auto take = [&](BookSides side) noexcept {
      std::int64_t depth = 0;
      each_level(*book, side, levels, [&](const book::Level& level, std::int64_t behind_mid) noexcept {
        depth += level.qty_lots;
        product += Int128{behind_mid} * depth, square += Int128{behind_mid} * behind_mid;
        return true;
      });
    };
    if (sides != BookSides::kAsk) take(BookSides::kBid);
    if (sides != BookSides::kBid) take(BookSides::kAsk);
    if (square == 0) return kNotReady;
    const double lots_per_half_tick = ratio(product, square);
    if (unit == Unit::kPerPx) {
      return lots_per_half_tick * ratio(2 * Int128{m.lot.num} * m.tick.den, Int128{m.lot.den} * m.tick.num);
    }
    const std::int64_t mid_half_ticks = book->top().mid_half_ticks();
    if (mid_half_ticks == 0) return kNotReady;
    return lots_per_half_tick * ratio(Int128{mid_half_ticks} * m.lot.num, Int128{m.lot.den} * 10'000);
  }
};

}  // namespace hft::feature
