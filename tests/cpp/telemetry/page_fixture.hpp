#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "hft/telemetry/page.hpp"
#include "hft/telemetry/page_reader.hpp"

namespace hft::telemetry {

class PageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path = std::filesystem::temp_directory_path() /
           ("hft_" + std::string{test->name()} + "_" + std::to_string(::getpid()) + ".page");
  }
  void TearDown() override { std::filesystem::remove(path); }

  std::filesystem::path path;
};

inline Layout small_layout() {
  return {.name = "demo",
          .writer = "test 1.0",
          .counters = {{"ingest", {"polled", "poison"}}, {"hot", {"events"}}},
          .gauges = {{"lane.ticks/0", {"lag_messages"}}},
          .histograms = {{"stages", {"decode", "ring", "features"}}},
          .texts = {"state", "last_error"}};
}

template <class Values>
auto value_of(const Values& values, std::string_view group, std::string_view name) {
  const auto found = std::ranges::find_if(values, [&](const auto& v) { return v.group == group && v.name == name; });
  if (found == values.end()) throw std::out_of_range(std::string{group} + "/" + std::string{name});
  return found->value;
}

inline std::string text_value(const PageCopy& copy, std::string_view name) {
  for (const auto& text : copy.texts) {
    if (text.name == name) return text.value;
  }
  throw std::out_of_range(std::string{name});
}

}  // namespace hft::telemetry
