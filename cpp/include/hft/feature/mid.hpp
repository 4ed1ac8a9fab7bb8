#pragma once

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// Mid price of the best bid and ask.
///
///   y = (bid_px + ask_px) / 2
///
/// Cost: one division.   Output unit: px (quote currency).   Rounded once from integer half ticks.
/// NaN while a side of the book is empty, and before the first quote. Windowless: depends on the book alone.
/// Matches the same line in NumPy; see tests/python/differential/test_book.py.
struct Mid {
  [[nodiscard]] double of(const Market& m) const noexcept { return of(m.book, m); }
  /// The same of another book of that market.
  [[nodiscard]] double of(const event::TopOfBook& b, const Market& m) const noexcept {
    if (!b.two_sided()) return kNotReady;
    return event::Step{m.tick.num, 2 * m.tick.den}.to_double(b.mid_half_ticks());
  }
};

}  // namespace hft::feature
