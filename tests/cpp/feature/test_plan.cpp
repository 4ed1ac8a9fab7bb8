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
  EXPECT_EQ(plan.outputs()[0].node, plan.outputs()[2].node);
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

}  // namespace
}  // namespace hft::feature
