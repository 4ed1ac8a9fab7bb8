#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/decision/intent.hpp"
#include "hft/event/top_of_book.hpp"

namespace hft::decision {

struct ThresholdParams {
  double threshold_frac = 0.70;      // a class trades when its score is at least this
  std::int64_t order_qty_lots = 1;   // size of each entry
  std::int64_t cooldown_ns = 0;      // event time from one intent of a symbol to its next entry
  std::int64_t hold_ns = 0;          // a position is closed after this much event time; 0: never
  std::uint32_t up_class = 2;        // index of the class "price rises" among the model's scores
  std::uint32_t down_class = 0;      // index of the class "price falls"

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.threshold_frac), ar(self.order_qty_lots), ar(self.cooldown_ns), ar(self.hold_ns);
    ar(self.up_class), ar(self.down_class);
    if constexpr (Archive::kReads) validate(self);
  }
};

/// Cold path: throws std::invalid_argument naming the parameter, the rule and the value.
inline void validate(const ThresholdParams& params) {
  // Upper bounds keep every sum of them with a time or a quantity far from overflow.
  constexpr std::int64_t kMaxQtyLots = 1'000'000'000'000;
  constexpr std::int64_t kMaxDurationNs = 1'000'000'000'000'000'000;  // 31 years
  const auto in_range = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value < least || value > most) {
      throw std::invalid_argument("Threshold: " + std::string{name} + " must be in [" + std::to_string(least) + ", " +
                                  std::to_string(most) + "], was " + std::to_string(value));
    }
  };
  if (!(params.threshold_frac > 0.0 && params.threshold_frac <= 1.0)) {
    throw std::invalid_argument("Threshold: threshold must be in (0, 1], was " +
                                std::to_string(params.threshold_frac));
  }
  in_range("order_qty_lots", params.order_qty_lots, 1, kMaxQtyLots);
  in_range("cooldown_ns", params.cooldown_ns, 0, kMaxDurationNs);
  in_range("hold_ns", params.hold_ns, 0, kMaxDurationNs);
  if (params.up_class == params.down_class) {
    throw std::invalid_argument("Threshold: up_class and down_class must differ, both were " +
                                std::to_string(params.up_class));
  }
}

/// Buys when the score of "up" reaches the threshold, sells when that of "down" does, and otherwise abstains.
///
///   position   up passes     down passes
///   flat       buy to open   sell to open
///   long       hold          sell all
///   short      buy all       hold
///
/// Only the larger score can pass, so a threshold of 0.5 or less stays unambiguous; equal scores abstain, and so does
/// a NaN. A close does not reverse in one step: the next row that still passes opens the other way. The cooldown holds
/// back entries and never an exit; it runs from each intent, accepted or refused, so refusals do not come per tick.
///
/// Cost: O(1), two comparisons for the usual abstention.   State: 8 bytes per symbol.
class Threshold {
 public:
  /// Cold path: throws std::invalid_argument for parameters that break a rule.
  Threshold(const ThresholdParams& params, std::size_t n_symbols)
      : params_{params}, entry_from_ns_(n_symbols, kAlways) {
    validate(params);
  }

  /// Other parameters, valid ones, from here on. A cooldown that runs goes on as it began.
  void apply(const ThresholdParams& params) noexcept { params_ = params; }
  [[nodiscard]] const ThresholdParams& params() const noexcept { return params_; }

  [[nodiscard]] Scores scores(std::span<const double> proba) const noexcept {
    return {proba[params_.up_class], proba[params_.down_class]};
  }

  /// Asked on each quote of a symbol, before any model is: closes a position that was held long enough, once the side
  /// that the close takes is there and the book is not crossed.
  [[nodiscard]] Intent on_quote(std::uint32_t symbol_id, const event::TopOfBook& book, const Holding& holding,
                                std::int64_t now_ns) noexcept {
    const bool expired = params_.hold_ns > 0 && holding.qty_lots != 0 && now_ns - holding.opened_ns >= params_.hold_ns;
    if (!expired) [[likely]] return {};
    const std::int64_t taken_lots = holding.qty_lots > 0 ? book.bid_qty_lots : book.ask_qty_lots;
    if (taken_lots <= 0 || book.crossed()) return {};
    return close(symbol_id, Why::kHoldExpired, book, holding, now_ns);
  }

  /// Asked once for each scored row.
  [[nodiscard]] Intent on_scores(std::uint32_t symbol_id, const Scores& scores, const event::TopOfBook& book,
                                 const Holding& holding, std::int64_t now_ns) noexcept {
    // Written so that a NaN on either side fails every comparison.
    const bool up = scores.up_frac >= params_.threshold_frac && scores.up_frac > scores.down_frac;
    const bool down = scores.down_frac >= params_.threshold_frac && scores.down_frac > scores.up_frac;
    if (up == down) [[likely]] return {};
    if ((up && holding.qty_lots > 0) || (down && holding.qty_lots < 0)) return {};
    if (holding.qty_lots != 0) return close(symbol_id, Why::kSignal, book, holding, now_ns);
    if (now_ns < entry_from_ns_[symbol_id]) return {};
    return want(symbol_id, Why::kSignal, up ? event::Side::kBuy : event::Side::kSell, params_.order_qty_lots, book,
                now_ns);
  }

  /// Saves or loads what is remembered of a symbol. Any time is a valid one.
  template <class Self, class Archive>
  static void archive_symbol(Self& self, std::uint32_t symbol_id, Archive& ar) {
    ar(self.entry_from_ns_[symbol_id]);
  }

 private:
  static constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();

  Intent close(std::uint32_t symbol_id, Why why, const event::TopOfBook& book, const Holding& holding,
               std::int64_t now_ns) noexcept {
    const bool is_long = holding.qty_lots > 0;
    return want(symbol_id, why, is_long ? event::Side::kSell : event::Side::kBuy,
                is_long ? holding.qty_lots : -holding.qty_lots, book, now_ns);
  }

  Intent want(std::uint32_t symbol_id, Why why, event::Side side, std::int64_t qty_lots, const event::TopOfBook& book,
              std::int64_t now_ns) noexcept {
    entry_from_ns_[symbol_id] = now_ns + params_.cooldown_ns;
    const std::int64_t touch_px = side == event::Side::kBuy ? book.ask_px_ticks : book.bid_px_ticks;
    return {qty_lots, touch_px, side, why};
  }

  ThresholdParams params_;
  std::vector<std::int64_t> entry_from_ns_;  // per symbol: event time of the earliest next entry
};

}  // namespace hft::decision
