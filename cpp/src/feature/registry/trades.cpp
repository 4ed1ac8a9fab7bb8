#include "aggressors.hpp"
#include "columns.hpp"
#include "hft/feature/time_since_trade.hpp"
#include "hft/feature/trade_imbalance.hpp"
#include "hft/feature/vwap.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

Column make_trade_imbalance(const Params& p) {
  SignedVolume state = make_signed_volume(p);
  const std::uint32_t lookback = state.lookback();
  return shared_window(signed_volume_kind(p), p.window(), std::move(state), TradeImbalance{p.real("flat")}, lookback,
                       "frac");
}

Column make_vwap(const Params& p) {
  const std::string& unit = p.text("unit");
  TradedValue state{p.window()};
  const std::uint32_t lookback = state.lookback();
  return shared_window("traded_value", p.window(), std::move(state),
                       Vwap{unit == "px" ? Vwap::Unit::kPx : Vwap::Unit::kBps}, lookback, unit);
}

}  // namespace

std::vector<Operation> trade_operations() {
  return {
      {.name = "trade_imbalance",
       .clock = Clock::kTrade,
       .summary = "Bought minus sold volume of a window of trades, as a share.",
       .formula = "sum(s q) / sum(q), s = +1 bought, -1 sold",
       .inputs = kTradesAndQuotes,
       .params = windowed(1, {aggressor(), real(TradeImbalance::kFlat, 0.0, "value of an empty time window")}),
       .lookback = "window - 1 trades of known side; a time window: 0",
       .output_unit = "frac",
       .missing = kUnknownSide,
       .flat = "an empty time window has the value `flat`",
       .cost = kWindowCost,
       .reference = kLeeReady,
       .oracle = "a slow twin in integers, exactly",
       .standalone = "TradeImbalance",
       .make = make_trade_imbalance},
      {.name = "vwap",
       .clock = Clock::kTrade,
       .summary = "Volume-weighted average price of a window of trades.",
       .formula = "sum(p q) / sum(q); bps: 1e4 (that - mid_px) / mid_px",
       .inputs = "trades (px, qty), quotes for bps",
       .params = windowed(1, {choice("unit", {"px", "bps"}, "px, or bps above the prevailing mid")}),
       .lookback = "window - 1 trades; a time window: 0",
       .output_unit = "by unit",
       .missing = "a trade without quantity is left out; bps: NaN while a side of the book is empty",
       .flat = "NaN while a time window is empty",
       .cost = kWindowCost,
       .oracle = "a slow twin in integers, exactly",
       .standalone = "Vwap",
       .make = make_vwap},
      {.name = "time_since_trade",
       .clock = Clock::kNone,
       .summary = "Time since the symbol's last trade.",
       .formula = "ts_event_ns - that of the last trade",
       .inputs = "trades",
       .lookback = "the first trade",
       .output_unit = "ns",
       .missing = kIntegers,
       .oracle = "pandas merge_asof, exactly",
       .standalone = "TimeSinceTrade",
       .make = [](const Params&) { return stateless(TimeSinceTrade{}, "ns"); }},
  };
}

}  // namespace hft::feature
