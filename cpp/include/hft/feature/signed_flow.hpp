#pragma once

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/trade_imbalance.hpp"

namespace hft::feature {

/// Bought minus sold volume of a window of trades.
///
///   y = sum of s q         q = trade quantity, s = +1 when the buyer took liquidity, -1 when the seller did
///
/// The state is that of trade_imbalance, and one with it where both have the same window and aggressor.
/// Cost: O(1), no allocation.   Output unit: qty.   Exact: a sum of integer lots, rounded once.
/// Not ready: NaN until a count window is full, or a time window saw its first trade; after that an empty one gives 0.
/// Matches a slow twin in Python integers; see tests/python/differential/test_flow.py.
struct SignedFlow {
  using State = SignedVolume;

  [[nodiscard]] double of(const SignedVolume& volume, const Market& m) const noexcept {
    return volume.ready() ? to_units(volume.signed_lots(), m.lot) : kNotReady;
  }
};

}  // namespace hft::feature
