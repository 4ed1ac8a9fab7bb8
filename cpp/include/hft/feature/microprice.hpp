#pragma once

#include <cstdint>

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// Microprice: each side's price weighted by the opposite queue, so that it leans to the side that will give way.
///
///   px:   m = (bid_px ask_qty + ask_px bid_qty) / (bid_qty + ask_qty)
///   bps:  10^4 (m - mid_px) / mid_px = 10^4 (ask_px - bid_px)(bid_qty - ask_qty) / ((bid_qty + ask_qty)(bid_px +
///   ask_px))
///
/// Cost: one division.   Output unit: by `unit`.   Numerator and denominator are exact integers; the value is rounded
/// once while both stay below 2^53 and is within 1 ulp beyond. In bps nothing cancels. NaN while a side of the book is
/// empty, and before the first quote. Matches the same line in NumPy; see tests/python/differential/test_book.py.
/// Stoikov (2018) starts from this "weighted mid".
struct Microprice {
  enum class Unit : std::uint8_t { kPx, kBps };

  Unit unit = Unit::kPx;

  [[nodiscard]] double of(const Market& m) const noexcept { return of(m.book, m); }
  /// The same of another book of that market.
  [[nodiscard]] double of(const event::TopOfBook& b, const Market& m) const noexcept {
    if (!b.two_sided()) return kNotReady;
    const Int128 qty = Int128{b.bid_qty_lots} + b.ask_qty_lots;
    if (unit == Unit::kPx) {
      const Int128 weighted = Int128{b.bid_px_ticks} * b.ask_qty_lots + Int128{b.ask_px_ticks} * b.bid_qty_lots;
      return ratio(weighted * m.tick.num, qty * m.tick.den);
    }
    if (b.mid_half_ticks() == 0) return kNotReady;
    const Int128 lean = Int128{b.ask_px_ticks - b.bid_px_ticks} * (b.bid_qty_lots - b.ask_qty_lots);
    return ratio(lean * 10'000, qty * b.mid_half_ticks());
  }
};

}  // namespace hft::feature
