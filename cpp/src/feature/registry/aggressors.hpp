#pragma once

#include <string>
#include <vector>

#include "hft/feature/aggressor.hpp"
#include "hft/feature/trade_imbalance.hpp"
#include "rows.hpp"

namespace hft::feature {

// What the rows of signed trades share.

inline constexpr const char* kTradesAndQuotes = "trades (px, qty, side), quotes for the quote rule and Lee-Ready";
inline constexpr const char* kUnknownSide = "a trade of unknown side or without quantity is left out";
inline constexpr const char* kLeeReady = "Lee and Ready (1991), Inferring trade direction from intraday data";

[[nodiscard]] inline Param aggressor() {
  std::vector<std::string> names{kAggressorNames.begin(), kAggressorNames.end()};
  return choice("aggressor", std::move(names),
                "where no side is reported. quote_rule: the price against the prevailing mid; tick_rule: against the "
                "last other trade price; lee_ready: the quote rule, at the mid the tick rule");
}

[[nodiscard]] inline SignedVolume make_signed_volume(const Params& p) {
  return {p.window(), aggressor_rule(p.text("aggressor"))};
}
[[nodiscard]] inline std::string signed_volume_kind(const Params& p) {
  return "signed_volume:" + p.text("aggressor");
}

}  // namespace hft::feature
