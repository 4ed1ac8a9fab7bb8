#include "columns.hpp"
#include "hft/feature/adwin.hpp"
#include "hft/feature/cusum.hpp"
#include "hft/feature/page_hinkley.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

constexpr const char* kDeviationInput = "a series of deviations from what is expected: returns, zscores, differences";
constexpr const char* kAlarm = "alarm: +1 up, -1 down, 0 none; the two sums behind it";

template <class Reading>
Reading sum_of(const std::string& output) {
  using Output = typename Reading::Output;
  return {output == "alarm" ? Output::kAlarm : output == "up" ? Output::kUp : Output::kDown};
}

Column make_cusum(const Params& p) {
  const auto reading = sum_of<CusumReading>(p.text("output"));
  return shared(key_of("cusum", p, {"drift", "threshold"}), Cusum{p.real("drift"), p.real("threshold")}, reading, 0,
                p.text("output") == "alarm" ? "1" : "");
}

Column make_page_hinkley(const Params& p) {
  const auto reading = sum_of<PageHinkleyReading>(p.text("output"));
  return shared(key_of("page_hinkley", p, {"delta", "threshold", "min_inputs"}),
                PageHinkley{p.real("delta"), p.real("threshold"), p.integer("min_inputs")}, reading, 0,
                p.text("output") == "alarm" ? "1" : "");
}

Column make_adwin(const Params& p) {
  using Output = AdwinReading::Output;
  const std::string& output = p.text("output");
  const AdwinReading reading{output == "alarm" ? Output::kAlarm : output == "mean" ? Output::kMean : Output::kWidth};
  return shared(key_of("adwin", p, {"delta", "scale"}), Adwin{p.real("delta"), p.real("scale")}, reading, 0,
                output == "mean" ? "" : "1");
}

}  // namespace

std::vector<Operation> anomaly_operations() {
  return {
      {.name = "cusum",
       .clock = Clock::kInput,
       .summary = "Two-sided cumulative sum: has the mean left 0?",
       .formula = "up = max(0, up + x - drift), down = max(0, down - x - drift); alarm beyond threshold, then anew",
       .inputs = kDeviationInput,
       .params = {real(Cusum::kDrift, "slack: what an input may deviate for nothing"),
                  real(Cusum::kThreshold, "sum that alarms"), choice("output", {"alarm", "up", "down"}, kAlarm)},
       .lookback = "0",
       .output_unit = "by output",
       .missing = kSkips,
       .flat = "inputs within the drift give exactly 0",
       .reference = "Page (1954), Continuous inspection schemes",
       .oracle = "a slow twin in fractions, exactly",
       .standalone = "Cusum",
       .make = make_cusum},
      {.name = "page_hinkley",
       .clock = Clock::kInput,
       .summary = "Page-Hinkley test: has the mean moved away from what it was?",
       .formula = "up = max(0, up + x - mean - delta), down = max(0, down - (x - mean) - delta); then as cusum",
       .inputs = kSeriesInput,
       .params = {real(PageHinkley::kDelta, "slack: what an input may deviate for nothing"),
                  real(PageHinkley::kThreshold, "sum that alarms"),
                  integer(PageHinkley::kMinInputs, PageHinkley::kDefaultMinInputs, "inputs of a mean before it alarms"),
                  choice("output", {"alarm", "up", "down"}, kAlarm)},
       .lookback = "0",
       .output_unit = "by output",
       .missing = kSkips,
       .flat = "a constant input has exactly 0",
       .reference = "Page (1954), Continuous inspection schemes; Hinkley (1971)",
       .oracle = "a slow twin; river PageHinkley with alpha = 1",
       .standalone = "PageHinkley",
       .make = make_page_hinkley},
      {.name = "adwin",
       .clock = Clock::kInput,
       .summary = "Adaptive window: grows while its mean holds, drops its oldest part when it does not.",
       .formula = "drop while |mean_0 - mean_1| > sqrt(2 v L / m) + 2/3 scale L / m, L = ln(2 ln(n) / delta)",
       .inputs = kSeriesInput,
       .params = {real(Adwin::kDelta, Adwin::kDefaultDelta, "chance of a false change, as the bound has it"),
                  real(Adwin::kScale, 1.0, "range of the input; 0: leave that part of the bound out"),
                  choice("output", {"alarm", "mean", "width"}, "alarm: +1 up, -1 down, 0 none; or of the window")},
       .lookback = "0",
       .output_unit = "by output",
       .missing = kSkips,
       .flat = "a constant input never alarms",
       .cost = "O(1) amortised, O(log n) at every 32nd input; memory: 5 KB",
       .reference = "Bifet and Gavalda (2007), Learning from time-changing data with adaptive windowing",
       .oracle = "a slow twin that keeps the inputs; river ADWIN up to its rounding",
       .standalone = "Adwin",
       .make = make_adwin},
  };
}

}  // namespace hft::feature
