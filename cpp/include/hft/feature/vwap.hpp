#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/wide_int.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Volume-weighted average price of a window of trades.
///
///   px:    v = sum of p q / sum of q          p = trade price, q = trade quantity
///   bps:   10^4 (v - mid_px) / mid_px         against the prevailing mid: the same scale for every symbol
///
/// A trade without quantity leaves the state as it was.
/// Cost: O(1), no allocation; one division.   Output unit: by `unit`.
/// Exact: sums of integer ticks x lots; in bps the numerator 2 sum(p q) - (bid + ask) sum(q) is one integer, so nothing
/// cancels. Not ready: NaN until a count window is full; NaN while a time window is empty; in bps also while there is
/// no mid. Matches a slow twin in Python integers; see tests/python/differential/test_trades.py.
class TradedValue {
 public:
  explicit TradedValue(WindowLength length) : window_{length} {}

  void update(const Market& m) noexcept {
    if (m.trade_qty_lots == 0) return;
    const Entry entry{m.trade_px_ticks, m.trade_qty_lots};
    window_.push(entry, m.now_ns, [this](const Entry& old) noexcept { leave(old); });
    enter(entry);
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](const Entry& old) noexcept { leave(old); });
  }

  [[nodiscard]] bool ready() const noexcept { return window_.length().is_time() ? window_.size() > 0 : window_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept {
    return window_.length().is_time() ? 0 : window_.length().capacity() - 1;
  }
  [[nodiscard]] double vwap_px(event::Step tick) const noexcept { return ratio(value_ * tick.num, lots_ * tick.den); }
  [[nodiscard]] double deviation_bps(std::int64_t mid_half_ticks) const noexcept {
    if (mid_half_ticks == 0) return kNotReady;
    return 1e4 * ratio(2 * value_ - mid_half_ticks * lots_, mid_half_ticks * lots_);
  }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), value_ = 0, lots_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<Entry>::archive(self.window_, ar, [&self](const auto& e) {
      if (!Market::in_bounds(e.px_ticks, e.qty_lots) || e.qty_lots == 0) {
        throw std::invalid_argument("snapshot: TradedValue out of bounds");
      }
      self.enter(e);
    });
  }

 private:
  struct Entry {
    std::int64_t px_ticks;
    std::int64_t qty_lots;
  };
  void enter(const Entry& e) noexcept { value_ += Int128{e.px_ticks} * e.qty_lots, lots_ += e.qty_lots; }
  void leave(const Entry& e) noexcept { value_ -= Int128{e.px_ticks} * e.qty_lots, lots_ -= e.qty_lots; }

  Window<Entry> window_;
  Int128 value_ = 0;  // ticks x lots; 2^20 entries below 2^90 stay below 2^110
  Int128 lots_ = 0;
};

/// How one column reads a TradedValue.
struct Vwap {
  using State = TradedValue;
  enum class Unit : std::uint8_t { kPx, kBps };

  Unit unit = Unit::kPx;

  [[nodiscard]] double of(const TradedValue& traded, const Market& m) const noexcept {
    if (!traded.ready()) return kNotReady;
    if (unit == Unit::kPx) return traded.vwap_px(m.tick);
    return m.book.two_sided() ? traded.deviation_bps(m.book.mid_half_ticks()) : kNotReady;
  }
};

}  // namespace hft::feature
