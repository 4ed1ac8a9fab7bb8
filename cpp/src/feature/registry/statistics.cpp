#include <utility>

#include "bulk.hpp"
#include "columns.hpp"
#include "hft/feature/autocorrelation.hpp"
#include "hft/feature/bipower_variation.hpp"
#include "hft/feature/realised_volatility.hpp"
#include "hft/feature/robust_zscore.hpp"
#include "hft/feature/rolling_beta.hpp"
#include "hft/feature/rolling_corr.hpp"
#include "hft/feature/rolling_cov.hpp"
#include "hft/feature/rolling_median.hpp"
#include "hft/feature/rolling_quantile.hpp"
#include "hft/feature/rolling_rank.hpp"
#include "hft/feature/rolling_skew.hpp"
#include "hft/feature/rolling_sum.hpp"
#include "hft/feature/rolling_var.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

constexpr const char* kOrderCost = "O(log n) and a move of at most 4 KiB; memory: the window, in order, four times";
constexpr const char* kTwoSeries = "two series or earlier features, any units: x, then y";
constexpr const char* kSkipsPairs = "a pair with an input that is NaN, infinite or not in (-2^40, 2^40) is left out";
constexpr const char* kSkipsPrices = "an input that is NaN, infinite or not in (0, 2^40) is left out";
constexpr const char* kWindowLookback3 = "window - 1 inputs; a time window: 2";

/// Required, and behind the window: no two quantiles of a window have the same default name.
std::vector<Param> windowed_quantile() {
  Param q = real(QuantileReading::kQ, 0.5, "share of the inputs below: 0 is the smallest, 1 the largest");
  std::vector<Param> params = windowed(1);
  q.required = true;
  params.insert(params.begin() + 1, std::move(q));
  return params;
}

Param lag() {
  Param param = integer(Autocorrelation::kLag, "inputs to look back");
  param.required = false;
  param.fallback = std::int64_t{1};
  return param;
}

}  // namespace

std::vector<Operation> statistics_operations() {
  return {
      {.name = "rolling_sum",
       .clock = Clock::kInput,
       .summary = "Sum of a window.",
       .formula = "S1",
       .inputs = kSeriesInput,
       .params = windowed(1),
       .lookback = kWindowLookback,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .cost = kWindowCost,
       .oracle = "pandas rolling().sum(); TA-Lib SUM",
       .standalone = "RollingSum",
       .make = [](const Params& p) { return rolling_lane("moments", p, SumReading{}, "", {LaneKind::kSum}); }},
      {.name = "rolling_var",
       .clock = Clock::kInput,
       .summary = "Sample variance of a window.",
       .formula = "(n S2 - S1^2) / (n (n - 1))",
       .inputs = kSeriesInput,
       .params = windowed(2),
       .lookback = kWindowLookback2,
       .output_unit = "that of the input, squared",
       .missing = kSkips,
       .flat = "a constant window has exactly 0",
       .cost = kWindowCost,
       .oracle = "pandas rolling().var(); TA-Lib VAR divides by n",
       .standalone = "RollingVar",
       .make =
           [](const Params& p) {
             return rolling_lane("moments", p, VarReading{}, kSquare, {LaneKind::kVariance}, &fold_variance);
           }},
      {.name = "rolling_skew",
       .clock = Clock::kInput,
       .summary = "Skewness of a window, adjusted Fisher-Pearson.",
       .formula = "sqrt(n (n - 1)) / (n - 2) (n^2 S3 - 3 n S1 S2 + 2 S1^3) / (n S2 - S1^2)^(3/2)",
       .inputs = kSeriesInput,
       .params = windowed(3, {real(SkewReading::kFlat, 0.0, "value of a constant window")}),
       .lookback = kWindowLookback3,
       .output_unit = "1",
       .missing = kSkips,
       .flat = "a constant window has the value `flat`",
       .cost = kWindowCost,
       .reference = "Joanes and Gill (1998), The Statistician 47(1)",
       .oracle = "pandas rolling().skew(); scipy.stats.skew(bias=False)",
       .standalone = "RollingSkew",
       .make = [](const Params& p) { return rolling("moments", p, SkewReading{p.real("flat")}, "1"); }},
      {.name = "rolling_median",
       .clock = Clock::kInput,
       .summary = "Median of a window.",
       .formula = "middle input in order; of an even number, the mean of the two in the middle",
       .inputs = kSeriesInput,
       .params = windowed(1),
       .lookback = kWindowLookback,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .flat = "a constant window has exactly that median",
       .cost = kOrderCost,
       .oracle = "pandas rolling().median(); numpy.median",
       .standalone = "RollingMedian",
       .make = [](const Params& p) { return rolling("order", p, MedianReading{}, ""); }},
      {.name = "rolling_quantile",
       .clock = Clock::kInput,
       .summary = "Quantile of a window, linear between two inputs.",
       .formula = "x_(k) + (r - k) (x_(k+1) - x_(k)), r = q (n - 1), k = floor(r)",
       .inputs = kSeriesInput,
       .params = windowed_quantile(),
       .lookback = kWindowLookback,
       .output_unit = kSameUnit,
       .missing = kSkips,
       .flat = "a constant window has exactly that quantile",
       .cost = kOrderCost,
       .reference = "Hyndman and Fan (1996), The American Statistician 50(4), definition 7",
       .oracle = "pandas rolling().quantile(q); numpy.quantile, method linear",
       .standalone = "RollingQuantile",
       .make = [](const Params& p) { return rolling("order", p, QuantileReading{p.real("q")}, ""); }},
      {.name = "rolling_rank",
       .clock = Clock::kInput,
       .summary = "Rank of the newest input in its window, as a share; equal inputs have their average rank.",
       .formula = "(n_below + (n_equal + 1) / 2) / n",
       .inputs = kSeriesInput,
       .params = windowed(1),
       .lookback = kWindowLookback,
       .output_unit = "1",
       .missing = kSkips,
       .flat = "a constant window has (n + 1) / (2 n)",
       .cost = kOrderCost,
       .oracle = "pandas rolling().rank(pct=True)",
       .standalone = "RollingRank",
       .make = [](const Params& p) { return rolling("order", p, RankReading{}, "1"); }},
      {.name = "robust_zscore",
       .clock = Clock::kInput,
       .summary = "Robust standard deviations of the newest input above the median of its window.",
       .formula = "(x - median) / (1.4826 MAD), MAD = median |x - median|",
       .inputs = kSeriesInput,
       .params = windowed(2, {real(RobustZScoreReading::kFlat, 0.0, "value where the MAD is 0")}),
       .lookback = kWindowLookback2,
       .output_unit = "1",
       .missing = kSkips,
       .flat = "where half of the window and more is equal, the value is `flat`",
       .cost = "O(log^2 n) and a move of at most 4 KiB; memory: the window, in order, four times",
       .reference = "Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers",
       .oracle = "(x - numpy.median) / (1.4826 scipy.stats.median_abs_deviation)",
       .standalone = "RobustZScore",
       .make = [](const Params& p) { return rolling("order", p, RobustZScoreReading{p.real("flat")}, "1"); }},
      {.name = "rolling_cov",
       .clock = Clock::kInput,
       .summary = "Sample covariance of two series over a window.",
       .formula = "(n Sxy - Sx Sy) / (n (n - 1))",
       .inputs = kTwoSeries,
       .params = windowed(2),
       .lookback = kWindowLookback2,
       .output_unit = "that of x times that of y",
       .missing = kSkipsPairs,
       .flat = "exactly 0 where either is constant",
       .cost = kWindowCost,
       .oracle = "pandas rolling().cov(); numpy.cov",
       .standalone = "RollingCov",
       .make = [](const Params& p) { return rolling("pairs", p, CovReading{}, kProduct); },
       .n_series = 2},
      {.name = "rolling_corr",
       .clock = Clock::kInput,
       .summary = "Pearson's correlation of two series over a window.",
       .formula = "(n Sxy - Sx Sy) / sqrt((n Sxx - Sx^2) (n Syy - Sy^2))",
       .inputs = kTwoSeries,
       .params = windowed(2, {real(CorrReading::kFlat, 0.0, "value where either is constant")}),
       .lookback = kWindowLookback2,
       .output_unit = "1",
       .missing = kSkipsPairs,
       .flat = "where either is constant the value is `flat`",
       .cost = kWindowCost,
       .oracle = "pandas rolling().corr(), where neither is constant; numpy.corrcoef",
       .standalone = "RollingCorr",
       .make = [](const Params& p) { return rolling("pairs", p, CorrReading{p.real("flat")}, "1"); },
       .n_series = 2},
      {.name = "rolling_beta",
       .clock = Clock::kInput,
       .summary = "Slope of the least-squares line of the second series on the first, over a window.",
       .formula = "(n Sxy - Sx Sy) / (n Sxx - Sx^2)",
       .inputs = kTwoSeries,
       .params = windowed(2, {real(BetaReading::kFlat, 0.0, "value where x is constant")}),
       .lookback = kWindowLookback2,
       .output_unit = "that of y per that of x",
       .missing = kSkipsPairs,
       .flat = "where x is constant the value is `flat`",
       .cost = kWindowCost,
       .oracle = "numpy.polyfit(x, y, 1)[0]; pandas rolling cov / var of x; TA-Lib BETA takes returns first",
       .standalone = "RollingBeta",
       .make = [](const Params& p) { return rolling("pairs", p, BetaReading{p.real("flat")}, kSlope); },
       .n_series = 2},
      {.name = "autocorrelation",
       .clock = Clock::kInput,
       .summary = "Correlation of a window's inputs with those lag inputs before.",
       .formula = "Pearson's correlation of the pairs (x_{i-lag}, x_i) in the window",
       .inputs = kSeriesInput,
       .params = windowed(3, {lag(), real(Autocorrelation::kFlat, 0.0, "value where either end is constant")}),
       .lookback = "window - 1 inputs; a time window: lag + 1",
       .output_unit = "1",
       .missing = kSkips,
       .flat = "where either end of the window is constant the value is `flat`",
       .cost = kWindowCost,
       .oracle = "pandas Series.autocorr(lag) of the window; statsmodels acf takes one mean and variance for both ends",
       .standalone = "Autocorrelation",
       .make =
           [](const Params& p) {
             return own_state(Autocorrelation{p.window(), p.integer("lag"), p.real("flat")}, "1");
           }},
      {.name = "realised_volatility",
       .clock = Clock::kInput,
       .summary = "Root of the sum of a window's squared log returns.",
       .formula = "sqrt(sum ln(x_i / x_{i-1})^2)",
       .inputs = kPositiveInput,
       .params = windowed(2),
       .lookback = kWindowLookback2,
       .output_unit = "1",
       .missing = kSkipsPrices,
       .flat = "equal prices: exactly 0",
       .cost = kWindowCost,
       .reference = "Andersen, Bollerslev, Diebold and Labys (2001), JASA 96(453)",
       .oracle = "its definition in NumPy",
       .standalone = "RealisedVolatility",
       .make = [](const Params& p) { return rolling("returns", p, RealisedVolatilityReading{}, "1"); }},
      {.name = "bipower_variation",
       .clock = Clock::kInput,
       .summary = "Variance of a window's log returns, without the part that jumps add.",
       .formula = "pi / 2 sum |ln(x_i / x_{i-1})| |ln(x_{i-1} / x_{i-2})|",
       .inputs = kPositiveInput,
       .params = windowed(3),
       .lookback = kWindowLookback3,
       .output_unit = "1",
       .missing = kSkipsPrices,
       .flat = "equal prices: exactly 0",
       .cost = kWindowCost,
       .reference = "Barndorff-Nielsen and Shephard (2004), J. Financial Econometrics 2(1)",
       .oracle = "its definition in NumPy",
       .standalone = "BipowerVariation",
       .make = [](const Params& p) { return rolling("returns", p, BipowerVariationReading{}, "1"); }},
  };
}

}  // namespace hft::feature
