#include "hft/feature/registry.hpp"

#include <algorithm>
#include <stdexcept>

#include "columns.hpp"

namespace hft::feature {
namespace {

Param integer(const IntRange& range, std::string doc) {
  return {.name = std::string(range.name),
          .type = ParamType::kInteger,
          .min = static_cast<double>(range.min),
          .max = static_cast<double>(range.max),
          .choices = {},
          .doc = std::move(doc)};
}
Param real(const RealRange& range, double fallback, std::string doc) {
  return {.name = std::string(range.name),
          .type = ParamType::kReal,
          .required = false,
          .fallback = fallback,
          .min = range.min,
          .max = range.max,
          .choices = {},
          .doc = std::move(doc)};
}
Param choice(std::string name, std::vector<std::string> choices, std::string doc) {
  ParamValue first = choices.front();
  return {.name = std::move(name),
          .type = ParamType::kChoice,
          .required = false,
          .fallback = std::move(first),
          .choices = std::move(choices),
          .doc = std::move(doc)};
}
std::vector<Param> windowed(std::int64_t min_count, std::vector<Param> more = {}) {
  Param window{.name = "window",
               .type = ParamType::kWindow,
               .min = static_cast<double>(min_count),
               .max = static_cast<double>(kMaxWindow),
               .choices = {},
               .doc = "an integer: the last n inputs; text such as \"5s\": the inputs of (t - 5s, t]"};
  Param room =
      integer(WindowLength::kMaxEvents, "room of a time window; if more inputs fall inside, the oldest leaves early");
  room.required = false;
  room.fallback = WindowLength::kDefaultMaxEvents;
  std::vector<Param> all{window, room};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

constexpr const char* kSeriesInput = "a series or an earlier feature, any unit";
constexpr const char* kWindowLookback = "window - 1 inputs; a time window: 0";
constexpr const char* kWindowLookback2 = "window - 1 inputs; a time window: 1";

std::vector<Operation> make_operations() {
  return {
      {"mid",
       1,
       Clock::kQuote,
       "Mid price of the best bid and ask.",
       "(bid_px + ask_px) / 2",
       "quotes (px)",
       {},
       "0",
       "px",
       "NumPy, exactly",
       "Mid",
       [](const Params&) { return stateless(Mid{}, "px"); }},
      {"spread",
       1,
       Clock::kQuote,
       "Bid-ask spread.",
       "ask_px - bid_px; bps: 1e4 (ask_px - bid_px) / mid_px",
       "quotes (px)",
       {choice("unit", {"px", "bps", "ticks"}, "unit of the value")},
       "0",
       "by unit",
       "NumPy",
       "Spread",
       make_spread},
      {"microprice",
       1,
       Clock::kQuote,
       "Price weighted by the opposite queues.",
       "(bid_px ask_qty + ask_px bid_qty) / (bid_qty + ask_qty); bps: 1e4 (that - mid_px) / mid_px",
       "quotes (px, qty)",
       {choice("unit", {"px", "bps"}, "px, or bps above the mid")},
       "0",
       "by unit",
       "NumPy",
       "Microprice",
       make_microprice},
      {"queue_imbalance",
       1,
       Clock::kQuote,
       "Imbalance of the two best queues.",
       "(bid_qty - ask_qty) / (bid_qty + ask_qty)",
       "quotes (qty)",
       {},
       "0",
       "frac",
       "NumPy",
       "QueueImbalance",
       [](const Params&) { return stateless(QueueImbalance{}, "frac"); }},
      {"order_flow_imbalance", 1, Clock::kQuote, "Order-flow imbalance at level 1, summed over a window of quotes.",
       "sum of e (Cont, Kukanov, Stoikov 2014); depths: over the mean queue", "quotes (px, qty)",
       windowed(1, {choice("unit", {"qty", "depths"}, "qty, or multiples of the window's mean queue")}),
       "window quotes; a time window: 1", "by unit", "a slow twin in integers, exactly", "OrderFlowImbalance",
       make_order_flow},
      {"log_return",
       1,
       Clock::kInput,
       "Log return over a lag.",
       "ln(x_t / x_{t-lag})",
       "a series or an earlier feature, > 0",
       {integer(LogReturn::kLag, "inputs to look back")},
       "lag",
       "1",
       "numpy.log within a few ulp",
       "LogReturn",
       [](const Params& p) { return own_state(LogReturn{p.integer("lag")}, "1"); }},
      {"ema",
       1,
       Clock::kInput,
       "Exponential moving average.",
       "y += 2 / (period + 1) (x - y); seed: mean of the first period",
       kSeriesInput,
       {integer(Ema::kPeriod, "a = 2 / (period + 1)")},
       "period - 1",
       "that of the input",
       "TA-Lib EMA; pandas ewm seeds with the first input",
       "Ema",
       [](const Params& p) { return own_state(Ema{p.integer("period")}, ""); }},
      {"ema_deviation",
       1,
       Clock::kInput,
       "Distance of the newest input from its exponential moving average.",
       "1e4 (x - ema) / ema",
       "a series or an earlier feature, > 0",
       {integer(Ema::kPeriod, "of the average")},
       "period - 1",
       "bps",
       "TA-Lib EMA",
       "EmaDeviation",
       [](const Params& p) { return own_state(EmaDeviation{p.integer("period")}, "bps"); }},
      {"rsi",
       1,
       Clock::kInput,
       "Wilder's relative strength index.",
       "100 U / (U + D), Wilder's averages of ups and downs",
       kSeriesInput,
       {integer(Rsi::kPeriod, "of Wilder's averages"),
        real(Rsi::kFlat, Rsi::kDefaultFlat, "value while nothing moved")},
       "period",
       "pct",
       "TA-Lib RSI with flat = 0",
       "Rsi",
       [](const Params& p) { return own_state(Rsi{p.integer("period"), p.real("flat")}, "pct"); }},
      {"rolling_mean", 1, Clock::kInput, "Mean of a window.", "S1 / n", kSeriesInput, windowed(1), kWindowLookback,
       "that of the input", "TA-Lib SMA; pandas rolling().mean()", "RollingMean",
       [](const Params& p) { return rolling("moments", p, MeanReading{}, ""); }},
      {"rolling_std", 1, Clock::kInput, "Sample standard deviation of a window.", "sqrt((n S2 - S1^2) / (n (n - 1)))",
       kSeriesInput, windowed(2), kWindowLookback2, "that of the input",
       "pandas rolling().std(); TA-Lib STDDEV divides by n", "RollingStd",
       [](const Params& p) { return rolling("moments", p, StdReading{}, ""); }},
      {"zscore", 1, Clock::kInput, "Standard deviations of the newest input above the mean of its window.",
       "(x - mean) / std", kSeriesInput, windowed(2, {real(ZScoreReading::kFlat, 0.0, "value of a constant window")}),
       kWindowLookback2, "1", "pandas (x - mean) / std", "ZScore",
       [](const Params& p) { return rolling("moments", p, ZScoreReading{p.real("flat")}, "1"); }},
      {"rolling_min", 1, Clock::kInput, "Smallest input of a window.", "min(x)", kSeriesInput, windowed(1),
       kWindowLookback, "that of the input", "TA-Lib MIN; pandas rolling().min()", "RollingMin",
       [](const Params& p) { return rolling("min", p, MinReading{}, ""); }},
      {"rolling_max", 1, Clock::kInput, "Largest input of a window.", "max(x)", kSeriesInput, windowed(1),
       kWindowLookback, "that of the input", "TA-Lib MAX; pandas rolling().max()", "RollingMax",
       [](const Params& p) { return rolling("max", p, MaxReading{}, ""); }},
      {"trade_imbalance", 1, Clock::kTrade, "Bought minus sold volume of a window of trades, as a share.",
       "sum(s q) / sum(q), s = +1 bought, -1 sold", "trades (qty, side), quotes for the quote rule",
       windowed(1, {choice("aggressor", {"reported", "quote_rule"},
                           "quote_rule: where no side is reported, the price against the prevailing mid"),
                    real(TradeImbalance::kFlat, 0.0, "value of an empty time window")}),
       "window - 1 trades of known side; a time window: 0", "frac", "a slow twin in integers, exactly",
       "TradeImbalance", make_trade_imbalance},
      {"vwap", 1, Clock::kTrade, "Volume-weighted average price of a window of trades.",
       "sum(p q) / sum(q); bps: 1e4 (that - mid_px) / mid_px", "trades (px, qty), quotes for bps",
       windowed(1, {choice("unit", {"px", "bps"}, "px, or bps above the prevailing mid")}),
       "window - 1 trades; a time window: 0", "by unit", "a slow twin in integers, exactly", "Vwap", make_vwap},
      {"expr",
       1,
       Clock::kNone,
       "A formula of series, features and operations.",
       "the formula",
       "what the formula names",
       {{.name = "formula",
         .type = ParamType::kFormula,
         .choices = {},
         .doc = "such as \"(ema(mid_px, 20) - ema(mid_px, 100)) / rolling_std(mid_px, 100)\""}},
       "the longest of what it names",
       "by formula",
       "NumPy",
       "Expr",
       nullptr},
      {"time_since_trade",
       1,
       Clock::kNone,
       "Time since the symbol's last trade.",
       "ts_event_ns - that of the last trade",
       "trades",
       {},
       "the first trade",
       "ns",
       "pandas merge_asof, exactly",
       "TimeSinceTrade",
       [](const Params&) { return stateless(TimeSinceTrade{}, "ns"); }},
  };
}

}  // namespace

std::span<const Operation> operations() {
  static const std::vector<Operation> all = make_operations();
  return all;
}

const Operation& operation(std::string_view name) {
  const auto all = operations();
  const auto it = std::ranges::find(all, name, &Operation::name);
  if (it != all.end()) return *it;
  std::vector<std::string> known;
  for (const Operation& op : all) known.push_back(op.name);
  throw std::invalid_argument("unknown operation '" + std::string(name) + "'" + did_you_mean(name, known));
}

}  // namespace hft::feature
