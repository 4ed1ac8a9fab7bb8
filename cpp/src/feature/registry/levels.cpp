#include <stdexcept>

#include "columns.hpp"
#include "hft/feature/book_depth.hpp"
#include "hft/feature/book_imbalance.hpp"
#include "hft/feature/book_order_flow.hpp"
#include "hft/feature/book_slope.hpp"
#include "hft/feature/levels.hpp"
#include "hft/feature/weighted_mid.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

constexpr IntRange kLevels{"levels", 1, 1024};
constexpr IntRange kFlowLevels{"levels", 1, BookFlow::kMaxLevels};
constexpr IntRange kLevel{"level", 0, BookFlow::kMaxLevels};

constexpr const char* kUnknownBook = "NaN while the book is not known: before its snapshot, in one, and after a gap";
constexpr const char* kLevelCost = "O(levels) a read; memory: the book, 64 bytes a level of capacity, once a symbol";
constexpr const char* kLookback = "0, once the book's snapshot is over";

/// The best levels that an operation reads, of a book that has room for them.
std::uint32_t levels_of(const Params& p, std::string_view owner, const IntRange& range = kLevels) {
  const std::int64_t capacity = Levels::kCapacity.check(owner, p.integer("capacity"));
  const std::uint32_t levels = range.check(owner, p.integer("levels"));
  if (levels <= capacity) return levels;
  throw std::invalid_argument(std::string(owner) + ": levels must be <= capacity (" + std::to_string(capacity) +
                              "), was " + std::to_string(levels));
}

BookSides sides_of(const Params& p) {
  const std::string& side = p.text("side");
  return side == "both" ? BookSides::kBoth : side == "bid" ? BookSides::kBid : BookSides::kAsk;
}

/// `levels`, then more, and the room of the book.
std::vector<Param> on_levels(const IntRange& range, std::vector<Param> more) {
  std::vector<Param> all{integer(range, "the best levels of each side that are read")};
  all.insert(all.end(), more.begin(), more.end());
  all.push_back(integer(Levels::kCapacity, Levels::kDefaultCapacity,
                        "room of the symbol's order book: levels a side; columns share one, the largest asked for"));
  return all;
}

Param side() {
  return choice("side", {"both", "bid", "ask"}, "which sides are read");
}

Column make_weighted_mid(const Params& p) {
  const std::string& unit = p.text("unit");
  const auto u = unit == "px" ? WeightedMid::Unit::kPx : WeightedMid::Unit::kBps;
  return stateless(WeightedMid{levels_of(p, "WeightedMid"), u}, unit);
}

Column make_imbalance(const Params& p) {
  return stateless(BookImbalance{levels_of(p, "BookImbalance"), p.real("decay")}, "frac");
}

Column make_depth(const Params& p) {
  return stateless(BookDepth{levels_of(p, "BookDepth"), p.real("band_bps"), sides_of(p)}, "qty");
}

Column make_slope(const Params& p) {
  const bool per_bps = p.text("unit") == "bps";
  const auto unit = per_bps ? BookSlope::Unit::kPerBps : BookSlope::Unit::kPerPx;
  return stateless(BookSlope{levels_of(p, "BookSlope"), sides_of(p), unit}, per_bps ? "qty per bps" : "qty per px");
}

Column make_flow(const Params& p) {
  const std::uint32_t levels = levels_of(p, "BookOrderFlow", kFlowLevels);
  const std::uint32_t level = kLevel.check("BookOrderFlow", p.integer("level"));
  if (level > levels) {
    throw std::invalid_argument("BookOrderFlow: level must be <= levels (" + std::to_string(levels) + "), was " +
                                std::to_string(level));
  }
  const std::string& unit = p.text("unit");
  const auto u = unit == "qty" ? BookOrderFlow::Unit::kQty : BookOrderFlow::Unit::kDepths;
  BookFlow state{p.window(), levels, level};
  const std::uint32_t lookback = state.lookback();
  return shared_window(key_of("book_flow", p, {"levels", "level"}), p.window(), std::move(state), BookOrderFlow{u},
                       lookback, unit);
}

}  // namespace

std::vector<Operation> level_operations() {
  return {
      {.name = "weighted_mid",
       .clock = Clock::kBook,
       .summary = "Mid of the best N levels, weighted by the opposite quantities.",
       .formula = "sum (bid_px_i ask_qty_i + ask_px_i bid_qty_i) / sum (bid_qty_i + ask_qty_i); bps: 1e4 (that - "
                  "mid_px) / mid_px",
       .inputs = "order book (px, qty)",
       .params = on_levels(kLevels, {choice("unit", {"px", "bps"}, "px, or bps above the mid")}),
       .lookback = kLookback,
       .output_unit = "by unit",
       .missing = "NaN while the book is not known, or a side of it is empty",
       .cost = kLevelCost,
       .oracle = "exact fractions, on recorded books",
       .standalone = "WeightedMid",
       .make = make_weighted_mid},
      {.name = "book_imbalance",
       .clock = Clock::kBook,
       .summary = "Imbalance of the queues of the best N levels, weighted by rank.",
       .formula = "(B - A) / (B + A); B = sum of decay^(i-1) bid_qty_i, A the same of the asks",
       .inputs = "order book (qty)",
       .params = on_levels(kLevels, {real(BookImbalance::kDecay, 1.0, "weight of a level beside the one before it")}),
       .lookback = kLookback,
       .output_unit = "frac",
       .missing = "NaN while the book is not known, or empty on both sides",
       .cost = kLevelCost,
       .reference = "Gould and Bonart (2016) at one level; Cartea, Jaimungal and Penalva (2015) on several",
       .oracle = "Python integers, on recorded books",
       .standalone = "BookImbalance",
       .make = make_imbalance},
      {.name = "book_depth",
       .clock = Clock::kBook,
       .summary = "Quantity on the best N levels, or on those of them near the mid.",
       .formula = "sum of qty_i; with band_bps > 0 where |px_i - mid_px| <= band_bps mid_px / 1e4",
       .inputs = "order book (px, qty)",
       .params =
           on_levels(kLevels, {side(), real(BookDepth::kBandBps, 0.0, "bps around the mid; 0: all of the levels")}),
       .lookback = kLookback,
       .output_unit = "qty",
       .missing = "NaN while the book is not known; with a band also while a side is empty",
       .flat = "0 of an empty side",
       .cost = kLevelCost,
       .oracle = "Python integers, on recorded books",
       .standalone = "BookDepth",
       .make = make_depth},
      {.name = "book_slope",
       .clock = Clock::kBook,
       .summary = "How much quantity each step away from the mid adds.",
       .formula = "sum d_i D_i / sum d_i^2; d: distance from the mid, D: quantity up to that level",
       .inputs = "order book (px, qty)",
       .params = on_levels(kLevels, {side(), choice("unit", {"bps", "px"}, "quantity per bps of the mid, or per px")}),
       .lookback = kLookback,
       .output_unit = "qty per bps, or per px",
       .missing = "NaN while the book is not known, or a side of it is empty",
       .flat = "NaN where every level stands at the mid",
       .cost = kLevelCost,
       .reference = "least squares through the origin; Naes and Skjeltorp (2006) use elasticities instead",
       .oracle = "exact fractions, on recorded books",
       .standalone = "BookSlope",
       .make = make_slope},
      {.name = "book_order_flow",
       .clock = Clock::kBook,
       .summary = "Order-flow imbalance on N levels, summed over a window of changes of the book.",
       .formula = "sum of e_m (Xu, Gould, Howison 2018); depths: over the mean queue of the levels",
       .inputs = "order book (px, qty)",
       .params = on_levels(kFlowLevels,
                           windowed(1, {integer(kLevel, 0, "1 to levels: that level alone; 0: the sum of all"),
                                        choice("unit", {"qty", "depths"}, "qty, or multiples of the mean queue")})),
       .lookback = "window changes behind the first; a time window: 1",
       .output_unit = "by unit",
       .missing = kUnknownBook,
       .flat = "an empty time window has the value 0",
       .cost = "O(levels) a change; memory: the window, and the book",
       .reference = "Xu, Gould and Howison (2018), Multi-level order-flow imbalance in a limit order book",
       .oracle = "a slow twin in integers, exactly, on recorded books",
       .standalone = "BookOrderFlow",
       .make = make_flow},
  };
}

}  // namespace hft::feature
