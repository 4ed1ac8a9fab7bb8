#include "columns.hpp"
#include "hft/feature/ema.hpp"
#include "hft/feature/ema_deviation.hpp"
#include "hft/feature/log_return.hpp"
#include "hft/feature/rsi.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

constexpr const char* kEmaSeed = "the mean of the first period inputs (talib); its weight falls by 1 - a an input";

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
       .make = [](const Params& p) { return own_state(Ema{p.integer("period")}, ""); }},
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
       .make = [](const Params& p) { return own_state(EmaDeviation{p.integer("period")}, "bps"); }},
      {.name = "rsi",
       .clock = Clock::kInput,
       .summary = "Wilder's relative strength index.",
       .formula = "100 U / (U + D), Wilder's averages of ups and downs",
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
       .make = [](const Params& p) { return own_state(Rsi{p.integer("period"), p.real("flat")}, "pct"); }},
  };
}

}  // namespace hft::feature
