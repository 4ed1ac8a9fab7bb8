#pragma once

#include <cstddef>
#include <cstdint>

#include "hft/book/order_book.hpp"
#include "hft/event/event.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// The order book of one symbol, as the state that all operations on levels read.
///
/// A level that a rule of the spec leaves out still changes the book, which would not be the book without it; one that
/// is not to be believed loses it. A session that begins leaves it as it is: levels stand where they stood. A gap loses
/// it until the next snapshot.
/// Cost: see book::BookSide; 64 bytes of room a level.
class Levels {
 public:
  static constexpr IntRange kCapacity{"capacity", 1, book::OrderBook::kMaxCapacity};
  static constexpr std::int64_t kDefaultCapacity = 2048;
  static constexpr std::size_t kInputs = 0;  // the pipeline feeds it, ahead of all programs

  /// Cold path: throws std::invalid_argument unless 1 <= capacity <= 2^20, levels a side.
  explicit Levels(std::int64_t capacity) : book_{kCapacity.check("Levels", capacity)} {}

  /// False: it changed no level of a known book.
  bool apply(const event::Event& e) noexcept { return book_.apply(e); }
  void lose() noexcept { book_.lose(); }
  void begin_anew(bool after_gap) noexcept {
    if (after_gap) book_.lose();
  }
  void reset() noexcept { book_.reset(); }
  [[nodiscard]] const book::OrderBook& book() const noexcept { return book_; }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return book_.room_bytes(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads)
      self.book_.load(ar);
    else
      self.book_.save(ar);
  }

 private:
  book::OrderBook book_;
};

}  // namespace hft::feature
