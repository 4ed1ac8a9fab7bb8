#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hft/event/event.hpp"
#include "hft/gen/config.hpp"

namespace hft::gen {

/// The events of one happening at the venue: they share symbol and time, and the quote that sums them up comes last.
class Burst {
 public:
  static constexpr std::size_t kCapacity = 2 * kMaxBookLevels + 4;  // a snapshot is the largest

  /// Begins anew. `head` holds what all events share; `source_seq` rises by one from event to event.
  void begin(const event::Event& head) noexcept {
    head_ = head;
    size_ = 0;
  }
  void trade(event::Side aggressor, std::int64_t px_ticks, std::int64_t qty_lots) noexcept {
    event::Event& event = add(event::EventKind::kTrade, aggressor);
    event.trade = {px_ticks, qty_lots, {0, 0}};
  }
  void level(event::Side side, std::int64_t px_ticks, std::int64_t qty_lots, std::int64_t update_id) noexcept {
    event::Event& event = add(event::EventKind::kBookLevel, side);
    event.level = {px_ticks, qty_lots, update_id, 0};
  }
  void quote(const event::Quote& quote) noexcept {
    event::Event& event = add(event::EventKind::kQuote, event::Side::kUnknown);
    event.quote = quote;
  }
  [[nodiscard]] std::span<const event::Event> events() const noexcept { return {events_.data(), size_}; }

 private:
  event::Event& add(event::EventKind kind, event::Side side) noexcept {
    event::Event& event = events_[size_];
    event = head_;
    event.source_seq += size_;
    event.kind = kind;
    event.side = side;
    ++size_;
    return event;
  }

  std::array<event::Event, kCapacity> events_;
  event::Event head_{};
  std::size_t size_ = 0;
};

}  // namespace hft::gen
