#pragma once

#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// Time since the symbol's last trade.
///
///   y = ts_event_ns of this event - ts_event_ns of the last trade
///
/// Cost: one subtraction.   Output unit: ns, exact below 2^53 (104 days); 0 at a trade.
/// NaN before the first trade (of the session, where the origin is session_open).
/// Matches the same line in pandas (merge_asof); see tests/python/differential/test_trades.py.
struct TimeSinceTrade {
  [[nodiscard]] double of(const Market& m) const noexcept {
    return m.has_trade ? static_cast<double>(m.now_ns - m.trade_ts_ns) : kNotReady;
  }
};

}  // namespace hft::feature
