#include "bulk.hpp"
#include "columns.hpp"
#include "hft/feature/bollinger.hpp"
#include "hft/feature/decay_ema.hpp"
#include "hft/feature/ema.hpp"
#include "hft/feature/ema_deviation.hpp"
#include "hft/feature/log_return.hpp"
#include "hft/feature/macd.hpp"
#include "hft/feature/roc.hpp"
#include "hft/feature/rsi.hpp"
#include "hft/feature/slope.hpp"
#include "hft/feature/wilder.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

template <class Average>
Column make_average(const Params& p, const char* unit, LaneKind kind) {
  const Average average{p.integer("period")};
  Column column = own_state(average, unit);
  if constexpr (std::is_same_v<Average, Ema>) column.fold = &fold_ema;
  return banked(std::move(column), {kind, average.lookback() + 1});
}

Column make_rsi(const Params& p) {
  const Rsi rsi{p.integer("period"), p.real("flat")};
  Column column = own_state(rsi, "pct");
  column.fold = &fold_rsi;
  return banked(std::move(column), {LaneKind::kRsi, rsi.lookback(), rsi.flat()});
}

constexpr const char* kEmaSeed = "the mean of the first period inputs (talib); its weight falls by 1 - a an input";
constexpr const char* kOfTheInput = "a constant input gives that constant, within an ulp";

Column make_macd(const Params& p) {
  using Output = MacdReading::Output;
  const std::string& output = p.text("output");
  Macd state{p.integer("fast"), p.integer("slow"), p.integer("signal")};
  const bool line = output == "line";
  const std::uint32_t lookback = line ? state.line_lookback() : state.signal_lookback();
  const Fading fading = line ? state.line_fading() : state.signal_fading();
  const MacdReading reading{line ? Output::kLine : output == "signal" ? Output::kSignal : Output::kHistogram};
  Column column = shared(key_of("macd", p, {"fast", "slow", "signal"}), state, reading, lookback, "");
  column.fading = fading;
  return column;
}

Column make_bollinger(const Params& p) {
  using Output = BollingerReading::Output;
  using Divisor = BollingerReading::Divisor;
  const std::string& output = p.text("output");
  const bool is_level = output == "upper" || output == "lower";
  const Output what = output == "pct_b"       ? Output::kPctB
                      : output == "bandwidth" ? Output::kBandwidth
                      : output == "upper"     ? Output::kUpper
                                              : Output::kLower;
  const Divisor by = p.text("std") == "population" ? Divisor::kPopulation : Divisor::kSample;
  return rolling("moments", p, BollingerReading{p.real("k"), what, by, p.real("flat")}, is_level ? "" : "frac");
}

Column make_roc(const Params& p) {
  const bool px = p.text("output") == "px";
  return own_state(Roc{p.integer("lag"), px ? Roc::Output::kPx : Roc::Output::kPct}, px ? "" : "pct");
}

Param half_life() {
  return {.name = "half_life",
          .type = ParamType::kWindow,  // without counts
          .choices = {},
          .doc = "text such as \"1s\": after that time an input weighs half"};
}

}  // namespace

std::vector<Operation> trend_operations() {
  return {
      {.name = "log_return",
       .clock = Clock::kInput,
       .summary = "Log return over a lag.",
       .formula = "ln(x_t / x_{t-lag})",
       .inputs = kPositiveInput,
       .params = {integer(LogReturn::kLag, "inputs to look back")},
       .lookback = "lag",
       .output_unit = "1",
       .missing = "an input that is NaN, infinite or not in (0, 2^40) is left out",
       .flat = "equal prices: exactly 0",
       .cost = "O(1); memory: lag inputs",
       .oracle = "numpy.log within a few ulp",
       .standalone = "LogReturn",
       .make = [](const Params& p) { return own_state(LogReturn{p.integer("lag")}, "1"); }},
      {.name = "ema",
       .clock = Clock::kInput,
       .summary = "Exponential moving average.",
       .formula = "y += 2 / (period + 1) (x - y); seed: mean of the first period",
       .inputs = kSeriesInput,
       .params = {integer(Ema::kPeriod, "a = 2 / (period + 1)")},
       .lookback = "period - 1",
       .output_unit = kSameUnit,
       .seed = kEmaSeed,
       .missing = kSkips,
       .flat = "a constant input gives that constant, within an ulp",
       .oracle = "TA-Lib EMA; pandas ewm seeds with the first input",
       .standalone = "Ema",
       .make = [](const Params& p) { return make_average<Ema>(p, "", LaneKind::kEma); }},
      {.name = "ema_deviation",
       .clock = Clock::kInput,
       .summary = "Distance of the newest input from its exponential moving average.",
       .formula = "1e4 (x - ema) / ema",
       .inputs = kPositiveInput,
       .params = {integer(Ema::kPeriod, "of the average")},
       .lookback = "period - 1",
       .output_unit = "bps",
       .seed = kEmaSeed,
       .missing = kSkips,
       .flat = "a constant input gives 0, within an ulp of the average",
       .oracle = "TA-Lib EMA",
       .standalone = "EmaDeviation",
       .make = [](const Params& p) { return make_average<EmaDeviation>(p, "bps", LaneKind::kEmaDeviation); }},
      {.name = "rsi",
       .rev = 2,
       .clock = Clock::kInput,
       .summary = "Wilder's relative strength index.",
       .formula = "100 (U / (U + D)), Wilder's averages of ups and downs",
       .inputs = kSeriesInput,
       .params = {integer(Rsi::kPeriod, "of Wilder's averages"),
                  real(Rsi::kFlat, Rsi::kDefaultFlat, "value while nothing moved")},
       .lookback = "period",
       .output_unit = "pct",
       .seed = "means of the first period ups and downs (wilder, talib); their weight falls by 1 - 1 / period an input",
       .missing = kSkips,
       .flat = "while nothing has moved the value is `flat`",
       .reference = "Wilder (1978), New Concepts in Technical Trading Systems",
       .oracle = "TA-Lib RSI with flat = 0",
       .standalone = "Rsi",
       .make = [](const Params& p) { return make_rsi(p); }},
      {.name = "wilder",
       .clock = Clock::kInput,
       .summary = "Wilder's average (RMA, SMMA).",
       .formula = "y += (x - y) / period; seed: mean of the first period",
       .inputs = kSeriesInput,
       .params = {integer(Wilder::kPeriod, "a = 1 / period")},
       .lookback = "period - 1",
       .output_unit = kSameUnit,
       .seed = "the mean of the first period inputs (wilder); its weight falls by 1 - 1 / period an input",
       .missing = kSkips,
       .flat = kOfTheInput,
       .reference = "Wilder (1978), New Concepts in Technical Trading Systems",
       .oracle = "TradingView ta.rma; pandas ewm(alpha=1 / period, adjust=False) from the same seed",
       .standalone = "Wilder",
       .make = [](const Params& p) { return own_state(Wilder{p.integer("period")}, ""); }},
      {.name = "macd",
       .clock = Clock::kInput,
       .summary = "Moving average convergence / divergence.",
       .formula = "line = ema(fast) - ema(slow); signal = ema(line, signal); histogram = line - signal",
       .inputs = kSeriesInput,
       .params = {integer(Macd::kFast, "of the fast average, < slow"), integer(Macd::kSlow, "of the slow average"),
                  integer(Macd::kSignal, "of the signal line"),
                  choice("output", {"line", "signal", "histogram"}, "which of the three")},
       .lookback = "line: slow - 1; signal, histogram: slow + signal - 2",
       .output_unit = kSameUnit,
       .seed = "means (talib): of the first slow inputs, of the last fast of these, of the first signal lines",
       .missing = kSkips,
       .flat = "a constant input gives 0, within an ulp of it",
       .reference = "Appel (2005), Technical Analysis: Power Tools for Active Investors",
       .oracle = "TA-Lib MACD",
       .standalone = "Macd",
       .make = make_macd},
      {.name = "roc",
       .clock = Clock::kInput,
       .summary = "Momentum or rate of change over a lag.",
       .formula = "px: x_t - x_{t-lag}; pct: 100 (x_t - x_{t-lag}) / x_{t-lag}",
       .inputs = kSeriesInput,
       .params = {integer(Roc::kLag, "inputs to look back"),
                  choice("output", {"px", "pct"}, "px: the difference; pct: as a share of the older input")},
       .lookback = "lag",
       .output_unit = "by output",
       .missing = kSkips,
       .flat = "equal inputs: exactly 0; a pct of 0 is NaN",
       .cost = "O(1); memory: lag inputs",
       .oracle = "TA-Lib MOM and ROC",
       .standalone = "Roc",
       .make = make_roc},
      {.name = "bollinger",
       .clock = Clock::kInput,
       .summary = "Bollinger bands: a window's mean and k standard deviations around it.",
       .formula = "upper, lower = mean +- k std; bandwidth = 2 k std / mean; pct_b = (x - lower) / (upper - lower)",
       .inputs = kSeriesInput,
       .params = windowed(2, {choice("output", {"pct_b", "bandwidth", "upper", "lower"}, "which of the four"),
                              choice("std", {"population", "sample"}, "divisor n, or n - 1"),
                              real(BollingerReading::kK, 2.0, "standard deviations from the mean to a band"),
                              real(BollingerReading::kFlat, 0.5, "pct_b of a constant window")}),
       .lookback = kWindowLookback2,
       .output_unit = "by output",
       .missing = kSkips,
       .flat = "a constant window: pct_b is `flat`, the bands are the mean; the bandwidth of a mean of 0 is NaN",
       .cost = kWindowCost,
       .reference = "Bollinger (2001), Bollinger on Bollinger Bands",
       .oracle = "TA-Lib BBANDS (population)",
       .standalone = "Bollinger",
       .make = make_bollinger},
      {.name = "slope",
       .clock = Clock::kInput,
       .summary = "Slope of the least-squares line through the last inputs.",
       .formula = "(sum i x_i - (n - 1) / 2 sum x_i) / (n (n^2 - 1) / 12), i = 0..n - 1",
       .inputs = kSeriesInput,
       .params = {integer(Slope::kWindow, "the last n inputs")},
       .lookback = "window - 1",
       .output_unit = "that of the input, per input",
       .missing = kSkips,
       .flat = "a constant window has exactly 0",
       .cost = kWindowCost,
       .oracle = "TA-Lib LINEARREG_SLOPE; exact fractions within 1 ulp",
       .standalone = "Slope",
       .make = [](const Params& p) { return own_state(Slope{p.integer("window")}, ""); }},
      {.name = "decay_ema",
       .clock = Clock::kInput,
       .summary = "Mean of all inputs, each with half the weight per half-life of its age.",
       .formula = "sum(w x) / sum(w), w = 2^(-age / half_life)",
       .inputs = kSeriesInput,
       .params = {half_life()},
       .lookback = "0",
       .output_unit = kSameUnit,
       .missing = "an input that is NaN, infinite or not in (-2^40, 2^40), or older than the newest, is left out",
       .flat = "a constant input gives exactly that constant",
       .reference = "Mueller (2001), Specially weighted moving averages with repeated application of the EMA operator",
       .oracle = "pandas ewm(halflife=, times=).mean()",
       .standalone = "DecayEma",
       .make =
           [](const Params& p) {
             return own_state(DecayEma{WindowLength::parse_span_ns(p.text("half_life"), "DecayEma")}, "");
           },
       .needs_time = true},
  };
}

}  // namespace hft::feature
