#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/gen/burst.hpp"
#include "hft/gen/config.hpp"
#include "hft/gen/rng.hpp"

namespace hft::gen {

/// One side of the visible book: neighbouring prices outward from the touch, each with a positive quantity.
struct BookSide {
  event::Side side;
  std::int64_t outward;  // -1 for bids, +1 for asks
  std::int64_t px_ticks = 0;
  std::array<std::int64_t, kMaxBookLevels> qty_lots{};

  [[nodiscard]] std::int64_t px_at(std::size_t level) const noexcept {
    return px_ticks + outward * static_cast<std::int64_t>(level);
  }
};

/// The market of one symbol, one happening at a time.
///
/// A hidden pressure p in [-1, 1] reverts to 0 over about two hundred happenings. It sizes the touch (bids grow with
/// p, asks shrink) and tilts the takers (P(buyer) = (1 + 0.6 p) / 2): that is what can be seen of it. When the price
/// moves, by half a tick of the mid, it goes up with probability (1 + signal * clamp(2 p, -1, 1)) / 2. At signal 0
/// nothing that can be seen says anything about the next move.
///
/// How often it moves follows a variance v of mean 1: v' = w + (a z^2 + b) v once a second, z of unit variance: the
/// variance process of GARCH(1,1) (Bollerslev 1986). Its clusters and its tail become those of the returns.
///
/// Invariants after every happening: bid < ask <= bid + 4 ticks, every level within the instrument's bounds, every
/// quantity positive. Cost: 60 to 90 ns each, no allocation; see bench/cpp/bench_gen.cpp.
class SymbolModel {
 public:
  SymbolModel(const event::Instrument& instrument, const Config& config, Rng& rng);

  /// The whole book as a snapshot, then its quote. The pressure of yesterday is forgotten, its prices are not.
  void open_session(Burst& burst, Rng& rng) noexcept;
  /// One happening at `t_ns` after the session's start: a move, a trade, or a change of a level.
  void happen(double t_ns, Burst& burst, Rng& rng) noexcept;

 private:
  void step_variance(double t_ns, Rng& rng) noexcept;
  void move(Burst& burst, Rng& rng) noexcept;
  void trade(Burst& burst, Rng& rng) noexcept;
  void resize_touch(Burst& burst, Rng& rng) noexcept;
  void resize_deep(Burst& burst, Rng& rng) noexcept;
  void retreat(BookSide& book, Burst& burst, Rng& rng) noexcept;
  void advance(BookSide& book, Burst& burst, Rng& rng) noexcept;
  void emit_level(const BookSide& book, std::int64_t px_ticks, std::int64_t qty_lots, Burst& burst) noexcept;
  void emit_quote(Burst& burst) const noexcept;
  [[nodiscard]] std::int64_t touch_qty(const BookSide& book, Rng& rng) const noexcept;
  [[nodiscard]] bool next_move_is_up(Rng& rng) const noexcept;

  double signal_frac_;
  double pressure_ = 0.0;
  double variance_ = 1.0;
  double next_step_ns_ = 0.0;
  std::int64_t min_px_ticks_;
  std::int64_t max_px_ticks_;
  std::int64_t update_id_ = 0;
  std::size_t depth_;    // levels kept, at least the touch
  bool levels_visible_;  // false: no book-level events
  BookSide bids_{event::Side::kBuy, -1};
  BookSide asks_{event::Side::kSell, +1};
};

}  // namespace hft::gen
