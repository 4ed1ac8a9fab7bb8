#pragma once

#include <cstdint>

#include "hft/book/order_book.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// Imbalance of the queues of the best N levels, weighted by rank.
///
///   y = (B - A) / (B + A)      B = sum over i <= N of w_i bid_qty_i,   A the same of the asks,   w_i = decay^(i - 1)
///
/// Weights are integers, w_1 = 2^40 and w_(i+1) = floor(w_i d / 2^40) with d = decay in steps of 2^-40: sums are exact.
/// Rounded once while those stay below 2^53, within 3 ulps beyond.
/// One level: the imbalance of the two best queues, in every bit.
/// Cost: O(levels) a read, one division.   Output unit: frac, -1 (only asks) to 1 (only bids).
/// NaN while the book is not known or empty on both sides.
/// Matches a twin in Python integers; see tests/python/differential/test_levels.py.
class BookImbalance {
 public:
  static constexpr RealRange kDecay{"decay", 0.0, 1.0};

  /// Cold path: throws std::invalid_argument unless 0 <= decay <= 1.
  explicit BookImbalance(std::uint32_t levels, double decay = 1.0)
      : levels_{levels}, decay_{static_cast<std::int64_t>(kDecay.check("BookImbalance", decay) * kOne + 0.5)} {}

  [[nodiscard]] double of(const Market& m) const noexcept {
    const book::OrderBook* const book = m.known_book();
    if (book == nullptr) return kNotReady;
    const Int128 bids = weighted(book->bids());
    const Int128 asks = weighted(book->asks());
    return bids + asks == 0 ? kNotReady : ratio(bids - asks, bids + asks);
  }

 private:
  static constexpr int kBits = 40;
  static constexpr double kOne = 0x1p40;

  [[nodiscard]] Int128 weighted(const book::BookSide& side) const noexcept {
    Int128 sum = 0;  // 2^10 levels below 2^90
    std::int64_t weight = std::int64_t{1} << kBits;
    book::BookSide::Cursor levels = side.from_best();
    for (std::uint32_t i = 0; i < levels_; ++i) {
      const book::Level level = levels.next();
      if (level.qty_lots == 0) break;
      sum += Int128{weight} * level.qty_lots;
      weight = static_cast<std::int64_t>((Int128{weight} * decay_) >> kBits);
    }
    return sum;
  }

  std::uint32_t levels_;
  std::int64_t decay_;
};

}  // namespace hft::feature
