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

/// The levels of one side, sorted, the best one last.
///
/// A level that goes stays as an entry without quantity, since most come back: then nothing moves. When there are half
/// as many empty entries as levels, they leave at once. The best entry is never an empty one.
///
/// The number of levels is fixed. When it is reached the worst level leaves and the horizon rises to its price: from
/// there on nothing at or behind the horizon is kept, until clear(). So what is shown is complete as far as it goes.
///
/// Cost: a search from the touch, log2 of the distance in entries; a price that is new moves the entries better than it
/// (16 bytes each); once in half as many new prices as there are levels, and whenever a full side gets one more, all
/// move. No allocation after construction.
class BookSide {
 public:
  /// Cold path. `side` must be kBuy or kSell, capacity > 0.
  BookSide(event::Side side, std::size_t capacity)
      : sign_{side == event::Side::kBuy ? 1 : -1},
        capacity_{capacity},
        keys_{std::make_unique_for_overwrite<std::int64_t[]>(2 * capacity)},
        lots_{std::make_unique_for_overwrite<std::int64_t[]>(2 * capacity)} {}
  /// Cold path: room of its own, and the same levels.
  BookSide(const BookSide& other)
      : sign_{other.sign_},
        capacity_{other.capacity_},
        size_{other.size_},
        n_entries_{other.n_entries_},
        horizon_{other.horizon_},
        keys_{std::make_unique_for_overwrite<std::int64_t[]>(2 * capacity_)},
        lots_{std::make_unique_for_overwrite<std::int64_t[]>(2 * capacity_)} {
    std::copy_n(other.keys_.get(), n_entries_, keys_.get());
    std::copy_n(other.lots_.get(), n_entries_, lots_.get());
  }
  BookSide(BookSide&&) noexcept = default;
  BookSide& operator=(const BookSide& other) { return *this = BookSide{other}; }
  BookSide& operator=(BookSide&&) noexcept = default;
  ~BookSide() = default;

  /// New quantity at a price; 0 removes the level. |px_ticks| must stay below 2^62.
  Change set(std::int64_t px_ticks, std::int64_t qty_lots) noexcept {
    const std::int64_t key = sign_ * px_ticks;
    if (key <= horizon_) [[unlikely]]
      return Change::kBeyond;
    const std::size_t at = find(key);
    const bool known = at < n_entries_ && keys_[at] == key;
    const std::int64_t before = known ? lots_[at] : 0;
    if (before != 0 && qty_lots != 0) {
      lots_[at] = qty_lots;
      return before == qty_lots ? Change::kNone : Change::kChanged;
    }
    if (qty_lots == 0) {
      if (before == 0) return Change::kNone;
      lots_[at] = 0, --size_;
      while (n_entries_ > 0 && lots_[n_entries_ - 1] == 0) --n_entries_;
      return Change::kRemoved;
    }
    if (size_ == capacity_) [[unlikely]]
      return overflow(key, qty_lots);
    if (known) lots_[at] = qty_lots;
    else insert(at, key, qty_lots);
    ++size_;
    return Change::kAdded;
  }
  void clear() noexcept { size_ = 0, n_entries_ = 0, horizon_ = kNoHorizon; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// Memory that a side of this capacity takes for its levels.
  [[nodiscard]] static constexpr std::size_t room_bytes(std::size_t capacity) noexcept {
    return 2 * 2 * capacity * sizeof(std::int64_t);
  }
  /// The best level; quantity 0 where there is none.
  [[nodiscard]] Level best() const noexcept {
    return n_entries_ > 0 ? Level{sign_ * keys_[n_entries_ - 1], lots_[n_entries_ - 1]} : Level{0, 0};
  }
  /// The best levels, best first; how many there were.
  std::size_t best(std::span<Level> out) const noexcept {
    std::size_t n = 0;
    Cursor levels = from_best();
    while (n < out.size() && (out[n] = levels.next()).qty_lots != 0) ++n;
    return n;
  }
  /// Walks the levels, best first, as long as the side does not change.
  class Cursor {
   public:
    /// The next level; quantity 0 behind the last.
    Level next() noexcept {
      while (i_ > 0) {
        if (const std::int64_t lots = side_->lots_[--i_]; lots != 0) return {side_->sign_ * side_->keys_[i_], lots};
      }
      return {0, 0};
    }

   private:
    friend class BookSide;
    explicit Cursor(const BookSide& side) noexcept : side_{&side}, i_{side.n_entries_} {}
    const BookSide* side_;
    std::size_t i_;
  };
  [[nodiscard]] Cursor from_best() const noexcept { return Cursor{*this}; }
  /// Quantity at a price; 0 where no level is.
  [[nodiscard]] std::int64_t qty_lots_at(std::int64_t px_ticks) const noexcept {
    const std::int64_t key = sign_ * px_ticks;
    const std::size_t at = find(key);
    return at < n_entries_ && keys_[at] == key ? lots_[at] : 0;
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
    std::size_t high = n_entries_;  // everything from here on is >= key
    std::size_t step = 1;
    while (step <= high && keys[high - step] >= key) high -= step, step *= 2;
    std::size_t low = step <= high ? high - step + 1 : 0;
    for (std::size_t n = high - low; n > 0; n /= 2) {  // one step more than needed now and then, and no branch
      const std::size_t half = (n + 1) / 2;
      low += keys[low + half - 1] < key ? half : 0;
    }
    return low;
  }
  void insert(std::size_t at, std::int64_t key, std::int64_t qty_lots) noexcept {
    if (n_entries_ >= most_entries()) [[unlikely]]
      drop_empty(), at = find(key);
    std::memmove(&keys_[at] + 1, &keys_[at], (n_entries_ - at) * sizeof(std::int64_t));
    std::memmove(&lots_[at] + 1, &lots_[at], (n_entries_ - at) * sizeof(std::int64_t));
    keys_[at] = key, lots_[at] = qty_lots;
    ++n_entries_;
  }
  /// Half as many empty entries as levels, and some: more would cost longer ways than they save.
  [[nodiscard]] std::size_t most_entries() const noexcept {
    return std::min(2 * capacity_, size_ + size_ / 2 + 64);
  }
  /// Leaves the levels alone, so that as many entries as levels are left.
  void drop_empty() noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < n_entries_; ++i) {
      if (lots_[i] != 0) keys_[n] = keys_[i], lots_[n++] = lots_[i];
    }
    n_entries_ = n;
  }
  Change overflow(std::int64_t key, std::int64_t qty_lots) noexcept {
    drop_empty();
    const std::size_t at = find(key);
    if (at == 0) return horizon_ = key, Change::kOverflow;
    horizon_ = keys_[0];
    std::memmove(&keys_[0], &keys_[1], (at - 1) * sizeof(std::int64_t));
    std::memmove(&lots_[0], &lots_[1], (at - 1) * sizeof(std::int64_t));
    keys_[at - 1] = key, lots_[at - 1] = qty_lots;
    return Change::kOverflow;
  }

  std::int64_t sign_;  // bids by price, asks by its negative: the best key is the largest
  std::size_t capacity_;
  std::size_t size_ = 0;       // levels
  std::size_t n_entries_ = 0;  // and the prices where one was
  std::int64_t horizon_ = kNoHorizon;
  std::unique_ptr<std::int64_t[]> keys_;
  std::unique_ptr<std::int64_t[]> lots_;
};

}  // namespace hft::book
