#include "hft/feature/plan.hpp"

#include <algorithm>
#include <stdexcept>

#include "hft/feature/bank/series_bank.hpp"
#include "hft/feature/clean_rules.hpp"
#include "hft/feature/formula.hpp"
#include "hft/feature/levels.hpp"
#include "params.hpp"
#include "units.hpp"

namespace hft::feature {
namespace {

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

void check_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto follows = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  if (name.size() <= kMaxNameBytes && letter(name.front()) && std::ranges::all_of(name, follows)) return;
  throw std::invalid_argument("a name is a letter or _, then letters, digits, _ . -, at most 128; was '" + name + "'");
}

/// A source as a formula names it: the name of a column may have what formulas read as a minus.
std::string spelled(const std::string& name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  const bool is_name = std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-'; });
  return is_name && !std::ranges::all_of(name, plain) ? "`" + name + "`" : name;
}

void check_session(const SessionHours& session) {
  constexpr std::int64_t kDayNs = 86'400'000'000'000;
  const auto in_day = [](std::int64_t ns) { return ns >= 0 && ns < kDayNs; };
  if (!in_day(session.open_ns) || !in_day(session.close_ns)) {
    throw std::invalid_argument("session: open and close must be in [00:00:00, 24:00:00)");
  }
}

}  // namespace

Plan::Plan(const Spec& spec) {
  check_session(spec.session);
  static_cast<void>(clean_rules_of(spec));
  if (spec.features.empty()) throw std::invalid_argument("features: a spec needs at least one");
  if (spec.row_on == RowOn::kBook) need_book(0);
  for (const Series& s : series()) sources_.push_back({s.name, s.clock, s.unit, s.reader.get()});
  add_bars(spec.bars);
  for (const FeatureDef& def : spec.features) {
    try {
      add(def);
    } catch (const std::invalid_argument& error) {
      const std::string which = def.name.empty() ? "#" + std::to_string(columns_.size() + 1) : "'" + def.name + "'";
      throw std::invalid_argument("feature " + which + " (" + def.op + "): " + error.what());
    }
  }
  place_book();
  group_outputs();
}

void Plan::add(const FeatureDef& asked) {
  const Operation& op = operation(asked.op);
  FeatureDef def = asked;
  const std::size_t made = make(def, op);
  if (def.name.empty()) {
    std::string input = def.input;  // m1.close as m1_close: a point asks for quotes in SQL
    if (!bars_.empty()) std::ranges::replace(input, '.', '_');
    def.name = default_name(op, input, Params{def.params, op.standalone});
  }
  check_name(def.name);
  if (find(def.name) != kNone) {
    throw std::invalid_argument("the name '" + def.name + "' is taken; give one of them another `name`");
  }
  if (std::ranges::any_of(bars_, [&](const Bars& bars) { return bars.def.name == def.name; })) {
    throw std::invalid_argument("the name '" + def.name + "' is taken by bars; give the feature another `name`");
  }
  Source source = sources_[made];
  source.name = def.name;
  outputs_.push_back(source.reader);
  columns_.push_back({std::move(def), op.rev, source.unit, source.lookback, source.clock, source.fading});
  sources_.push_back(std::move(source));
}

std::size_t Plan::make(FeatureDef& def, const Operation& op) {
  const Params params = feature::resolve(op, def.params);
  def.params = params.values();
  if (!op.takes_series() && !def.input.empty()) {
    throw std::invalid_argument("takes no input (it reads " + op.inputs + "), was given '" + def.input + "'");
  }
  if (op.make == nullptr) {  // a formula
    const std::vector<Formula> one = parse_formulas(params.text("formula"));
    if (one.size() != 1) throw std::invalid_argument("formula must be one expression, was " + params.text("formula"));
    const std::size_t made = resolve(one.front());
    def.params["formula"] = spelled(sources_[made].name);
    return made;
  }
  Clock clock = op.clock;
  std::uint32_t slot = 0;
  std::vector<std::string> units;
  std::uint32_t lookback = 0;
  Fading fading;
  Sources inputs;
  if (op.takes_series()) {
    inputs = inputs_of(def, op);
    def.input = text_of(inputs);
    clock = sources_[inputs.front()].clock;
    for (const std::size_t input : inputs) {
      units.push_back(sources_[input].unit);
      lookback = std::max(lookback, sources_[input].lookback);
      fading = fading.beside(sources_[input].fading);
    }
    if (!op.pointwise) slot = slots_of(inputs, clock);
  }
  std::string text = call_text(op, find(def.input) == kNone ? def.input : spelled(def.input), params);
  if (const std::size_t known = find(text); known != kNone) return known;
  if (op.clock == Clock::kBook) need_book(params.integer(std::string(Levels::kCapacity.name)));
  Column column = op.make(params);
  lookback += column.lookback;
  fading = column.fading.behind(fading);
  flagged_rules_ |= column.reads_rules;
  bool timed = column.timed || (def.params.contains("window") && params.window().is_time());
  if (column.bank) {
    column.node = std::move(column.bank), column.reader = std::make_unique<LaneReader>(), column.share_key = "bank";
  }
  if (column.through) {
    const Source& input = sources_[inputs.front()];
    timed |= input.timed;
    column.through->bind_input(*input.reader);
    column.reader = std::move(column.through);
  } else if (column.node) {
    const auto [node, lane] = place(column, def.input, slot, clock, timed);
    column.reader->bind(node, lane);
  }
  timed |= clock == Clock::kNone;
  const Reader* const reader = keep(std::move(column.reader));
  sources_.push_back({std::move(text), clock, column_unit(column.unit, units), reader, lookback, fading, timed});
  return sources_.size() - 1;
}

std::string Plan::column_unit(const std::string& unit, const std::vector<std::string>& inputs) {
  if (unit.empty()) return inputs.empty() ? "" : inputs.front();
  if (unit == kSquare) return product_unit(inputs.front(), inputs.front());
  if (unit == kProduct) return product_unit(inputs.front(), inputs.back());
  if (unit == kSlope) return quotient_unit(inputs.back(), inputs.front());
  return unit;
}

std::size_t Plan::find(const std::string& name) const {
  const auto it = std::ranges::find(sources_, name, &Source::name);
  return it == sources_.end() ? kNone : static_cast<std::size_t>(it - sources_.begin());
}

Plan::Sources Plan::inputs_of(const FeatureDef& def, const Operation& op) {
  if (def.input.empty()) {
    throw std::invalid_argument("input is missing: a series such as mid_px, or an earlier feature");
  }
  Sources inputs;
  if (const std::size_t whole = find(def.input); whole != kNone) {  // also a name that no formula could hold
    inputs.push_back(in_use(whole));
  } else {
    for (const Formula& formula : parse_formulas(def.input)) inputs.push_back(resolve(formula));
  }
  if (inputs.size() != op.n_series) {
    throw std::invalid_argument("takes " + std::to_string(op.n_series) + " inputs, was given " +
                                std::to_string(inputs.size()) + " ('" + def.input + "')");
  }
  if (!op.pointwise && sources_[inputs.front()].clock == Clock::kNone) {
    throw std::invalid_argument("'" + sources_[inputs.front()].name + "' has no clock, so it is no input");
  }
  return inputs;
}

std::string Plan::text_of(const Sources& inputs) const {
  if (inputs.size() == 1) return sources_[inputs.front()].name;
  std::string text;
  for (const std::size_t input : inputs) text += (text.empty() ? "" : ", ") + spelled(sources_[input].name);
  return text;
}

std::uint32_t Plan::slots_of(const Sources& inputs, Clock clock) {
  const auto [it, is_new] = slots_.emplace(text_of(inputs), static_cast<std::uint32_t>(n_slots_));
  if (is_new) {
    for (const std::size_t input : inputs) {
      program_of(clock).push_back({sources_[input].reader, 0, static_cast<std::uint32_t>(n_slots_++)});
    }
  }
  return it->second;
}

Plan::Placed Plan::place(Column& column, const std::string& inputs, std::uint32_t slot, Clock clock, bool timed) {
  const std::string key = column.share_key.empty() ? "" : inputs + "|" + column.share_key;
  const auto node = static_cast<std::uint32_t>(nodes_.size());
  for (std::uint32_t shared = 0; shared < node && !key.empty(); ++shared) {
    if (share_keys_[shared] != key) continue;
    if (const std::uint32_t lane = nodes_[shared]->widen(*column.node); lane != Node::kFull) return {shared, lane};
  }
  const std::uint32_t lane = column.node->first_lane();
  nodes_.push_back(std::move(column.node));
  share_keys_.push_back(key);
  if (timed) timed_nodes_.push_back(node);
  program_of(clock).push_back({nullptr, node, slot});
  return {node, lane};
}

void Plan::group_outputs() {
  for (std::uint32_t column = 0; column < outputs_.size(); ++column) {
    const Reader* reader = outputs_[column];
    const auto same = [&](const OutputGroup& group) { return group.reader->reads_beside(*reader); };
    const auto it = std::ranges::find_if(groups_, same);
    OutputGroup& group = it != groups_.end() ? *it : groups_.emplace_back(OutputGroup{reader, {}});
    group.outputs.push_back({reader->lane(), column});
  }
  for (OutputGroup& group : groups_) std::ranges::stable_sort(group.outputs, {}, &Output::lane);
}

const Reader* Plan::keep(std::unique_ptr<Reader> reader) {
  readers_.push_back(std::move(reader));
  return readers_.back().get();
}

void Plan::need_book(std::int64_t capacity) {
  book_capacity_ = std::max(book_capacity_.value_or(0), capacity);
}

std::size_t Plan::in_use(std::size_t source) {
  if (sources_[source].clock == Clock::kBook) need_book(0);
  return source;
}

void Plan::place_book() {
  if (!book_capacity_) return;
  book_node_ = static_cast<std::uint32_t>(nodes_.size());
  Levels levels{*book_capacity_ > 0 ? *book_capacity_ : Levels::kDefaultCapacity};
  nodes_.push_back(std::make_unique<NodeOf<Levels>>(std::move(levels)));
}

std::vector<std::unique_ptr<Node>> Plan::make_nodes() const {
  std::vector<std::unique_ptr<Node>> nodes;
  nodes.reserve(nodes_.size());
  for (const auto& prototype : nodes_) nodes.push_back(prototype->clone());
  return nodes;
}

void check_symbols_apart(const Spec& spec) {
  const Plan plan{spec};
  if (plan.peers().empty()) return;
  throw std::invalid_argument("the spec reads values of '" + plan.peers().front() +
                              "': each symbol is computed on its own here, so no other's value is at hand");
}

}  // namespace hft::feature
