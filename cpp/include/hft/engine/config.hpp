#pragma once

#include <cstdint>

#include "hft/decision/threshold.hpp"
#include "hft/execution/simulated_exchange.hpp"
#include "hft/risk/limits.hpp"

namespace hft::engine {

/// Everything that the engine is told and does not decide itself.
struct EngineConfig {
  std::uint32_t config_epoch = 1;  // part of every decision id: raise it to let the same input be decided anew
  decision::ThresholdParams strategy;
  risk::Limits risk;
  execution::Fees fees;
};

}  // namespace hft::engine
