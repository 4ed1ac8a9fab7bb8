#pragma once

#include <cstdint>
#include <string>

#include "hft/feature/spec.hpp"

namespace hft::bench {

/// Eight averages, four RSIs, and mean, deviation, minimum, maximum and z-score of four windows, of the mid price.
inline feature::Spec spec_of_32() {
  feature::Spec spec;
  spec.name = "bench";
  spec.sha256 = std::string(64, '0');
  spec.origin = feature::Origin::kContinuous;
  const auto add = [&spec](const char* op, const char* param, std::int64_t n) {
    spec.features.push_back({"", op, "mid_px", {{param, feature::ParamValue{n}}}});
  };
  for (const std::int64_t period : {5, 10, 15, 20, 30, 50, 100, 200}) add("ema", "period", period);
  for (const std::int64_t period : {7, 14, 21, 28}) add("rsi", "period", period);
  for (const std::int64_t window : {10, 20, 50, 100}) {
    for (const char* op : {"rolling_mean", "rolling_std", "rolling_min", "rolling_max", "zscore"}) {
      add(op, "window", window);
    }
  }
  return spec;
}

}  // namespace hft::bench
