#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>

#include "hft/event/event.hpp"

namespace hft::book {

/// One price and the quantity that stands there.
struct Level {
  std::int64_t px_ticks;
  std::int64_t qty_lots;
  friend bool operator==(const Level&, const Level&) = default;
};

/// What a level did to its side.
enum class Change : std::uint8_t {
  kNone = 0,     // it was so already, or there was nothing to remove
  kChanged = 1,  // another quantity
  kAdded = 2,
  kRemoved = 3,
  kBeyond = 4,    // behind the horizon: left out
  kOverflow = 5,  // added, and the worst level left; or it was the worst itself
};

/// The levels of one side, sorted, the best one last: what happens near the touch moves few of them.
///
/// Room is fixed. When it is full the worst level leaves and the horizon rises to its price: from there on nothing at
/// or behind the horizon is kept, until clear(). So what is shown is always complete as far as it goes.
///
/// Cost: a search from the touch, log2 of the distance in levels; a level that comes or goes moves those better than
/// it (16 bytes each). A full side that gets one more moves up to all. No allocation after construction.
class BookSide {
 public:
  /// Cold path. `side` must be kBuy or kSell, capacity > 0.
  BookSide(event::Side side, std::size_t capacity)
      : sign_{side == event::Side::kBuy ? 1 : -1},
        capacity_{capacity},
        keys_{std::make_unique_for_overwrite<std::int64_t[]>(capacity)},
        lots_{std::make_unique_for_overwrite<std::int64_t[]>(capacity)} {}

  /// New quantity at a price; 0 removes the level. |px_ticks| must stay below 2^62.
  Change set(std::int64_t px_ticks, std::int64_t qty_lots) noexcept {
    const std::int64_t key = sign_ * px_ticks;
    if (key <= horizon_) [[unlikely]]
      return Change::kBeyond;
    const std::size_t at = find(key);
    if (at < size_ && keys_[at] == key) {
      if (qty_lots == 0) return remove(at), Change::kRemoved;
      const bool same = lots_[at] == qty_lots;
      lots_[at] = qty_lots;
      return same ? Change::kNone : Change::kChanged;
    }
    if (qty_lots == 0) return Change::kNone;
    if (size_ == capacity_) [[unlikely]]
      return overflow(at, key, qty_lots);
    insert(at, key, qty_lots);
    return Change::kAdded;
  }
  void clear() noexcept { size_ = 0, horizon_ = kNoHorizon; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// The i-th best; i < size().
  [[nodiscard]] Level level(std::size_t i) const noexcept {
    return {sign_ * keys_[size_ - 1 - i], lots_[size_ - 1 - i]};
  }
  /// The best levels, best first; how many there were.
  std::size_t best(std::span<Level> out) const noexcept {
    const std::size_t n = std::min(out.size(), size_);
    for (std::size_t i = 0; i < n; ++i) out[i] = level(i);
    return n;
  }
  /// Quantity at a price; 0 where no level is.
  [[nodiscard]] std::int64_t qty_lots_at(std::int64_t px_ticks) const noexcept {
    const std::int64_t key = sign_ * px_ticks;
    const std::size_t at = find(key);
    return at < size_ && keys_[at] == key ? lots_[at] : 0;
  }
  /// Has no level been left out for want of room?
  [[nodiscard]] bool complete() const noexcept { return horizon_ == kNoHorizon; }
  /// Nothing at this price or behind it is kept. Only where !complete().
  [[nodiscard]] std::int64_t horizon_px_ticks() const noexcept { return sign_ * horizon_; }
  void set_horizon(std::int64_t px_ticks) noexcept { horizon_ = sign_ * px_ticks; }

 private:
  static constexpr std::int64_t kNoHorizon = std::numeric_limits<std::int64_t>::min();

  /// The first place whose key is not below `key`: doubling steps from the best, then halving.
  [[nodiscard]] std::size_t find(std::int64_t key) const noexcept {
    const std::int64_t* keys = keys_.get();
    std::size_t high = size_;  // everything from here on is >= key
    std::size_t step = 1;
    while (step <= high && keys[high - step] >= key) high -= step, step *= 2;
    std::size_t low = step <= high ? high - step + 1 : 0;
    for (std::size_t n = high - low; n > 0;) {
      const std::size_t half = n / 2;
      const bool below = keys[low + half] < key;
      low += below ? half + 1 : 0;
      n = below ? n - half - 1 : half;
    }
    return low;
  }
  void insert(std::size_t at, std::int64_t key, std::int64_t qty_lots) noexcept {
    std::memmove(&keys_[at] + 1, &keys_[at], (size_ - at) * sizeof(std::int64_t));
    std::memmove(&lots_[at] + 1, &lots_[at], (size_ - at) * sizeof(std::int64_t));
    keys_[at] = key, lots_[at] = qty_lots;
    ++size_;
  }
  void remove(std::size_t at) noexcept {
    --size_;
    std::memmove(&keys_[at], &keys_[at] + 1, (size_ - at) * sizeof(std::int64_t));
    std::memmove(&lots_[at], &lots_[at] + 1, (size_ - at) * sizeof(std::int64_t));
  }
  Change overflow(std::size_t at, std::int64_t key, std::int64_t qty_lots) noexcept {
    if (at == 0) return horizon_ = key, Change::kOverflow;
    horizon_ = keys_[0];
    std::memmove(&keys_[0], &keys_[1], (at - 1) * sizeof(std::int64_t));
    std::memmove(&lots_[0], &lots_[1], (at - 1) * sizeof(std::int64_t));
    keys_[at - 1] = key, lots_[at - 1] = qty_lots;
    return Change::kOverflow;
  }

  std::int64_t sign_;  // bids by price, asks by its negative: the best key is the largest
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::int64_t horizon_ = kNoHorizon;
  std::unique_ptr<std::int64_t[]> keys_;
  std::unique_ptr<std::int64_t[]> lots_;
};

}  // namespace hft::book
