#pragma once

#include <memory>
#include <string>
#include <utility>

#include "hft/feature/ema.hpp"
#include "hft/feature/ema_deviation.hpp"
#include "hft/feature/log_return.hpp"
#include "hft/feature/microprice.hpp"
#include "hft/feature/mid.hpp"
#include "hft/feature/order_flow_imbalance.hpp"
#include "hft/feature/queue_imbalance.hpp"
#include "hft/feature/registry.hpp"
#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_min.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/rsi.hpp"
#include "hft/feature/spread.hpp"
#include "hft/feature/time_since_trade.hpp"
#include "hft/feature/trade_imbalance.hpp"
#include "hft/feature/vwap.hpp"
#include "hft/feature/zscore.hpp"

namespace hft::feature {

/// How parameters become a column: what the registry's rows call.

template <class Reading>
Column stateless(Reading reading, std::string unit) {
  return {nullptr, "", std::make_unique<ReaderOf<Reading>>(reading), 0, std::move(unit)};
}

template <class F>
Column own_state(F f, std::string unit) {
  const std::uint32_t lookback = f.lookback();
  return {std::make_unique<NodeOf<F>>(std::move(f)), "", std::make_unique<ReaderOf<OwnValue<F>>>(OwnValue<F>{}),
          lookback, std::move(unit)};
}

/// Columns of the same state, window and input share one node: `kind` says which state.
template <class Reading>
Column shared(std::string kind, const WindowLength& window, typename Reading::State state, Reading reading,
              std::uint32_t lookback, std::string unit) {
  kind += ":" + window.text() + (window.is_time() ? ":" + std::to_string(window.capacity()) : "");
  return {std::make_unique<NodeOf<typename Reading::State>>(std::move(state)), std::move(kind),
          std::make_unique<ReaderOf<Reading>>(std::move(reading)), lookback, std::move(unit)};
}

template <class Reading>
Column rolling(const char* kind, const Params& p, Reading reading, std::string unit) {
  auto state = Reading::make_state(p.window());
  const std::uint32_t lookback = state.lookback(Reading::kMinInputs);
  return shared(kind, p.window(), std::move(state), std::move(reading), lookback, std::move(unit));
}

inline Column make_spread(const Params& p) {
  const std::string& unit = p.text("unit");
  const auto u = unit == "px" ? Spread::Unit::kPx : unit == "bps" ? Spread::Unit::kBps : Spread::Unit::kTicks;
  return stateless(Spread{u}, unit);
}
inline Column make_microprice(const Params& p) {
  const std::string& unit = p.text("unit");
  return stateless(Microprice{unit == "px" ? Microprice::Unit::kPx : Microprice::Unit::kBps}, unit);
}
inline Column make_order_flow(const Params& p) {
  const std::string& unit = p.text("unit");
  const auto u = unit == "qty" ? OrderFlowImbalance::Unit::kQty : OrderFlowImbalance::Unit::kDepths;
  OrderFlow state{p.window()};
  const std::uint32_t lookback = state.lookback();
  return shared("order_flow", p.window(), std::move(state), OrderFlowImbalance{u}, lookback, unit);
}
inline Column make_trade_imbalance(const Params& p) {
  const std::string& rule = p.text("aggressor");
  const auto r = rule == "reported" ? SignedVolume::Aggressor::kReported : SignedVolume::Aggressor::kQuoteRule;
  SignedVolume state{p.window(), r};
  const std::uint32_t lookback = state.lookback();
  return shared("signed_volume:" + rule, p.window(), std::move(state), TradeImbalance{p.real("flat")}, lookback,
                "frac");
}
inline Column make_vwap(const Params& p) {
  const std::string& unit = p.text("unit");
  TradedValue state{p.window()};
  const std::uint32_t lookback = state.lookback();
  return shared("traded_value", p.window(), std::move(state), Vwap{unit == "px" ? Vwap::Unit::kPx : Vwap::Unit::kBps},
                lookback, unit);
}

}  // namespace hft::feature
