#include "aggressors.hpp"
#include "columns.hpp"
#include "hft/feature/intensity.hpp"
#include "hft/feature/kyle_lambda.hpp"
#include "hft/feature/signed_flow.hpp"
#include "hft/feature/time_since_quote.hpp"
#include "hft/feature/trade_side.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

Column make_signed_flow(const Params& p) {
  SignedVolume state = make_signed_volume(p);
  const std::uint32_t lookback = state.lookback();
  return shared_window(signed_volume_kind(p), p.window(), std::move(state), SignedFlow{}, lookback, "qty");
}

Column make_kyle_lambda(const Params& p) {
  const WindowLength window = p.window().holding(PriceImpact::kMinPairs, "KyleLambda");
  PriceImpact state{window, aggressor_rule(p.text("aggressor"))};
  const std::uint32_t lookback = state.lookback();
  return shared_window("price_impact:" + p.text("aggressor"), window, std::move(state), KyleLambda{p.real("flat")},
                       lookback, "px per qty");
}

Column make_trade_side(const Params& p) {
  return own_state(TradeSide{aggressor_rule(p.text("aggressor"))}, "1");
}

template <const char* kOwner>
Column make_intensity(const Params& p) {
  return own_state(Intensity{p.window(), kOwner}, "1/s");
}

/// A window of time: a count has no seconds to divide by.
std::vector<Param> spans() {
  std::vector<Param> params = windowed(1);
  params.front().min = params.front().max = 0.0;
  params.front().doc = "text such as \"5s\": the events of (t - 5s, t]";
  return params;
}

constexpr char kTradeIntensity[] = "TradeIntensity";
constexpr char kQuoteIntensity[] = "QuoteIntensity";

}  // namespace

std::vector<Operation> flow_operations() {
  return {
      {.name = "signed_flow",
       .clock = Clock::kTrade,
       .summary = "Bought minus sold volume of a window of trades.",
       .formula = "sum(s q), s = +1 bought, -1 sold",
       .inputs = kTradesAndQuotes,
       .params = windowed(1, {aggressor()}),
       .lookback = "window - 1 trades of known side; a time window: 0",
       .output_unit = "qty",
       .missing = kUnknownSide,
       .flat = "an empty time window has the value 0",
       .cost = kWindowCost,
       .reference = kLeeReady,
       .oracle = "a slow twin in integers, exactly",
       .standalone = "SignedFlow",
       .make = make_signed_flow},
      {.name = "trade_side",
       .clock = Clock::kTrade,
       .summary = "Who took liquidity in the last trade: +1 the buyer, -1 the seller.",
       .formula = "s, by the rule `aggressor`",
       .inputs = kTradesAndQuotes,
       .params = {aggressor()},
       .lookback = "0",
       .output_unit = "1",
       .missing = "NaN while nobody knows; a trade without quantity is left out",
       .reference = kLeeReady,
       .oracle = "a slow twin in integers, exactly",
       .standalone = "TradeSide",
       .make = make_trade_side},
      {.name = "kyle_lambda",
       .clock = Clock::kTrade,
       .summary = "Kyle's lambda: how far the mid moves per signed quantity traded.",
       .formula = "(n Sxy - Sx Sy) / (n Sxx - Sx^2), x = s q of a trade, y = mid_px at the next trade - mid_px at it",
       .inputs = kTradesAndQuotes,
       .params =
           windowed(2, {aggressor(), real(KyleLambda::kFlat, 0.0, "value where all signed quantities are equal")}),
       .lookback = "window trades of known side; a time window: 2",
       .output_unit = "px per qty",
       .missing = "a trade of unknown side, without quantity or without a two-sided book is left out",
       .flat = "`flat` where all signed quantities are equal",
       .cost = kWindowCost,
       .reference = "Kyle (1985), Continuous auctions and insider trading; Hasbrouck (2007), Empirical market "
                    "microstructure",
       .oracle = "exact fractions; numpy.polyfit, scipy.stats.linregress",
       .standalone = "KyleLambda",
       .make = make_kyle_lambda},
      {.name = "trade_intensity",
       .clock = Clock::kTrade,
       .summary = "Trades per second over a window of time.",
       .formula = "n / span, n = the trades of (t - span, t]",
       .inputs = "trades",
       .params = spans(),
       .lookback = "0",
       .output_unit = "1/s",
       .missing = kIntegers,
       .flat = "an empty window has the value 0",
       .cost = kWindowCost,
       .oracle = "NumPy searchsorted, exactly",
       .standalone = kTradeIntensity,
       .make = make_intensity<kTradeIntensity>},
      {.name = "quote_intensity",
       .clock = Clock::kQuote,
       .summary = "Kept quotes per second over a window of time.",
       .formula = "n / span, n = the kept quotes of (t - span, t]",
       .inputs = "quotes",
       .params = spans(),
       .lookback = "0",
       .output_unit = "1/s",
       .missing = kIntegers,
       .flat = "an empty window has the value 0",
       .cost = kWindowCost,
       .oracle = "NumPy searchsorted, exactly",
       .standalone = kQuoteIntensity,
       .make = make_intensity<kQuoteIntensity>},
      {.name = "time_since_quote",
       .clock = Clock::kNone,
       .summary = "Time since the symbol's last kept quote.",
       .formula = "ts_event_ns - that of the last kept quote",
       .inputs = "quotes",
       .lookback = "the first quote",
       .output_unit = "ns",
       .missing = kIntegers,
       .oracle = "pandas, exactly",
       .standalone = "TimeSinceQuote",
       .make = [](const Params&) { return stateless(TimeSinceQuote{}, "ns"); }},
      {.name = "time_since_mid_change",
       .clock = Clock::kQuote,
       .summary = "Time since the mid last changed.",
       .formula = "ts_event_ns - that of the quote that brought the mid where it is",
       .inputs = "quotes (px)",
       .lookback = "0",
       .output_unit = "ns",
       .missing = kOneSided,
       .oracle = "pandas, exactly",
       .standalone = "TimeSinceMidChange",
       .make = [](const Params&) { return shared("mid_change", MidChange{}, TimeSinceMidChange{}, 0, "ns"); }},
  };
}

}  // namespace hft::feature
