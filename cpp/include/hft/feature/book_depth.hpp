#pragma once

#include <cstdint>

#include "hft/book/order_book.hpp"
#include "hft/feature/book_sides.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// Quantity that stands on the best N levels, or on those of them near the mid.
///
///   y = sum of qty_i over i <= N        with band_bps > 0 only where |px_i - mid_px| <= band_bps / 10^4 mid_px
///
/// Cost: O(levels) a read, one division.   Output unit: qty.   Exact integers, rounded once; the band is kept in steps
/// of 10^-6 bps and compared in integers, so a level on its edge is always in.
/// NaN while the book is not known; with a band also while a side is empty, since there is no mid. An empty side: 0.
/// Matches a twin in Python integers; see tests/python/differential/test_levels.py.
class BookDepth {
 public:
  static constexpr RealRange kBandBps{"band_bps", 0.0, 1e4};

  /// Cold path: throws std::invalid_argument unless 0 <= band_bps <= 10^4; 0: no band.
  explicit BookDepth(std::uint32_t levels, double band_bps = 0.0, BookSides sides = BookSides::kBoth)
      : levels_{levels},
        sides_{sides},
        band_{static_cast<std::int64_t>(kBandBps.check("BookDepth", band_bps) * 1e6 + 0.5)} {}

  [[nodiscard]] double of(const Market& m) const noexcept {
    const book::OrderBook* const book = m.known_book();
    if (book == nullptr) return kNotReady;
    const event::TopOfBook top = book->top();
    if (band_ > 0 && !top.two_sided()) return kNotReady;
    const Int128 reach = Int128{band_} * (top.mid_half_ticks() < 0 ? -top.mid_half_ticks() : top.mid_half_ticks());
    Int128 lots = 0;
    each_level(*book, sides_, levels_, [&](const book::Level& level, std::int64_t behind_mid) noexcept {
      if (band_ > 0 && behind_mid * kStepsOfAll > reach) return false;
      lots += level.qty_lots;
      return true;
    });
    return to_units(lots, m.lot);
  }

 private:
  static constexpr Int128 kStepsOfAll = 10'000'000'000;  // 10^4 bps of 10^6 steps

  std::uint32_t levels_;
  BookSides sides_;
  std::int64_t band_;  // 10^-6 bps; 0: none
};

}  // namespace hft::feature
