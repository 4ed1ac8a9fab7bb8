#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/queue_flow.hpp"
#include "hft/feature/wide_int.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Order-flow imbalance at level 1 (Cont, Kukanov, Stoikov 2014), summed over a window of quotes.
///
///   e_n = [Pb_n >= Pb_{n-1}] qb_n - [Pb_n <= Pb_{n-1}] qb_{n-1} - [Pa_n <= Pa_{n-1}] qa_n + [Pa_n >= Pa_{n-1}]
///   qa_{n-1} qty:    y = sum of e over the window          depths: y = sum of e / mean of (qb + qa) / 2 over the same
///   quotes
///
/// A change between two books, so the first quote has none; an empty side counts as the worst price with quantity 0.
/// Cost: O(1), no allocation; one division.   Output unit: qty, or multiples of the mean queue ("depths").
/// Exact: sums of integer lots; same window, different past: same bits.
/// Not ready: NaN until a count window is full, or a time window saw its first change; after that an empty one gives 0.
/// Matches a slow twin in Python integers; see tests/python/differential/test_order_flow.py.
class OrderFlow {
 public:
  explicit OrderFlow(WindowLength length) : window_{length} {}

  void update(const Market& m) noexcept {
    const Sides now = sides_of(m.book);
    if (has_previous_) {
      const Change change{queue_flow(previous_, now), now.bid_qty_lots + now.ask_qty_lots};
      window_.push(change, m.now_ns, [this](const Change& old) noexcept { leave(old); });
      flow_lots_ += change.flow_lots, depth_lots_ += change.depth_lots;
    }
    has_changed_ |= has_previous_;
    has_previous_ = true;
    previous_ = now;
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](const Change& old) noexcept { leave(old); });
  }

  [[nodiscard]] bool ready() const noexcept { return window_.length().is_time() ? has_changed_ : window_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept {
    return window_.length().is_time() ? 1 : window_.length().capacity();
  }
  [[nodiscard]] double qty(event::Step lot) const noexcept { return to_units(flow_lots_, lot); }
  [[nodiscard]] double depths() const noexcept {
    return depth_lots_ == 0 ? 0.0 : ratio(2 * Int128{window_.size()} * flow_lots_, depth_lots_);
  }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept {
    window_.clear(), flow_lots_ = 0, depth_lots_ = 0, previous_ = {}, has_previous_ = false, has_changed_ = false;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<Change>::archive(self.window_, ar, [&self](const auto& c) {
      constexpr std::int64_t kBound = 4 * Market::kMaxQtyLots;
      if (c.flow_lots < -kBound || c.flow_lots > kBound || c.depth_lots < 0 || c.depth_lots > kBound) {
        throw std::invalid_argument("snapshot: OrderFlow out of bounds");
      }
      self.flow_lots_ += c.flow_lots, self.depth_lots_ += c.depth_lots;
    });
    auto seen = static_cast<std::uint8_t>(self.has_previous_ + self.has_changed_);
    ar(seen);
    auto& p = self.previous_;
    ar(p.bid_px_ticks), ar(p.bid_qty_lots), ar(p.ask_px_ticks), ar(p.ask_qty_lots);
    if constexpr (Archive::kReads) {
      const auto bad = [](std::int64_t qty) { return qty < 0 || qty >= Market::kMaxQtyLots; };
      if (seen > 2 || bad(p.bid_qty_lots) || bad(p.ask_qty_lots)) {
        throw std::invalid_argument("snapshot: OrderFlow out of bounds");
      }
      self.has_previous_ = seen > 0, self.has_changed_ = seen > 1;
    }
  }

 private:
  using Sides = event::Quote;
  struct Change {
    std::int64_t flow_lots;
    std::int64_t depth_lots;
  };

  static Sides sides_of(const event::TopOfBook& b) noexcept {
    return queues_of(b.bid_px_ticks, b.bid_qty_lots, b.ask_px_ticks, b.ask_qty_lots);
  }
  void leave(const Change& old) noexcept { flow_lots_ -= old.flow_lots, depth_lots_ -= old.depth_lots; }

  Window<Change> window_;
  Int128 flow_lots_ = 0;
  Int128 depth_lots_ = 0;
  Sides previous_{};
  bool has_previous_ = false;
  bool has_changed_ = false;
};

/// How one column reads an OrderFlow.
struct OrderFlowImbalance {
  using State = OrderFlow;
  enum class Unit : std::uint8_t { kQty, kDepths };

  Unit unit = Unit::kQty;

  [[nodiscard]] double of(const OrderFlow& flow, const Market& m) const noexcept {
    if (!flow.ready()) return kNotReady;
    return unit == Unit::kQty ? flow.qty(m.lot) : flow.depths();
  }
};

}  // namespace hft::feature
