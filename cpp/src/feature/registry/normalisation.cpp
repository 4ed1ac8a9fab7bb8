#include <utility>

#include "columns.hpp"
#include "hft/feature/pointwise.hpp"
#include "hft/feature/quantile_map.hpp"
#include "hft/feature/running_zscore.hpp"
#include "hft/feature/scale.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

constexpr const char* kAnyInput = "a series, an earlier feature or a formula, any unit";
constexpr const char* kPassesNaN = "an input that is NaN or infinite gives NaN";

/// A function of the input alone: as a state where it stands alone, and as what reads the input in a pipeline.
template <class Map>
Column pointwise(Map map, std::string unit) {
  Column column = own_state(Pointwise<Map>{map}, std::move(unit));
  column.through = std::make_unique<MapReader<Map>>(std::move(map));
  return column;
}

Column make_scale(const Params& p) {
  return pointwise(Scale{p.real("center"), p.real("scale"), p.real("clip")}, "1");
}

}  // namespace

std::vector<Operation> normalisation_operations() {
  return {
      {.name = "scale",
       .clock = Clock::kInput,
       .summary = "A value in units of a fitted scale above a fitted centre.",
       .formula = "(x - center) / scale, within -clip..clip",
       .inputs = kAnyInput,
       .params = {real(Scale::kCenter, "such as the mean or the median of the days it was fitted on"),
                  real(Scale::kScale, "such as their standard deviation or interquartile range, > 0"),
                  real(Scale::kClip, 0.0, "largest value on either side; 0: none")},
       .lookback = "that of the input",
       .output_unit = "1",
       .missing = kPassesNaN,
       .oracle = "scikit-learn StandardScaler, RobustScaler; numpy (x - c) / s, exactly",
       .standalone = "Scale",
       .make = make_scale,
       .pointwise = true},
      {.name = "quantile_map",
       .clock = Clock::kInput,
       .summary = "Share of a fitted sample that lies below a value.",
       .formula = "(i + (x - q_i) / (q_{i+1} - q_i)) / m, q_i <= x < q_{i+1}; 0 and 1 beyond the knots q_0..q_m",
       .inputs = kAnyInput,
       .params = {{.name = "knots",
                   .type = ParamType::kNumbers,
                   .min = 2.0,
                   .max = static_cast<double>(QuantileMap::kMaxKnots),
                   .choices = {},
                   .doc = "quantiles 0, 1/m .. 1 of the sample, not falling: a list, or text such as \"1 2.5 4\""}},
       .lookback = "that of the input",
       .output_unit = "1",
       .missing = kPassesNaN,
       .flat = "an input that equals several knots has the middle of their shares",
       .cost = "O(log m)",
       .oracle = "scikit-learn QuantileTransformer",
       .standalone = "QuantileMap",
       .make = [](const Params& p) { return pointwise(QuantileMap{p.numbers("knots")}, "1"); },
       .pointwise = true},
      {.name = "running_zscore",
       .clock = Clock::kInput,
       .summary = "Standard deviations of the newest input above the mean of all inputs so far.",
       .formula = "(x - mean) / std, over all inputs since the state began",
       .inputs = kSeriesInput,
       .params = {real(RunningZScore::kFlat, 0.0, "value while all inputs are equal")},
       .lookback = "1 input",
       .output_unit = "1",
       .missing = kSkips,
       .flat = "while all inputs are equal the value is `flat`",
       .reference = "exact integer sums; after 2^26 inputs mean and deviation stay",
       .oracle = "pandas expanding()",
       .standalone = "RunningZScore",
       .make = [](const Params& p) { return own_state(RunningZScore{p.real("flat")}, "1"); }},
  };
}

}  // namespace hft::feature
