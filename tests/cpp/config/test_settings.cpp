#include "hft/config/settings.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace {

using hft::config::DaemonConfig;
using hft::config::Difference;
using hft::config::parse_settings_json;
using hft::config::Property;
using hft::config::reloadable_difference;
using hft::config::Secret;
using hft::config::Settings;
using hft::config::settings_json;

Settings some_settings() {
  Settings settings;
  settings.strategy.threshold_frac = 0.7000000000000001;
  settings.strategy.cooldown_ns = 250'000'000;
  settings.limits.max_order_qty_lots = 100;
  settings.limits.max_position_qty_lots = 100;
  settings.limits.killed = true;
  settings.stale_after_ns = 5;
  settings.model_path = "models/\u00e9 \"up\".hft";
  settings.model_id = "abc";
  return settings;
}

TEST(Settings, ReadBackToTheSameBytes) {
  const Settings settings = some_settings();
  const std::string text = settings_json(settings);
  const Settings read = parse_settings_json(text);
  EXPECT_EQ(settings_json(read), text);
  EXPECT_EQ(read.strategy.threshold_frac, settings.strategy.threshold_frac);
  EXPECT_EQ(read.model_path, settings.model_path);
  EXPECT_TRUE(read.limits.killed);
}

TEST(Settings, HaveOneText) {
  Settings settings;
  settings.model_id = "1f";
  settings.model_path = "up.hft";
  EXPECT_EQ(settings_json(settings),
            R"({"input":{"stale_after_ns":0},"model":{"model_id":"1f","path":"up.hft"},"risk":{"killed":false,)"
            R"("max_open_positions":1,"max_order_qty_lots":1,"max_position_qty_lots":1,"max_reference_age_ns":0,)"
            R"("stop_loss_milli_bps":0,"stop_out_pause_ns":0},"strategy":{"cooldown_ns":0,"down_class":0,"hold_ns":0,)"
            R"("order_qty_lots":1,"threshold_frac":0.7,"up_class":2}})");
}

TEST(Settings, RefuseWhatTheEngineWould) {
  const std::string whole = settings_json(some_settings());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  EXPECT_NO_THROW((void)parse_settings_json(whole));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"threshold_frac\":0.7000000000000001", "\"threshold_frac\":1.5"},
           {"\"max_order_qty_lots\":100", "\"max_order_qty_lots\":101"},
           {"\"up_class\":2", "\"up_class\":-1"},
           {"\"up_class\":2", "\"up_class\":0"},
           {"\"stale_after_ns\":5", "\"stale_after_ns\":-5"},
           {"\"killed\":true", "\"killed\":1"},
           {"\"killed\":true", "\"killed\":true,\"more\":1"},
           {"\"killed\":true,", ""},
           {"\"input\":{", "\"other\":{},\"input\":{"}}) {
    EXPECT_THROW((void)parse_settings_json(with(from, to)), std::invalid_argument) << to;
  }
}

TEST(ReloadableDifference, NamesWhatMayChangeAndWhatMayNot) {
  const DaemonConfig running;
  EXPECT_FALSE(reloadable_difference(running, running).reloadable());
  DaemonConfig read;
  read.strategy.threshold_frac = 0.9;
  read.stale_after_ns = 1;
  read.snapshot_keep = 4;
  read.kafka.consumer.push_back(Property{"sasl.password", Secret{"x"}, false});
  const Difference difference = reloadable_difference(running, read);
  EXPECT_TRUE(difference.strategy);
  EXPECT_TRUE(difference.risk);
  EXPECT_FALSE(difference.model);
  EXPECT_EQ(difference.applied, (std::vector<std::string>{"strategy.threshold", "risk.stale_after"}));
  EXPECT_EQ(difference.ignored, (std::vector<std::string>{"kafka.consumer", "snapshot.keep"}));
}

TEST(ReloadableDifference, SeesAnAliasThatMoved) {
  DaemonConfig running;
  running.model = {"models/up.hft", "models", "prod"};
  DaemonConfig read = running;
  read.model.path = "models/up-2.hft";
  EXPECT_TRUE(reloadable_difference(running, read).model);
  read = running;
  read.model.alias = "live";  // another name of the same folder
  EXPECT_FALSE(reloadable_difference(running, read).model);
}

TEST(ReloadableDifference, SeesASecretThatChanged) {
  DaemonConfig running;
  running.kafka.consumer = {{"sasl.password", Secret{"old"}, false}};
  DaemonConfig read = running;
  read.kafka.consumer[0].value = Secret{"new"};
  EXPECT_EQ(reloadable_difference(running, read).ignored, std::vector<std::string>{"kafka.consumer"});
}

TEST(Secret, PrintsAsStars) {
  std::ostringstream out;
  out << Secret{"hunter2"};
  EXPECT_EQ(out.str(), "***");
  DaemonConfig config;
  config.kafka.producer = {{"sasl.password", Secret{"hunter2"}, false}, {"linger.ms", Secret{"1"}, true}};
  const std::string text = describe(config);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_NE(text.find(R"(producer = {"sasl.password" = "***", "linger.ms" = "1"})"), std::string::npos) << text;
}

}  // namespace
