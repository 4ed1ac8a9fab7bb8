#include "hft/book/order_book.hpp"

namespace hft::book {
namespace {

constexpr std::uint8_t kVersion = 2;

[[noreturn]] void refuse(const char* what) {
  throw std::invalid_argument(std::string("OrderBook snapshot: ") + what);
}

void save_side(const BookSide& side, base::ByteWriter& out) {
  const bool complete = side.complete();
  base::archive_bool(complete, out);
  if (!complete) out(side.horizon_px_ticks());
  out(static_cast<std::uint32_t>(side.size()));
  BookSide::Cursor levels = side.from_best();
  for (std::size_t i = 0; i < side.size(); ++i) {
    const Level level = levels.next();
    out(level.px_ticks), out(level.qty_lots);
  }
}

void load_side(BookSide& side, event::Side which, base::ByteReader& in) {
  bool complete = true;
  base::archive_bool(complete, in);
  std::int64_t horizon = 0;
  if (!complete) in(horizon);
  if (horizon <= -OrderBook::kMaxPxTicks || horizon >= OrderBook::kMaxPxTicks) refuse("a horizon out of bounds");
  std::uint32_t n = 0;
  in(n);
  if (n > side.capacity()) refuse("more levels than the book holds");
  const std::int64_t worse = which == event::Side::kBuy ? -1 : 1;  // the direction of prices behind the best
  std::int64_t last = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    Level level{};
    in(level.px_ticks), in(level.qty_lots);
    if (!OrderBook::in_bounds(which, level.px_ticks, level.qty_lots) || level.qty_lots == 0) {
      refuse("a level out of bounds");
    }
    if (i > 0 && (level.px_ticks - last) * worse <= 0) refuse("levels out of order");
    if (!complete && (horizon - level.px_ticks) * worse <= 0) refuse("a level behind the horizon");
    last = level.px_ticks;
    side.set(level.px_ticks, level.qty_lots);
  }
  if (!complete) side.set_horizon(horizon);
}

}  // namespace

void OrderBook::save(base::ByteWriter& out) const {
  out(kVersion), out(rule_), out(status_);
  base::archive_bool(in_update_, out), base::archive_bool(broken_, out), base::archive_bool(marked_, out);
  out(id_);
  Counters::visit(counters_, [&out](const char*, const std::uint64_t& n) { out(n); });
  save_side(bids_, out), save_side(asks_, out);
}

void OrderBook::load(base::ByteReader& in) {
  reset();
  try {
    std::uint8_t version = 0;
    in(version);
    if (version != kVersion) refuse("of another version");
    IdRule rule{};
    Status status{};
    in(rule), in(status);
    if (rule != rule_) refuse("of a book with another rule for ids");
    if (status > Status::kLost) refuse("no such status");
    base::archive_bool(in_update_, in), base::archive_bool(broken_, in), base::archive_bool(marked_, in);
    in(id_);
    Counters::visit(counters_, [&in](const char*, std::uint64_t& n) { in(n); });
    load_side(bids_, event::Side::kBuy, in), load_side(asks_, event::Side::kSell, in);
    const bool shows = status == Status::kValid || status == Status::kFilling;
    if (!shows && (bids_.size() > 0 || asks_.size() > 0 || !bids_.complete() || !asks_.complete())) {
      refuse("a lost book with levels");
    }
    status_ = status;
  } catch (...) {
    reset();
    throw;
  }
}

}  // namespace hft::book
