#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hft/config/daemon_config.hpp"

namespace hft::config {

/// What may change while the daemon runs: [strategy], [risk] and [model]. A control frame carries it as JSON.
struct Settings {
  decision::ThresholdParams strategy;  // class indices included
  risk::Limits limits;
  std::int64_t stale_after_ns = 0;
  std::string model_path;
  std::string model_id;
};

/// Canonical JSON: {"input":{"stale_after_ns"},"model":{"model_id","path"},"risk":{...},"strategy":{...}}, the keys of
/// "risk" and "strategy" those of the structs. The same settings give the same bytes; doubles read back exactly.
[[nodiscard]] std::string settings_json(const Settings& settings);

/// Reads back what settings_json wrote. Cold path: throws std::invalid_argument for what is missing, unknown or out of
/// the range that the strategy and the gate allow.
[[nodiscard]] Settings parse_settings_json(std::string_view text);

/// How a configuration that was read anew differs from the one that runs.
struct Difference {
  bool strategy = false;
  bool risk = false;   // stale_after included
  bool model = false;  // another folder, be it that the alias moved
  std::vector<std::string> applied;  // names of the changed keys that may be applied
  std::vector<std::string> ignored;  // names of the changed keys that wait for a restart

  [[nodiscard]] bool reloadable() const noexcept { return strategy || risk || model; }
};

[[nodiscard]] Difference reloadable_difference(const DaemonConfig& running, const DaemonConfig& read);

}  // namespace hft::config
