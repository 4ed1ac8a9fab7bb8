#include "hft/feature/plan.hpp"

#include <algorithm>
#include <stdexcept>

#include "params.hpp"

namespace hft::feature {
namespace {

constexpr std::size_t kMaxNameBytes = 128;

void check_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto follows = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  if (name.size() <= kMaxNameBytes && letter(name.front()) && std::ranges::all_of(name, follows)) return;
  throw std::invalid_argument("a name is a letter or _, then letters, digits, _ . -, at most 128; was '" + name + "'");
}

}  // namespace

Plan::Plan(const Spec& spec) {
  constexpr std::int64_t kDayNs = 86'400'000'000'000;
  const auto in_day = [](std::int64_t ns) { return ns >= 0 && ns < kDayNs; };
  if (!in_day(spec.session.open_ns) || !in_day(spec.session.close_ns)) {
    throw std::invalid_argument("session: open and close must be in [00:00:00, 24:00:00)");
  }
  if (spec.features.empty()) throw std::invalid_argument("features: a spec needs at least one");
  for (const Series& s : series()) sources_.push_back({s.name, s.clock, s.unit, s.reader.get(), -1});
  for (const FeatureDef& def : spec.features) {
    try {
      add(def);
    } catch (const std::invalid_argument& error) {
      const std::string which = def.name.empty() ? "#" + std::to_string(columns_.size() + 1) : "'" + def.name + "'";
      throw std::invalid_argument("feature " + which + " (" + def.op + "): " + error.what());
    }
  }
}

void Plan::add(const FeatureDef& def) {
  const Operation& op = operation(def.op);
  const Params params = resolve(op, def.params);
  if (!op.takes_series() && !def.input.empty()) {
    throw std::invalid_argument("takes no input (it reads " + op.inputs + "), was given '" + def.input + "'");
  }
  FeatureDef complete{def.name.empty() ? default_name(op, def.input, params) : def.name, op.name, def.input,
                      params.values()};
  check_name(complete.name);
  if (std::ranges::find(sources_, complete.name, &Source::name) != sources_.end()) {
    throw std::invalid_argument("the name '" + complete.name + "' is taken; give one of them another `name`");
  }

  Clock clock = op.clock;
  std::uint32_t slot = 0;
  std::string input_unit;
  std::uint32_t lookback = 0;
  if (op.takes_series()) {
    Source& source = sources_[find_source(def.input)];
    clock = source.clock;
    input_unit = source.unit;
    lookback = source.lookback;
    if (source.slot < 0) {
      source.slot = static_cast<std::int32_t>(n_slots_++);
      program_of(clock).push_back({source.reader, source.node, static_cast<std::uint32_t>(source.slot)});
    }
    slot = static_cast<std::uint32_t>(source.slot);
  }

  Column column = op.make(params);
  lookback += column.lookback;
  const bool timed = params.values().contains("window") && params.window().is_time();
  const std::int32_t node = column.node ? place(column, def.input, slot, clock, timed) : -1;
  const std::string unit = column.unit.empty() ? input_unit : column.unit;
  sources_.push_back({complete.name, clock, unit, column.reader.get(), node, lookback});
  outputs_.push_back({column.reader.get(), node});
  readers_.push_back(std::move(column.reader));
  columns_.push_back({std::move(complete), op.rev, unit, lookback, clock});
}

std::size_t Plan::find_source(const std::string& input) const {
  std::vector<std::string> known;
  for (const Source& source : sources_) known.push_back(source.name);
  const auto it = std::ranges::find(known, input);
  if (input.empty()) throw std::invalid_argument("input is missing: a series such as mid_px, or an earlier feature");
  if (it == known.end()) throw std::invalid_argument("unknown input '" + input + "'" + did_you_mean(input, known));
  const auto index = static_cast<std::size_t>(it - known.begin());
  if (sources_[index].clock == Clock::kNone)
    throw std::invalid_argument("'" + input + "' has no clock, so it is no input");
  return index;
}

std::int32_t Plan::place(Column& column, const std::string& input, std::uint32_t slot, Clock clock, bool timed) {
  const std::string key = column.share_key.empty() ? "" : input + "|" + column.share_key;
  if (!key.empty()) {
    const auto it = std::ranges::find(share_keys_, key);
    if (it != share_keys_.end()) {
      const auto found = it - share_keys_.begin();
      nodes_[static_cast<std::size_t>(found)]->widen(*column.node);
      return static_cast<std::int32_t>(found);
    }
  }
  const auto node = static_cast<std::int32_t>(nodes_.size());
  nodes_.push_back(std::move(column.node));
  share_keys_.push_back(key);
  if (timed) timed_nodes_.push_back(static_cast<std::uint32_t>(node));
  program_of(clock).push_back({nullptr, node, slot});
  return node;
}

std::vector<std::unique_ptr<Node>> Plan::make_nodes() const {
  std::vector<std::unique_ptr<Node>> nodes;
  nodes.reserve(nodes_.size());
  for (const auto& prototype : nodes_) nodes.push_back(prototype->clone());
  return nodes;
}

}  // namespace hft::feature
