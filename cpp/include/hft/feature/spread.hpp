#pragma once

#include <cstdint>

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// Bid-ask spread.
///
///   px:    ask_px - bid_px        ticks: the same in ticks        bps: 10^4 (ask_px - bid_px) / mid_px
///
/// Cost: one division.   Output unit: by `unit`.   Rounded once, from integers: nothing cancels.
/// NaN while a side of the book is empty, and before the first quote. Negative for a crossed book that was not dropped.
/// Matches the same line in NumPy; see tests/python/differential/test_book.py.
struct Spread {
  enum class Unit : std::uint8_t { kPx, kTicks, kBps };

  Unit unit = Unit::kPx;

  [[nodiscard]] double of(const Market& m) const noexcept { return of(m.book, m); }
  /// The same of another book of that market.
  [[nodiscard]] double of(const event::TopOfBook& b, const Market& m) const noexcept {
    if (!b.two_sided()) return kNotReady;
    const std::int64_t ticks = b.ask_px_ticks - b.bid_px_ticks;
    if (unit == Unit::kTicks) return static_cast<double>(ticks);
    if (unit == Unit::kPx) return m.tick.to_double(ticks);
    if (b.mid_half_ticks() == 0) return kNotReady;
    return static_cast<double>(20'000 * ticks) / static_cast<double>(b.mid_half_ticks());
  }
};

}  // namespace hft::feature
