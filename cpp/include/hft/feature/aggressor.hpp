#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "hft/feature/market.hpp"

namespace hft::feature {

/// Who took liquidity in a trade, as far as one can tell.
enum class AggressorRule : std::uint8_t {
  kReported = 0,   // the venue's side
  kQuoteRule = 1,  // where no side is reported: above the prevailing mid bought, below sold
  kTickRule = 2,   // where no side is reported: above the last other price bought, below sold
  kLeeReady = 3,   // where no side is reported: the quote rule; at the mid, or without one, the tick rule
};
inline constexpr std::array<std::string_view, 4> kAggressorNames{"reported", "quote_rule", "tick_rule", "lee_ready"};

/// Cold path: throws std::invalid_argument where there is no such rule.
[[nodiscard]] inline AggressorRule aggressor_rule(std::string_view name) {
  const auto* it = std::ranges::find(kAggressorNames, name);
  if (it == kAggressorNames.end()) {
    throw std::invalid_argument("aggressor must be one of reported, quote_rule, tick_rule, lee_ready, was \"" +
                                std::string(name) + "\"");
  }
  return static_cast<AggressorRule>(it - kAggressorNames.begin());
}

/// The side of each trade by one rule, +1 bought, -1 sold, 0 unknown.
///
/// Prices are compared in integers: half ticks against the mid (Lee and Ready 1991, with the last kept quote before the
/// trade and no delay), ticks against the trades before. The tick rule remembers the last price and the direction in
/// which it was reached: a trade at the same price has the side of that move. A trade without quantity is none.
/// Cost: a few comparisons.   State: of the tick rule; it depends on trades back to the last change of price.
class AggressorClassifier {
 public:
  explicit AggressorClassifier(AggressorRule rule) : rule_{rule} {}

  /// The market's last trade, each trade once.
  int update(const Market& m) noexcept {
    if (m.trade_qty_lots == 0) return 0;
    if (uses_ticks()) see_price(m.trade_px_ticks);
    const int reported = sign_of(m.trade_side);
    if (reported != 0 || rule_ == AggressorRule::kReported) return reported;
    if (rule_ == AggressorRule::kTickRule) return move_;
    const int by_quote = m.book.two_sided() ? sign(2 * m.trade_px_ticks, m.book.mid_half_ticks()) : 0;
    return by_quote != 0 || rule_ == AggressorRule::kQuoteRule ? by_quote : move_;
  }
  void reset() noexcept { last_px_ticks_ = 0, move_ = 0, has_px_ = false; }

  /// A rule without state has no bytes.
  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if (!self.uses_ticks()) return;
    auto seen = static_cast<std::uint8_t>(self.has_px_ ? self.move_ + 2 : 0);
    ar(seen), ar(self.last_px_ticks_);
    if constexpr (Archive::kReads) {
      if (seen > 3 || !Market::in_bounds(self.last_px_ticks_, 0) || (seen == 0 && self.last_px_ticks_ != 0)) {
        throw std::invalid_argument("snapshot: AggressorClassifier out of bounds");
      }
      self.has_px_ = seen != 0, self.move_ = seen == 0 ? 0 : seen - 2;
    }
  }

 private:
  [[nodiscard]] bool uses_ticks() const noexcept { return rule_ >= AggressorRule::kTickRule; }
  [[nodiscard]] static int sign(std::int64_t a, std::int64_t b) noexcept { return (a > b) - (a < b); }
  void see_price(std::int64_t px_ticks) noexcept {
    if (const int move = has_px_ ? sign(px_ticks, last_px_ticks_) : 0; move != 0) move_ = move;
    last_px_ticks_ = px_ticks, has_px_ = true;
  }

  AggressorRule rule_;
  bool has_px_ = false;
  int move_ = 0;  // of the last change of price
  std::int64_t last_px_ticks_ = 0;
};

}  // namespace hft::feature
