#pragma once

#include <cstdint>

#include "hft/event/event.hpp"

namespace hft::decision {

enum class Why : std::uint8_t { kAbstain = 0, kSignal = 1, kHoldExpired = 2 };

/// What the strategy wants now. Nothing is promised: risk may refuse, the touch may be gone.
struct Intent {
  std::int64_t qty_lots = 0;
  std::int64_t limit_px_ticks = 0;  // the touch that the order may take; 0 where that side is empty
  event::Side side = event::Side::kUnknown;
  Why why = Why::kAbstain;

  [[nodiscard]] bool abstains() const noexcept { return why == Why::kAbstain; }
};

/// What the strategy may know about its position in one symbol.
struct Holding {
  std::int64_t qty_lots = 0;  // signed: short positions are negative
  std::int64_t opened_ns = 0;  // event time at which it last left zero; without meaning while qty_lots is 0
};

/// Model scores of the two classes that trade, in [0, 1]; NaN means "no score".
struct Scores {
  double up_frac;
  double down_frac;
};

}  // namespace hft::decision
