#include "bulk.hpp"
#include "columns.hpp"
#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_min.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/zscore.hpp"
#include "rows.hpp"

namespace hft::feature {
std::vector<Operation> rolling_operations() {
  return {
      {.name = "rolling_mean",
       .clock = Clock::kInput,
       .summary = "Mean of a window.",
       .formula = "S1 / n",
       .inputs = kSeriesInput,
       .params = windowed(1),
       .lookback = kWindowLookback,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .flat = "a constant window has exactly that mean",
       .cost = kWindowCost,
       .oracle = "TA-Lib SMA; pandas rolling().mean()",
       .standalone = "RollingMean",
       .make =
           [](const Params& p) {
             return rolling_lane("moments", p, MeanReading{}, "",
                                 {LaneKind::kMean}, &fold_mean);
           }},
      {.name = "rolling_std",
       .clock = Clock::kInput,
       .summary = "Sample standard deviation of a window.",
       .formula = "sqrt((n S2 - S1^2) / (n (n - 1)))",
       .inputs = kSeriesInput,
       .params = windowed(2),
       .lookback = kWindowLookback2,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .flat = "a constant window has exactly 0",
       .cost = kWindowCost,
       .oracle = "pandas rolling().std(); TA-Lib STDDEV divides by n",
       .standalone = "RollingStd",
       .make =
           [](const Params& p) {
             return rolling_lane("moments", p, StdReading{}, "",
                                 {LaneKind::kDeviation}, &fold_deviation);
           }},
      {.name = "zscore",
       .clock = Clock::kInput,
       .summary = "Standard deviations of the newest input above the mean of its window.",
       .formula = "(x - mean) / std",
       .inputs = kSeriesInput,
       .params = windowed(2, {real(ZScoreReading::kFlat, 0.0, "value of a constant window")}),
       .lookback = kWindowLookback2,
       .output_unit = "1",
       .missing = kSkips,
       .flat = "a constant window has the value `flat`",
       .cost = kWindowCost,
       .oracle = "pandas (x - mean) / std",
       .standalone = "ZScore",
       .make =
           [](const Params& p) {
             return rolling_lane("moments", p, ZScoreReading{p.real("flat")}, "1",
                                 {LaneKind::kZScore, 0, p.real("flat")}, &fold_zscore);
           }},
      {.name = "rolling_min",
       .clock = Clock::kInput,
       .summary = "Smallest input of a window.",
       .formula = "min(x)",
       .inputs = kSeriesInput,
       .params = windowed(1),
       .lookback = kWindowLookback,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .cost = "O(1) amortised; memory: the window",
       .oracle = "TA-Lib MIN; pandas rolling().min()",
       .standalone = "RollingMin",
       .make = [](const Params& p) { return rolling_lane("min", p, MinReading{}, "", {LaneKind::kMin}, &fold_min); }},
      {.name = "rolling_max",
       .clock = Clock::kInput,
       .summary = "Largest input of a window.",
       .formula = "max(x)",
       .inputs = kSeriesInput,
       .params = windowed(1),
       .lookback = kWindowLookback,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .cost = "O(1) amortised; memory: the window",
       .oracle = "TA-Lib MAX; pandas rolling().max()",
       .standalone = "RollingMax",
       .make = [](const Params& p) { return rolling_lane("max", p, MaxReading{}, "", {LaneKind::kMax}, &fold_max); }},
  };
}

}  // namespace hft::feature
