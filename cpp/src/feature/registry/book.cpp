#include "columns.hpp"
#include "hft/feature/microprice.hpp"
#include "hft/feature/mid.hpp"
#include "hft/feature/order_flow_imbalance.hpp"
#include "hft/feature/queue_imbalance.hpp"
#include "hft/feature/spread.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

Column make_spread(const Params& p) {
  const std::string& unit = p.text("unit");
  const auto u = unit == "px" ? Spread::Unit::kPx : unit == "bps" ? Spread::Unit::kBps : Spread::Unit::kTicks;
  return stateless(Spread{u}, unit);
}

Column make_microprice(const Params& p) {
  const std::string& unit = p.text("unit");
  return stateless(Microprice{unit == "px" ? Microprice::Unit::kPx : Microprice::Unit::kBps}, unit);
}

Column make_order_flow(const Params& p) {
  const std::string& unit = p.text("unit");
  const auto u = unit == "qty" ? OrderFlowImbalance::Unit::kQty : OrderFlowImbalance::Unit::kDepths;
  OrderFlow state{p.window()};
  const std::uint32_t lookback = state.lookback();
  return shared_window("order_flow", p.window(), std::move(state), OrderFlowImbalance{u}, lookback, unit);
}

}  // namespace

std::vector<Operation> book_operations() {
  return {
      {.name = "mid",
       .clock = Clock::kQuote,
       .summary = "Mid price of the best bid and ask.",
       .formula = "(bid_px + ask_px) / 2",
       .inputs = "quotes (px)",
       .lookback = "0",
       .output_unit = "px",
       .missing = kOneSided,
       .oracle = "NumPy, exactly",
       .standalone = "Mid",
       .make = [](const Params&) { return stateless(Mid{}, "px"); }},
      {.name = "spread",
       .clock = Clock::kQuote,
       .summary = "Bid-ask spread.",
       .formula = "ask_px - bid_px; bps: 1e4 (ask_px - bid_px) / mid_px",
       .inputs = "quotes (px)",
       .params = {choice("unit", {"px", "bps", "ticks"}, "unit of the value")},
       .lookback = "0",
       .output_unit = "by unit",
       .missing = kOneSided,
       .oracle = "NumPy",
       .standalone = "Spread",
       .make = make_spread},
      {.name = "microprice",
       .clock = Clock::kQuote,
       .summary = "Price weighted by the opposite queues.",
       .formula = "(bid_px ask_qty + ask_px bid_qty) / (bid_qty + ask_qty); bps: 1e4 (that - mid_px) / mid_px",
       .inputs = "quotes (px, qty)",
       .params = {choice("unit", {"px", "bps"}, "px, or bps above the mid")},
       .lookback = "0",
       .output_unit = "by unit",
       .missing = kOneSided,
       .reference = "Stoikov (2018), The micro-price: a high-frequency estimator of future prices",
       .oracle = "NumPy",
       .standalone = "Microprice",
       .make = make_microprice},
      {.name = "queue_imbalance",
       .clock = Clock::kQuote,
       .summary = "Imbalance of the two best queues.",
       .formula = "(bid_qty - ask_qty) / (bid_qty + ask_qty)",
       .inputs = "quotes (qty)",
       .lookback = "0",
       .output_unit = "frac",
       .missing = "NaN while both sides are empty, and before the first quote",
       .reference = "Gould and Bonart (2016), Queue imbalance as a one-tick-ahead price predictor",
       .oracle = "NumPy",
       .standalone = "QueueImbalance",
       .make = [](const Params&) { return stateless(QueueImbalance{}, "frac"); }},
      {.name = "order_flow_imbalance",
       .clock = Clock::kQuote,
       .summary = "Order-flow imbalance at level 1, summed over a window of quotes.",
       .formula = "sum of e (Cont, Kukanov, Stoikov 2014); depths: over the mean queue",
       .inputs = "quotes (px, qty)",
       .params = windowed(1, {choice("unit", {"qty", "depths"}, "qty, or multiples of the window's mean queue")}),
       .lookback = "window quotes; a time window: 1",
       .output_unit = "by unit",
       .missing = kIntegers,
       .flat = "an empty time window has the value 0",
       .cost = kWindowCost,
       .reference = "Cont, Kukanov and Stoikov (2014), The price impact of order book events",
       .oracle = "a slow twin in integers, exactly",
       .standalone = "OrderFlowImbalance",
       .make = make_order_flow},
  };
}

}  // namespace hft::feature
