#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "hft/base/bytes.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// What ends a bar.
enum class BarKind : std::uint8_t {
  kTime = 0,    // the end of its interval
  kTick = 1,    // its n-th trade
  kVolume = 2,  // the trade with which its volume reaches the size
  kDollar = 3,  // the trade with which its traded value reaches the size
};

/// Whose open, high, low and close.
enum class BarPrice : std::uint8_t { kTrade = 0, kMid = 1 };

struct BarRule {
  BarKind kind = BarKind::kTime;
  BarPrice price = BarPrice::kTrade;
  std::int64_t every = 0;  // time: ns; tick: trades
  double size = 0.0;       // volume: base units; dollar: quote currency
};

/// A closed bar. Prices and `vwap` in px, `volume` in qty, `value` in px qty.
struct Bar {
  std::int64_t open_ns = 0;   // time: where the interval begins; else the time of its first event
  std::int64_t close_ns = 0;  // time: where the interval ends; else the time of its last trade
  double open = kNotReady;
  double high = kNotReady;
  double low = kNotReady;
  double close = kNotReady;
  double volume = kNotReady;
  double value = kNotReady;
  double vwap = kNotReady;  // NaN without a trade
  double n_trades = kNotReady;

  template <class Self, class Visit>
  static void visit(Self& self, Visit&& each) {
    each(self.open), each(self.high), each(self.low), each(self.close);
    each(self.volume), each(self.value), each(self.vwap), each(self.n_trades);
  }
};

/// Builds the bars of one symbol, one after the other.
///
///   time:    [t0, t1), t0 a multiple of `every` since 1970 UTC; ended() by the first event at or after t1, which the
///            bar does not hold
///   tick:    `every` trades            volume, dollar: trades until sum q, |sum p q| reach `size`; none is split
///
/// The price is that of each trade, or the mid that stands after each event. A trade without quantity counts for
/// nothing. What never had a price is no bar. Cost: O(1), no allocation; a closing bar some ten divisions.
/// Exact: half ticks, lots and ticks x lots are integers; a bar's values are rounded when it closes, once below 2^53.
/// `volume` and `value` are compared with `size` as they are shown: rounded to the nearest double.
/// Matches pandas and slow twins; see tests/python/differential/test_bar_clocks.py.
class BarBuilder {
 public:
  explicit BarBuilder(const BarRule& rule) noexcept : rule_{rule} {}

  /// Has the time run past the end of a time bar?
  [[nodiscard]] bool ended(std::int64_t now_ns) const noexcept { return now_ns >= end_ns_; }
  [[nodiscard]] std::int64_t end_ns() const noexcept { return end_ns_; }
  /// Ends the bar at `at_ns`. False: it had no price, so there is no bar.
  bool close(const Market& m, std::int64_t at_ns) noexcept {
    const bool is_bar = has_price_;
    if (is_bar) closed_ = finished(m, at_ns);
    begin_anew();
    return is_bar;
  }
  /// Takes the event that the market took last, after ended() has been asked. True: the event closed a bar.
  bool take(const Market& m, bool is_trade) noexcept {
    const bool traded = is_trade && m.trade_qty_lots > 0;
    if (rule_.price == BarPrice::kTrade) {
      if (!traded) return false;
      see(2 * m.trade_px_ticks, m.now_ns);
    } else if (m.book.two_sided()) {
      see(m.book.mid_half_ticks(), m.now_ns);
    }
    if (!traded) return false;
    if (!begun_) begin(m.now_ns);
    ++n_trades_, lots_ += m.trade_qty_lots, value_ += Int128{m.trade_px_ticks} * m.trade_qty_lots;
    return is_full(m) && close(m, m.now_ns);
  }

  [[nodiscard]] const Bar& closed() const noexcept { return closed_; }
  [[nodiscard]] const BarRule& rule() const noexcept { return rule_; }
  void reset() noexcept { begin_anew(), closed_ = {}; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    base::archive_bool(self.begun_, ar), base::archive_bool(self.has_price_, ar);
    ar(self.open_), ar(self.high_), ar(self.low_), ar(self.close_), ar(self.n_trades_);
    ar(self.open_ns_), ar(self.end_ns_), archive_wide(self.lots_, ar), archive_wide(self.value_, ar);
    ar(self.closed_.open_ns), ar(self.closed_.close_ns);
    Bar::visit(self.closed_, [&](auto& x) { ar(x); });
    if constexpr (Archive::kReads) {
      if (!self.is_sound()) throw std::invalid_argument("snapshot: a bar out of bounds");
    }
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kMaxTrades = std::int64_t{1} << 36;  // the sums of so many stay below 2^126

  void see(std::int64_t half_ticks, std::int64_t now_ns) noexcept {
    if (!begun_) begin(now_ns);
    if (!has_price_) open_ = high_ = low_ = half_ticks, has_price_ = true;
    close_ = half_ticks;
    if (half_ticks > high_) high_ = half_ticks;
    if (half_ticks < low_) low_ = half_ticks;
  }
  void begin(std::int64_t now_ns) noexcept {
    begun_ = true, open_ns_ = now_ns;
    if (rule_.kind != BarKind::kTime) return;
    std::int64_t since = now_ns % rule_.every;
    if (since < 0) since += rule_.every;  // towards the past, also before 1970
    open_ns_ = now_ns - since, end_ns_ = open_ns_ + rule_.every;
  }
  void begin_anew() noexcept {
    begun_ = has_price_ = false, open_ = high_ = low_ = close_ = 0, n_trades_ = 0, open_ns_ = 0, end_ns_ = kNever;
    lots_ = value_ = 0;
  }
  [[nodiscard]] bool is_full(const Market& m) const noexcept {
    switch (rule_.kind) {
      case BarKind::kTime: return false;
      case BarKind::kTick: return n_trades_ >= rule_.every;
      case BarKind::kVolume: return to_units(lots_, m.lot) >= rule_.size;
      case BarKind::kDollar: return std::abs(value_of(m)) >= rule_.size;
    }
    return false;
  }
  /// sum p q: the products in double, as those of integers could leave 128 bits; exact below 2^53.
  [[nodiscard]] double value_of(const Market& m) const noexcept {
    const double num = static_cast<double>(m.tick.num) * static_cast<double>(m.lot.num);
    return to_double(value_) * num / to_double(Int128{m.tick.den} * m.lot.den);
  }
  [[nodiscard]] double vwap_of(const Market& m) const noexcept {
    if (n_trades_ == 0) return kNotReady;
    return to_double(value_) * static_cast<double>(m.tick.num) / (to_double(lots_) * static_cast<double>(m.tick.den));
  }
  [[nodiscard]] Bar finished(const Market& m, std::int64_t at_ns) const noexcept {
    const event::Step half_tick{m.tick.num, 2 * m.tick.den};
    return {.open_ns = open_ns_,
            .close_ns = at_ns,
            .open = half_tick.to_double(open_),
            .high = half_tick.to_double(high_),
            .low = half_tick.to_double(low_),
            .close = half_tick.to_double(close_),
            .volume = to_units(lots_, m.lot),
            .value = value_of(m),
            .vwap = vwap_of(m),
            .n_trades = static_cast<double>(n_trades_)};
  }

  template <class Wide, class Archive>
  static void archive_wide(Wide& wide, Archive& ar) {
    auto low = static_cast<std::uint64_t>(wide);
    auto high = static_cast<std::int64_t>(wide >> 64);
    ar(low), ar(high);
    if constexpr (Archive::kReads) wide = (Int128{high} << 64) | Int128{low};
  }
  /// Could take() and close() have led here?
  [[nodiscard]] bool is_sound() const noexcept {
    constexpr std::int64_t kBound = 2 * Market::kMaxPxTicks;
    const bool ordered = low_ <= open_ && open_ <= high_ && low_ <= close_ && close_ <= high_;
    if (!ordered || low_ <= -kBound || high_ >= kBound || n_trades_ < 0 || n_trades_ > kMaxTrades) return false;
    if (lots_ < n_trades_ || lots_ > Int128{n_trades_} * Market::kMaxQtyLots) return false;
    if (value_ > lots_ * Market::kMaxPxTicks || value_ < -lots_ * Market::kMaxPxTicks) return false;
    if (!begun_ && (has_price_ || n_trades_ > 0)) return false;
    for (const std::int64_t t : {open_ns_, closed_.open_ns, closed_.close_ns}) {
      if (!Market::in_bounds(t)) return false;
    }
    const bool has_end = begun_ && rule_.kind == BarKind::kTime;
    if (end_ns_ != (has_end ? open_ns_ + rule_.every : kNever)) return false;
    if (has_end && open_ns_ % rule_.every != 0) return false;
    bool finite = true;
    Bar::visit(closed_, [&](double x) { finite = finite && !std::isinf(x); });
    return finite;
  }

  BarRule rule_;
  bool begun_ = false;
  bool has_price_ = false;
  std::int64_t open_ = 0;  // in half ticks, as the next three
  std::int64_t high_ = 0;
  std::int64_t low_ = 0;
  std::int64_t close_ = 0;
  std::int64_t n_trades_ = 0;
  std::int64_t open_ns_ = 0;
  std::int64_t end_ns_ = kNever;  // of a time bar that has begun
  Int128 lots_ = 0;
  Int128 value_ = 0;  // ticks x lots
  Bar closed_;
};

}  // namespace hft::feature
