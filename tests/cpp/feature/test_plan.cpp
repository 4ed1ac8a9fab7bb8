#include "hft/feature/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace hft::feature {
namespace {

Spec spec_of(std::vector<FeatureDef> features) {
  Spec spec;
  spec.features = std::move(features);
  return spec;
}

std::string error_of(std::vector<FeatureDef> features) {
  try {
    Plan{spec_of(std::move(features))};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Plan, names_and_parameters_are_completed) {
  const Plan plan{spec_of({{"", "ema", "mid_px", {{"period", 20}}},
                           {"", "rsi", "trade_px", {{"period", 14}, {"flat", 0}}},
                           {"", "rolling_std", "mid_px", {{"window", "60s"}}},
                           {"wide", "spread", "", {{"unit", "bps"}}}})};
  const auto& c = plan.columns();
  EXPECT_EQ(c[0].def.name, "ema_mid_px_20");
  EXPECT_EQ(c[0].unit, "px");
  EXPECT_EQ(c[0].lookback, 19U);
  EXPECT_EQ(c[1].def.params.at("flat"), ParamValue{0.0}) << "an integer where a real is meant";
  EXPECT_EQ(c[1].clock, Clock::kTrade);
  EXPECT_EQ(c[2].def.name, "rolling_std_mid_px_1m");
  EXPECT_EQ(c[2].def.params.at("max_events"), ParamValue{std::int64_t{4096}});
  EXPECT_EQ(c[3].def.name, "wide");
}

TEST(Plan, columns_of_one_window_share_a_node) {
  const std::map<std::string, ParamValue> w{{"window", 50}};
  const Plan plan{spec_of({{"", "rolling_mean", "mid_px", w},
                           {"", "rolling_std", "mid_px", w},
                           {"", "zscore", "mid_px", w},
                           {"", "rolling_mean", "bid_px", w},
                           {"", "vwap", "", {{"window", "5s"}}},
                           {"", "vwap", "", {{"window", "5s"}, {"unit", "bps"}}}})};
  EXPECT_EQ(plan.make_nodes().size(), 3U);
  EXPECT_EQ(plan.timed_nodes().size(), 1U);
}

TEST(Plan, an_earlier_feature_is_an_input) {
  const Plan plan{
      spec_of({{"r", "log_return", "mid_px", {{"lag", 1}}}, {"vol", "rolling_std", "r", {{"window", 100}}}})};
  EXPECT_EQ(plan.columns()[1].lookback, 100U);
  EXPECT_EQ(plan.columns()[1].unit, "1");
  EXPECT_EQ(plan.columns()[1].clock, Clock::kQuote);
}

TEST(Plan, errors_name_feature_parameter_rule_and_value) {
  EXPECT_EQ(error_of({}), "features: a spec needs at least one");
  EXPECT_EQ(error_of({{"fast", "ema", "mid_px", {{"period", 0}}}}),
            "feature 'fast' (ema): Ema: period must be >= 1, was 0");
  EXPECT_EQ(error_of({{"", "ema", "mid_px", {}}}), "feature #1 (ema): period is missing: a = 2 / (period + 1)");
  EXPECT_EQ(error_of({{"", "ema", "mid_px", {{"period", 2.5}}}}),
            "feature #1 (ema): period must be an integer, was 2.5");
  EXPECT_EQ(error_of({{"", "ema", "mid", {{"period", 2}}}}),
            "feature #1 (ema): unknown input 'mid' (did you mean 'mid_px'?)");
  EXPECT_EQ(error_of({{"", "ema", "mid_px", {{"period", 2}, {"perod", 3}}}}),
            "feature #1 (ema): unknown parameter 'perod' (did you mean 'period'?); ema takes period");
  EXPECT_EQ(error_of({{"", "mid", "mid_px", {}}}),
            "feature #1 (mid): takes no input (it reads quotes (px)), was given 'mid_px'");
  EXPECT_EQ(error_of({{"", "mid", "", {}}, {"", "mid", "", {}}}),
            "feature #2 (mid): the name 'mid' is taken; give one of them another `name`");
  EXPECT_EQ(error_of({{"", "spread", "", {{"unit", "bp"}}}}),
            "feature #1 (spread): unit must be one of px, bps, ticks, was \"bp\" (did you mean 'bps'?)");
  EXPECT_EQ(error_of({{"", "rolling_std", "mid_px", {{"window", 1}}}}),
            "feature #1 (rolling_std): RollingStd: window must be >= 2, was 1");
  EXPECT_EQ(error_of({{"", "rolling_mean", "mid_px", {{"window", 5}, {"max_events", 9}}}}),
            "feature #1 (rolling_mean): max_events is for time windows; this window is a count");
  EXPECT_EQ(error_of({{"t", "time_since_trade", "", {}}, {"", "ema", "t", {{"period", 2}}}}),
            "feature #2 (ema): 't' has no clock, so it is no input");
  EXPECT_NE(error_of({{"a b", "mid", "", {}}}), "accepted");
}

TEST(Plan, a_formula_is_a_column_and_an_input) {
  const std::string formula = "(ema(mid_px,20)-ema(mid_px, 100) )/rolling_std(mid_px, 100)";
  const Plan plan{spec_of({{"", "expr", "", {{"formula", formula}}},
                           {"gap", "expr", "", {{"formula", "microprice_px - mid_px"}}},
                           {"", "zscore", "microprice_px-mid_px", {{"window", 50}}},
                           {"", "ema", "log_return(mid_px, 5)", {{"period", 10}}}})};
  const auto& c = plan.columns();
  EXPECT_EQ(c[0].def.name, "expr");
  EXPECT_EQ(c[0].def.params.at("formula"),
            ParamValue{"(ema(mid_px, period=20) - ema(mid_px, period=100)) / rolling_std(mid_px, window=100)"});
  EXPECT_EQ(c[0].unit, "1") << "px over px";
  EXPECT_EQ(c[0].lookback, 99U);
  EXPECT_EQ(c[0].clock, Clock::kQuote);
  EXPECT_EQ(c[1].unit, "px");
  EXPECT_EQ(c[2].def.name, "zscore_microprice_px_mid_px_50");
  EXPECT_EQ(c[2].def.input, "microprice_px - mid_px") << "one spelling";
  EXPECT_EQ(c[3].def.name, "ema_log_return_mid_px_lag_5_10");
  EXPECT_EQ(c[3].lookback, 14U);
}

TEST(Plan, equal_parts_are_made_once) {
  const Plan plan{spec_of({{"", "ema", "mid_px", {{"period", 20}}},
                           {"a", "expr", "", {{"formula", "ema(mid_px, 20) / ema(mid_px, period=20)"}}},
                           {"b", "expr", "", {{"formula", "2 * ema(mid_px, 20)"}}}})};
  EXPECT_EQ(plan.make_nodes().size(), 1U);
}

TEST(Plan, another_symbols_value_is_named_with_its_symbol) {
  const Plan plan{spec_of({{"fast", "ema", "mid_px", {{"period", 3}}},
                           {"", "ema", "fast - fast@SPY + mid_px@'BRK-B'", {{"period", 3}}}})};
  EXPECT_EQ(plan.peers(), (std::vector<std::string>{"SPY", "BRK-B"}));
  EXPECT_EQ(error_of({{"", "ema", "mid_px@SPY", {{"period", 3}}}}),
            "feature #1 (ema): 'mid_px@SPY' has no clock, so it is no input");
  EXPECT_EQ(error_of({{"m", "rolling_mean", "mid_px", {{"window", "5s"}}}, {"x", "expr", "", {{"formula", "m@SPY"}}}}),
            "feature 'x' (expr): 'm@SPY': another symbol's value is read as its last event left it, and 'm' changes "
            "with the time; use a count window");
}

TEST(Plan, errors_of_a_formula_say_what_is_wrong) {
  const auto expr = [](const char* formula) { return error_of({{"x", "expr", "", {{"formula", formula}}}}); };
  EXPECT_EQ(expr("mid_px +"),
            "feature 'x' (expr): formula 'mid_px +': a number, a name or '(' expected at character 9, "
                              "found the end");
  EXPECT_EQ(expr("mid_pz"), "feature 'x' (expr): unknown input 'mid_pz' (did you mean 'mid_px'?)");
  EXPECT_EQ(expr("emma(mid_px, 3)"), "feature 'x' (expr): unknown operation 'emma' (did you mean 'ema'?)");
  EXPECT_EQ(expr("ema(mid_px, 0)"), "feature 'x' (expr): Ema: period must be >= 1, was 0");
  EXPECT_EQ(expr("ema(3)"), "feature 'x' (expr): period is missing: a = 2 / (period + 1)");
  EXPECT_EQ(expr("ema(mid_px, 3, 4)"), "feature 'x' (expr): ema takes 1 parameters, was given ema(mid_px, 3, 4)");
  EXPECT_EQ(expr("abs(1, 2)"), "feature 'x' (expr): abs takes 1 values, was given 2");
  EXPECT_EQ(expr("rolling_mean(mid_px, 5s)"), "feature 'x' (expr): formula 'rolling_mean(mid_px, 5s)': an operator (a "
                                              "time stands in quotes, as '5s') expected at character 23, found 's)'");
  EXPECT_EQ(expr("mid_px, bid_px"), "feature 'x' (expr): formula must be one expression, was mid_px, bid_px");
}

TEST(Plan, units_of_moments_are_made_of_those_of_their_inputs) {
  const Plan plan{spec_of({{"v", "rolling_var", "mid_px", {{"window", std::int64_t{5}}}},
                             {"c", "rolling_cov", "mid_px, bid_qty", {{"window", std::int64_t{5}}}},
                             {"b", "rolling_beta", "mid_px, bid_qty", {{"window", std::int64_t{5}}}},
                             {"s", "expr", "", {{"formula", "sqrt(v) / mid_px"}}}})};
  EXPECT_EQ(plan.columns()[0].unit, "px^2");
  EXPECT_EQ(plan.columns()[1].unit, "px qty");
  EXPECT_EQ(plan.columns()[2].unit, "qty/px");
  EXPECT_EQ(plan.columns()[3].unit, "1");
}

}  // namespace
}  // namespace hft::feature
