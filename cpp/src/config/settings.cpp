#include "hft/config/settings.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "hft/base/json.hpp"
#include "keys.hpp"
#include "show.hpp"

namespace hft::config {
namespace {

using base::Json;

/// The settings' one list of members: writing and reading visit it. Names are those of the structs, and of Python's
/// _core.engine.ThresholdParams and Limits, which take them as keyword arguments.
template <class S, class Visit>
void visit_settings(S& s, Visit&& visit) {
  visit("input", "stale_after_ns", s.stale_after_ns);
  visit("model", "model_id", s.model_id);
  visit("model", "path", s.model_path);
  visit("risk", "max_open_positions", s.limits.max_open_positions);
  visit("risk", "max_order_qty_lots", s.limits.max_order_qty_lots);
  visit("risk", "max_position_qty_lots", s.limits.max_position_qty_lots);
  visit("risk", "stop_loss_milli_bps", s.limits.stop_loss_milli_bps);
  visit("risk", "stop_out_pause_ns", s.limits.stop_out_pause_ns);
  visit("risk", "max_reference_age_ns", s.limits.max_reference_age_ns);
  visit("risk", "killed", s.limits.killed);
  visit("strategy", "threshold_frac", s.strategy.threshold_frac);
  visit("strategy", "order_qty_lots", s.strategy.order_qty_lots);
  visit("strategy", "cooldown_ns", s.strategy.cooldown_ns);
  visit("strategy", "hold_ns", s.strategy.hold_ns);
  visit("strategy", "up_class", s.strategy.up_class);
  visit("strategy", "down_class", s.strategy.down_class);
}

Json value_of(std::int64_t value) { return Json::of(value); }
Json value_of(std::uint32_t value) { return Json::of(std::int64_t{value}); }
Json value_of(bool value) { return Json::of(value); }
Json value_of(double value) { return Json::of(value); }
Json value_of(const std::string& value) { return Json::of(value); }

void read(const Json& json, std::int64_t& value) { value = json.as_int64(); }
void read(const Json& json, bool& value) { value = json.as_bool(); }
void read(const Json& json, double& value) { value = json.as_double(); }
void read(const Json& json, std::string& value) { value = json.as_text(); }
void read(const Json& json, std::uint32_t& value) {
  const std::int64_t wide = json.as_int64();
  if (wide < 0 || wide > std::numeric_limits<std::uint32_t>::max()) json.refuse("must be a whole number of 32 bits");
  value = static_cast<std::uint32_t>(wide);
}

bool in_section(std::string_view name, std::string_view section) {
  return name.starts_with(section) && name.substr(section.size()).starts_with('.');
}

}  // namespace

std::string settings_json(const Settings& settings) {
  Json json = Json::object();
  for (const char* section : {"input", "model", "risk", "strategy"}) {
    Json table = Json::object();
    visit_settings(settings, [&](std::string_view where, const char* name, const auto& value) {
      if (where == section) table.set(name, value_of(value));
    });
    json.set(section, std::move(table));
  }
  return json.canonical();
}

Settings parse_settings_json(std::string_view text) {
  const Json json = Json::parse(text);
  Settings settings;
  std::size_t n_members = 0;
  visit_settings(settings, [&](const char* section, const char* name, auto& value) {
    read(json.at(section).at(name), value);
    ++n_members;
  });
  std::size_t n_found = 0;
  for (const Json& section : json.items()) n_found += section.keys().size();
  if (json.items().size() != 4 || n_found != n_members) json.refuse("holds keys that are no settings");
  risk::validate(settings.limits);
  decision::validate(settings.strategy);
  if (settings.stale_after_ns < 0 || settings.stale_after_ns > kMaxDurationNs) {
    throw std::invalid_argument("Settings: stale_after_ns must be in [0, " + std::to_string(kMaxDurationNs) +
                                "], was " + std::to_string(settings.stale_after_ns));
  }
  return settings;
}

Difference reloadable_difference(const DaemonConfig& running, const DaemonConfig& read) {
  Show before{Show::Secrets::kPlain};
  Show after{Show::Secrets::kPlain};
  visit_keys(running, before);
  visit_keys(read, after);
  Difference difference;
  for (std::size_t i = 0; i < before.lines().size(); ++i) {
    if (before.lines()[i].value == after.lines()[i].value) continue;
    const std::string_view name = before.lines()[i].key.name;
    difference.strategy |= in_section(name, "strategy");
    difference.risk |= in_section(name, "risk");
    // Another way to name the same folder is no other model.
    difference.model |= name == "model.path";
    const bool applied = in_section(name, "strategy") || in_section(name, "risk") ||
                         (in_section(name, "model") && name != "model.allow_compiled");
    (applied ? difference.applied : difference.ignored).emplace_back(name);
  }
  return difference;
}

}  // namespace hft::config
