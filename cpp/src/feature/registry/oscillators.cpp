#include "columns.hpp"
#include "hft/feature/adx.hpp"
#include "hft/feature/atr.hpp"
#include "hft/feature/stochastic.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

Column make_stochastic(const Params& p) {
  const bool k = p.text("output") == "k";
  Stochastic state{p.integer("k"), p.integer("smoothing"), p.integer("d"), p.real("flat")};
  const std::uint32_t lookback = k ? state.k_lookback() : state.d_lookback();
  const StochasticReading reading{k ? StochasticReading::Output::kK : StochasticReading::Output::kD};
  return shared(key_of("stochastic", p, {"k", "smoothing", "d", "flat"}), std::move(state), reading, lookback, "pct");
}

Column make_adx(const Params& p) {
  using Output = AdxReading::Output;
  const std::string& output = p.text("output");
  const Adx state{p.integer("period")};
  const bool adx = output == "adx";
  const AdxReading reading{adx ? Output::kAdx : output == "plus_di" ? Output::kPlusDi : Output::kMinusDi};
  Column column = shared(key_of("adx", p, {"period"}), state, reading,
                         adx ? state.adx_lookback() : state.di_lookback(), "pct");
  column.fading = adx ? state.adx_fading() : state.di_fading();
  return column;
}

}  // namespace

std::vector<Operation> oscillator_operations() {
  return {
      {.name = "stochastic",
       .clock = Clock::kInput,
       .summary = "Stochastic oscillator: where the close lies in the range of the last bars.",
       .formula = "fast = 100 (close - min low) / (max high - min low); k = mean(fast, smoothing); d = mean(k, d)",
       .inputs = kBarInput,
       .params = {integer(Stochastic::kK, "bars of the range"),
                  integer(Stochastic::kSmoothing, 3, "bars of k's mean; 1: the fast stochastic"),
                  integer(Stochastic::kD, 3, "bars of d's mean"), choice("output", {"k", "d"}, "which of the two"),
                  real(Stochastic::kFlat, 50.0, "fast while the range is 0")},
       .lookback = "k + smoothing - 2; output d: d - 1 more",
       .output_unit = "pct",
       .missing = kSkipsBar,
       .flat = "while the range is 0, fast is `flat`",
       .cost = "O(1) amortised; memory: the windows",
       .reference = "Lane (1984), Lane's Stochastics",
       .oracle = "TA-Lib STOCH and STOCHF with flat = 0",
       .standalone = "Stochastic",
       .make = make_stochastic,
       .n_series = 3},
      {.name = "atr",
       .clock = Clock::kInput,
       .summary = "Average true range.",
       .formula = "wilder(max(high - low, |high - close_{t-1}|, |low - close_{t-1}|), period)",
       .inputs = kBarInput,
       .params = {integer(Atr::kPeriod, "of Wilder's average")},
       .lookback = "period",
       .output_unit = kSameUnit,
       .seed = "the mean of the first period true ranges (wilder, talib); its weight falls by 1 - 1 / period a bar",
       .missing = kSkipsBar,
       .flat = "bars that do not move give exactly 0",
       .reference = "Wilder (1978), New Concepts in Technical Trading Systems",
       .oracle = "TA-Lib ATR",
       .standalone = "Atr",
       .make = [](const Params& p) { return own_state(Atr{p.integer("period")}, ""); },
       .n_series = 3},
      {.name = "adx",
       .clock = Clock::kInput,
       .summary = "Average directional index, and the directional indicators.",
       .formula = "di = 100 S(directional move) / S(true range); adx = wilder(100 |plus - minus| / (plus + minus))",
       .inputs = kBarInput,
       .params = {integer(Adx::kPeriod, "of Wilder's sums and average"),
                  choice("output", {"adx", "plus_di", "minus_di"}, "which of the three")},
       .lookback = "plus_di, minus_di: period; adx: 2 period - 1",
       .output_unit = "pct",
       .seed = "sums of the first period - 1 moves, mean of the first period dx (talib); falls by 1 - 1 / period a bar",
       .missing = kSkipsBar,
       .flat = "where nothing has moved the indicators are 0; a bar without direction leaves adx as it was",
       .reference = "Wilder (1978), New Concepts in Technical Trading Systems",
       .oracle = "TA-Lib ADX, PLUS_DI, MINUS_DI",
       .standalone = "Adx",
       .make = make_adx,
       .n_series = 3},
  };
}

}  // namespace hft::feature
