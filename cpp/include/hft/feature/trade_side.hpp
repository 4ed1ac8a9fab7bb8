#pragma once

#include <cstdint>
#include <stdexcept>

#include "hft/feature/aggressor.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// Who took liquidity in the last trade: +1 the buyer, -1 the seller.
///
/// By the rules of aggressor.hpp. Cost: a few comparisons.   Output unit: 1.
/// NaN before the first trade and while nobody knows; a trade without quantity leaves the state as it was.
/// Matches a slow twin in Python integers; see tests/python/differential/test_flow.py.
class TradeSide {
 public:
  explicit TradeSide(AggressorRule rule) : aggressor_{rule} {}

  void update(const Market& m) noexcept {
    if (m.trade_qty_lots == 0) return;
    side_ = aggressor_.update(m);
  }
  [[nodiscard]] double value() const noexcept { return side_ == 0 ? kNotReady : side_; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  void reset() noexcept { aggressor_.reset(), side_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    auto side = static_cast<std::uint8_t>(self.side_ + 1);
    ar(side);
    if constexpr (Archive::kReads) {
      if (side > 2) throw std::invalid_argument("snapshot: TradeSide out of bounds");
      self.side_ = side - 1;
    }
    AggressorClassifier::archive(self.aggressor_, ar);
  }

 private:
  AggressorClassifier aggressor_;
  int side_ = 0;
};

}  // namespace hft::feature
