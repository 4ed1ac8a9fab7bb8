#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <vector>

#include "hft/book/order_book.hpp"

namespace hft::book::testing {

/// The same book as std::map keeps it, with the same rule for want of room: slow, and plain to read.
class BookTwin {
 public:
  explicit BookTwin(std::size_t capacity) : capacity_{capacity} {}

  void clear() { bids_.clear(), asks_.clear(), bid_horizon_ = kNone, ask_horizon_ = kNone; }
  void set(event::Side side, std::int64_t px_ticks, std::int64_t qty_lots) {
    if (side == event::Side::kBuy) set(bids_, bid_horizon_, px_ticks, qty_lots);
    else set(asks_, ask_horizon_, px_ticks, qty_lots);
  }
  [[nodiscard]] bool equals(const OrderBook& book) const {
    return equals(bids_, bid_horizon_, book.bids()) && equals(asks_, ask_horizon_, book.asks());
  }

 private:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

  template <class Map>
  void set(Map& map, std::int64_t& horizon, std::int64_t px_ticks, std::int64_t qty_lots) {
    const auto better = map.key_comp();
    if (horizon != kNone && !better(px_ticks, horizon)) return;
    if (qty_lots == 0) map.erase(px_ticks);
    else map[px_ticks] = qty_lots;
    if (map.size() <= capacity_) return;
    const auto worst = std::prev(map.end());
    horizon = worst->first;
    map.erase(worst);
  }
  template <class Map>
  static bool equals(const Map& map, std::int64_t horizon, const BookSide& side) {
    if (map.size() != side.size() || (horizon == kNone) != side.complete()) return false;
    if (horizon != kNone && horizon != side.horizon_px_ticks()) return false;
    std::vector<Level> levels(map.size() + 1);
    if (side.best(levels) != map.size()) return false;
    std::size_t i = 0;
    for (const auto& [px, qty] : map) {
      if (levels[i++] != Level{px, qty} || side.qty_lots_at(px) != qty) return false;
    }
    return map.empty() ? side.best().qty_lots == 0 : side.best() == levels[0];
  }

  std::size_t capacity_;
  std::map<std::int64_t, std::int64_t, std::greater<>> bids_;
  std::map<std::int64_t, std::int64_t, std::less<>> asks_;
  std::int64_t bid_horizon_ = kNone;
  std::int64_t ask_horizon_ = kNone;
};

}  // namespace hft::book::testing
