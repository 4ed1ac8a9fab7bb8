#include "hft/engine/counters.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "hft/ledger/names.hpp"

namespace hft::engine {
namespace {

void append_pair(std::string& json, std::string_view name, std::uint64_t count) {
  if (json.back() != '{') json += ',';
  json += '"';
  json += name;
  json += "\":";
  json += std::to_string(count);
}

template <class Counts, class Name>
std::string non_zero(const Counts& counts, Name&& name_of) {
  std::vector<std::pair<std::string, std::uint64_t>> rows;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) rows.emplace_back(name_of(i), counts[i]);
  }
  std::sort(rows.begin(), rows.end());  // canonical JSON has its keys in order
  std::string json = "{";
  for (const auto& [name, count] : rows) append_pair(json, name, count);
  return json + "}";
}

}  // namespace

std::string to_json(const Counters& c) {
  std::string json = "{\"bad_records\":" + non_zero(c.bad_records, [](std::size_t i) {
    return std::string{event::to_string(static_cast<event::DecodeStatus>(i))};
  });
  const std::array<std::uint64_t, 3> controls{c.kills, c.resumes, c.unknown_controls};
  json += ",\"controls\":" + non_zero(controls, [](std::size_t i) {
    return std::string{std::array{"kill", "resume", "unknown"}[i]};
  });
  append_pair(json, "decisions", c.decisions);
  append_pair(json, "dropped", c.dropped);
  append_pair(json, "events", c.events);
  append_pair(json, "fills", c.fills);
  append_pair(json, "gaps", c.gaps);
  append_pair(json, "no_row", c.no_row);
  append_pair(json, "orders", c.orders);
  append_pair(json, "orders_unfilled", c.orders_unfilled);
  append_pair(json, "out_of_order", c.out_of_order);
  json += ",\"refusals\":" + non_zero(c.refusals, [](std::size_t i) {
    return std::string{ledger::kRefusalNames[i]};
  });
  append_pair(json, "rows_not_ready", c.rows_not_ready);
  append_pair(json, "rows_scored", c.rows_scored);
  append_pair(json, "stale", c.stale);
  append_pair(json, "stop_losses", c.stop_losses);
  append_pair(json, "unknown_symbol", c.unknown_symbol);
  return json + "}";
}

}  // namespace hft::engine
