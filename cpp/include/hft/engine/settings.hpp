#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/decision/threshold.hpp"
#include "hft/risk/limits.hpp"

namespace hft::engine {

/// What may change while an engine runs. Fees, feature spec and config epoch stay as they were made.
struct Settings {
  decision::ThresholdParams strategy;
  risk::Limits limits;
};

/// Cold path: throws std::invalid_argument naming the setting, the rule and the value.
inline void validate(const Settings& settings) {
  decision::validate(settings.strategy);
  risk::validate(settings.limits);
}

/// The same, for a model of so many classes.
inline void validate(const Settings& settings, std::size_t n_classes) {
  validate(settings);
  const std::uint32_t last_class = std::max(settings.strategy.up_class, settings.strategy.down_class);
  if (last_class >= n_classes) {
    throw std::invalid_argument("Engine: up_class and down_class must be below the model's " +
                                std::to_string(n_classes) + " classes, one was " + std::to_string(last_class));
  }
}

}  // namespace hft::engine
