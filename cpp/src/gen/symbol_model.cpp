#include "hft/gen/symbol_model.hpp"

#include <algorithm>
#include <bit>

#include "hft/gen/variates.hpp"

namespace hft::gen {
namespace {

constexpr std::int64_t kMaxSpreadTicks = 4;
constexpr double kMoveFrac = 0.03;     // of happenings, at variance 1
constexpr double kMaxMoveFrac = 0.5;   // in the wildest second
constexpr double kTradeFrac = 0.2;     // of the other happenings
constexpr double kTouchFrac = 0.6;     // up to here, the touch changes size; beyond, a deeper level
constexpr double kWidenFrac = 0.125;   // of moves from a spread that could close

constexpr double kPressureKept = 0.995;    // per happening
constexpr double kPressureKick = 0.05;     // sqrt(1 - 0.995^2) / 2: the pressure's own deviation is a half
constexpr double kFlowTilt = 0.6;
constexpr double kQueueTilt = 0.8;

constexpr double kVarianceStepNs = 1e9;
constexpr double kVarianceBase = 0.02;     // w = 1 - a - b, so that the mean is 1
constexpr double kVarianceShock = 0.12;    // a
constexpr double kVarianceKept = 0.86;     // b

constexpr std::int64_t kRoundLot = 100;

std::int64_t deep_qty(Rng& rng) noexcept { return kRoundLot * (1 + below(rng(), 40)); }

/// Mostly a round lot or two, rarely 64 of them (each doubling is half as likely); one trade in four is an odd lot.
std::int64_t trade_qty(Rng& rng) noexcept {
  const std::uint64_t bits = rng();
  if ((bits >> 62) == 0) return 1 + below(rng(), 99);
  const int doublings = std::min(std::countr_zero(bits), 6);
  return kRoundLot * (1 + below(rng(), std::uint32_t{1} << doublings));
}

}  // namespace

SymbolModel::SymbolModel(const event::Instrument& instrument, const Config& config, Rng& rng)
    : signal_frac_{config.signal_frac},
      min_px_ticks_{instrument.min_px_ticks},
      max_px_ticks_{instrument.max_px_ticks},
      depth_{static_cast<std::size_t>(std::max<std::int64_t>(1, config.book_levels))},
      levels_visible_{config.book_levels > 0} {
  const std::int64_t room = static_cast<std::int64_t>(depth_) + kMaxSpreadTicks;
  const std::int64_t wanted = 2'000 + below(rng(), 18'000);
  bids_.px_ticks = std::clamp(wanted, min_px_ticks_ + room, max_px_ticks_ - room);
  asks_.px_ticks = bids_.px_ticks + 1;
}

void SymbolModel::open_session(Burst& burst, Rng& rng) noexcept {
  pressure_ = 0.0;
  next_step_ns_ = kVarianceStepNs;
  for (BookSide* book : {&bids_, &asks_}) {
    for (std::size_t level = 0; level < depth_; ++level) {
      book->qty_lots[level] = level == 0 ? touch_qty(*book, rng) : deep_qty(rng);
      emit_level(*book, book->px_at(level), book->qty_lots[level], burst);
    }
  }
  emit_quote(burst);
}

void SymbolModel::happen(double t_ns, Burst& burst, Rng& rng) noexcept {
  step_variance(t_ns, rng);
  pressure_ = std::clamp(kPressureKept * pressure_ + kPressureKick * near_normal(rng()), -1.0, 1.0);
  if (uniform(rng()) < std::min(kMoveFrac * variance_, kMaxMoveFrac)) return move(burst, rng);
  const double other = uniform(rng());
  if (other < kTradeFrac) return trade(burst, rng);
  if (other < kTouchFrac || depth_ == 1) return resize_touch(burst, rng);
  resize_deep(burst, rng);
}

void SymbolModel::step_variance(double t_ns, Rng& rng) noexcept {
  for (; t_ns >= next_step_ns_; next_step_ns_ += kVarianceStepNs) {
    const double z = near_normal(rng());
    variance_ = kVarianceBase + (kVarianceShock * z * z + kVarianceKept) * variance_;
  }
}

bool SymbolModel::next_move_is_up(Rng& rng) const noexcept {
  const double u = uniform(rng());
  // At the edge of the instrument's range there is one way only.
  if (asks_.px_at(depth_) > max_px_ticks_) return false;
  if (bids_.px_at(depth_) < min_px_ticks_) return true;
  return 2.0 * u < 1.0 + signal_frac_ * std::clamp(2.0 * pressure_, -1.0, 1.0);
}

void SymbolModel::move(Burst& burst, Rng& rng) noexcept {
  const bool up = next_move_is_up(rng);
  BookSide& ahead = up ? asks_ : bids_;   // gives way
  BookSide& behind = up ? bids_ : asks_;  // follows
  const std::int64_t spread_ticks = asks_.px_ticks - bids_.px_ticks;
  const bool widen = uniform(rng()) < kWidenFrac && spread_ticks < kMaxSpreadTicks;
  if (spread_ticks == 1 || widen) {
    retreat(ahead, burst, rng);
  } else {
    advance(behind, burst, rng);
  }
  emit_quote(burst);
}

/// The touch is used up, by a trade as often as by cancels; the next level becomes the touch.
void SymbolModel::retreat(BookSide& book, Burst& burst, Rng& rng) noexcept {
  if ((rng() >> 63) != 0) {
    const event::Side taker = book.side == event::Side::kSell ? event::Side::kBuy : event::Side::kSell;
    burst.trade(taker, book.px_ticks, book.qty_lots[0]);
  }
  emit_level(book, book.px_ticks, 0, burst);
  std::copy(book.qty_lots.begin() + 1, book.qty_lots.end(), book.qty_lots.begin());
  book.px_ticks += book.outward;
  const std::size_t last = depth_ - 1;
  if (last > 0) {
    book.qty_lots[last] = deep_qty(rng);
    emit_level(book, book.px_at(last), book.qty_lots[last], burst);
  }
  book.qty_lots[0] = touch_qty(book, rng);
  emit_level(book, book.px_ticks, book.qty_lots[0], burst);
}

/// A better price appears; the deepest level leaves the visible book.
void SymbolModel::advance(BookSide& book, Burst& burst, Rng& rng) noexcept {
  emit_level(book, book.px_at(depth_ - 1), 0, burst);
  std::copy_backward(book.qty_lots.begin(), book.qty_lots.end() - 1, book.qty_lots.end());
  book.px_ticks -= book.outward;
  book.qty_lots[0] = touch_qty(book, rng);
  emit_level(book, book.px_ticks, book.qty_lots[0], burst);
}

void SymbolModel::trade(Burst& burst, Rng& rng) noexcept {
  const bool buyer = 2.0 * uniform(rng()) < 1.0 + kFlowTilt * pressure_;
  BookSide& book = buyer ? asks_ : bids_;
  std::int64_t& touch = book.qty_lots[0];
  const std::int64_t qty_lots = std::min(trade_qty(rng), touch);
  burst.trade(buyer ? event::Side::kBuy : event::Side::kSell, book.px_ticks, qty_lots);
  touch -= qty_lots;
  if (touch == 0) touch = touch_qty(book, rng);  // refilled at once: only move() moves the price
  emit_level(book, book.px_ticks, touch, burst);
  emit_quote(burst);
}

void SymbolModel::resize_touch(Burst& burst, Rng& rng) noexcept {
  BookSide& book = (rng() >> 63) != 0 ? bids_ : asks_;
  book.qty_lots[0] = touch_qty(book, rng);
  emit_level(book, book.px_ticks, book.qty_lots[0], burst);
  emit_quote(burst);
}

void SymbolModel::resize_deep(Burst& burst, Rng& rng) noexcept {
  const std::uint64_t bits = rng();
  BookSide& book = (bits & 1U) != 0 ? bids_ : asks_;
  const std::size_t level = 1 + below(bits, static_cast<std::uint32_t>(depth_ - 1));
  book.qty_lots[level] = deep_qty(rng);
  emit_level(book, book.px_at(level), book.qty_lots[level], burst);
}

std::int64_t SymbolModel::touch_qty(const BookSide& book, Rng& rng) const noexcept {
  const double tilt = 1.0 - kQueueTilt * pressure_ * static_cast<double>(book.outward);
  return kRoundLot * (1 + static_cast<std::int64_t>(10.0 * tilt * (0.5 + uniform(rng()))));
}

void SymbolModel::emit_level(const BookSide& book, std::int64_t px_ticks, std::int64_t qty_lots,
                             Burst& burst) noexcept {
  if (levels_visible_) burst.level(book.side, px_ticks, qty_lots, ++update_id_);
}

void SymbolModel::emit_quote(Burst& burst) const noexcept {
  burst.quote({bids_.px_ticks, bids_.qty_lots[0], asks_.px_ticks, asks_.qty_lots[0]});
}

}  // namespace hft::gen
