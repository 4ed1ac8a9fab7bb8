#pragma once

#include "hft/feature/order_statistics.hpp"
#include "hft/feature/rolling.hpp"

namespace hft::feature {

/// Rank of the newest input among those of its window, as a share of them.
///
///   y_t = (n_below + (n_equal + 1) / 2) / n     the input counts as equal to itself
///
/// Cost: O(log n), no allocation (order_statistics.hpp).   Output unit: 1, in (0, 1].   Exact: rounded once.
/// NaN:  a NaN input, or one outside (-2^40, 2^40), leaves the state as it was.   Not ready: NaN.
/// Matches pandas rolling().rank(pct=True) and scipy.stats.rankdata / n; see
/// tests/python/differential/test_order_statistics.py.
struct RankReading {
  using State = OrderStatistics;
  static constexpr std::uint32_t kMinInputs = 1;

  static State make_state(WindowLength length) { return State{length}; }
  [[nodiscard]] double of(const State& s) const noexcept { return s.ready(kMinInputs) ? s.rank() : kNotReady; }
};

using RollingRank = Rolling<RankReading>;
static_assert(TimedFeature<RollingRank>);

}  // namespace hft::feature
