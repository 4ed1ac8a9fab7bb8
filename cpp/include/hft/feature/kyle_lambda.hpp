#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/base/bytes.hpp"
#include "hft/feature/aggressor.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/wide_int.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Pairs of signed trade volume x and the change of the mid y behind it, over a window: what Kyle's lambda reads.
///
/// x is s q of a trade; y the mid prevailing at the next trade minus the one prevailing at this: its impact, nothing of
/// the future. So a pair is complete, and enters, with the next trade, at that one's time. A trade whose side stays
/// unknown, without quantity, or without a two-sided book is left out: the pair waits for the next one.
///
/// Sums of (x + y)^2 and (x - y)^2, in lots and half ticks, are exact integers of 128 bits, and so are those of
/// 256 bits that are made of them: n Sxy - Sx Sy = (V(x + y) - V(x - y)) / 4 with V(z) = n Szz - Sz^2.
class PriceImpact {
 public:
  PriceImpact(WindowLength length, AggressorRule rule) : window_{length}, aggressor_{rule} {}

  void update(const Market& m) noexcept {
    const std::int64_t signed_lots = aggressor_.update(m) * m.trade_qty_lots;
    if (signed_lots == 0 || !m.book.two_sided()) return;
    const std::int64_t mid = m.book.mid_half_ticks();
    if (has_trade_) {
      const Pair pair{signed_lots_, mid - mid_half_ticks_};
      window_.push(pair, m.now_ns, [this](const Pair& old) noexcept { move<-1>(old); });
      move<1>(pair);
    }
    has_trade_ = true, signed_lots_ = signed_lots, mid_half_ticks_ = mid;
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](const Pair& old) noexcept { move<-1>(old); });
  }

  [[nodiscard]] bool ready() const noexcept {
    return window_.length().is_time() ? window_.size() >= kMinPairs : window_.full();
  }
  [[nodiscard]] std::uint32_t lookback() const noexcept {
    return window_.length().is_time() ? kMinPairs : window_.length().capacity();
  }
  /// Slope of y on x, half ticks per lot, within a few ulp; `flat` where all x are equal. Needs two pairs.
  [[nodiscard]] double slope(double flat) const noexcept {
    const std::uint64_t n = window_.size();
    const Uint256 flow = spread(n, flow_squares_, flow_);
    if (flow == Uint256{}) return flat;
    const Uint256 up = spread(n, sum_squares_, flow_ + change_);
    const Uint256 down = spread(n, difference_squares_, flow_ - change_);
    const bool negative = less(up, down);
    Uint256 size = negative ? down : up;
    size -= negative ? up : down;
    const double slope = size.to_double(-2) / flow.to_double();
    return negative ? -slope : slope;
  }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept {
    window_.clear(), aggressor_.reset();
    flow_ = 0, change_ = 0, flow_squares_ = 0, sum_squares_ = 0, difference_squares_ = 0;
    signed_lots_ = 0, mid_half_ticks_ = 0, has_trade_ = false;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<Pair>::archive(self.window_, ar, [&self](const auto& pair) {
      if (!in_bounds(pair.signed_lots) || pair.signed_lots == 0 || pair.half_ticks <= -2 * kMidBound ||
          pair.half_ticks >= 2 * kMidBound) {
        throw std::invalid_argument("snapshot: PriceImpact out of bounds");
      }
      self.template move<1>(pair);
    });
    base::archive_bool(self.has_trade_, ar);
    ar(self.signed_lots_), ar(self.mid_half_ticks_);
    if constexpr (Archive::kReads) {
      if (!in_bounds(self.signed_lots_) || (self.signed_lots_ == 0) == self.has_trade_ ||
          self.mid_half_ticks_ <= -kMidBound || self.mid_half_ticks_ >= kMidBound) {
        throw std::invalid_argument("snapshot: PriceImpact out of bounds");
      }
    }
    AggressorClassifier::archive(self.aggressor_, ar);
  }

  static constexpr std::uint32_t kMinPairs = 2;

 private:
  struct Pair {
    std::int64_t signed_lots;
    std::int64_t half_ticks;
  };
  static constexpr std::int64_t kMidBound = 2 * Market::kMaxPxTicks;
  static bool in_bounds(std::int64_t signed_lots) noexcept {
    return signed_lots > -Market::kMaxQtyLots && signed_lots < Market::kMaxQtyLots;
  }

  /// One pair enters (+1) or leaves (-1). |x + y| < 2^51: 2^20 squares stay below 2^122.
  template <int kSign>
  void move(const Pair& pair) noexcept {
    const Int128 x = pair.signed_lots;
    const Int128 y = pair.half_ticks;
    flow_ += kSign * x, change_ += kSign * y;
    flow_squares_ += kSign * x * x;
    sum_squares_ += kSign * (x + y) * (x + y), difference_squares_ += kSign * (x - y) * (x - y);
  }
  /// n Szz - Sz^2, never negative.
  static Uint256 spread(std::uint64_t n, Int128 squares, Int128 sum) noexcept {
    Uint256 result = Uint256{0, static_cast<Uint128>(squares)}.times(n);
    result -= Uint256::square(magnitude(sum));
    return result;
  }
  static bool less(const Uint256& a, const Uint256& b) noexcept {
    return a.high() != b.high() ? a.high() < b.high() : a.low() < b.low();
  }

  Window<Pair> window_;
  AggressorClassifier aggressor_;
  Int128 flow_ = 0;
  Int128 change_ = 0;
  Int128 flow_squares_ = 0;
  Int128 sum_squares_ = 0;
  Int128 difference_squares_ = 0;
  std::int64_t signed_lots_ = 0;  // of the trade whose pair is open
  std::int64_t mid_half_ticks_ = 0;
  bool has_trade_ = false;
};

/// Kyle's lambda: how far the mid moves per signed quantity traded; the slope of an ordinary regression with intercept.
///
///   y = (n Sxy - Sx Sy) / (n Sxx - Sx^2)      over the pairs of PriceImpact
///
/// Cost: O(1), no allocation; five 128-bit products a pair, three squares and a division a value.
/// Output unit: px per unit of quantity.   Exact sums: same window, different past: same bits.
/// Not ready: NaN until a count window holds its pairs (one trade more), a time window two. Where all x are equal:
/// `flat`. Matches exact fractions, numpy.polyfit and scipy.stats.linregress; see
/// tests/python/differential/test_flow.py.
struct KyleLambda {
  using State = PriceImpact;
  static constexpr RealRange kFlat{"flat", -1e9, 1e9};

  explicit KyleLambda(double flat_value = 0.0) : flat{kFlat.check("KyleLambda", flat_value)} {}

  [[nodiscard]] double of(const PriceImpact& impact, const Market& m) const noexcept {
    if (!impact.ready()) return kNotReady;
    const double slope = impact.slope(kNotReady);  // NaN: no slope
    if (!(slope == slope)) return flat;
    const Int128 up = Int128{m.tick.num} * m.lot.den;
    const Int128 down = 2 * Int128{m.tick.den} * m.lot.num;
    return slope * ratio(up, down);
  }

  double flat;
};

}  // namespace hft::feature
