#include "hft/artifact/spec_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/base/json.hpp"
#include "hft/base/sha256.hpp"
#include "hft/feature/clean_rules.hpp"
#include "hft/feature/plan.hpp"
#include "time_of_day.hpp"

namespace hft::artifact {
namespace {

using base::Json;
using feature::ParamValue;

const std::vector<std::string> kKeys{"name",  "version", "origin",   "rows", "drop",
                                     "clean", "session", "features", "bars"};
const std::vector<std::string> kOrigins{"session_open", "continuous"};  // by value of feature::Origin
const std::vector<std::string> kRows{"quote", "trade", "any", "book"};  // by value of feature::RowOn
const std::vector<std::string> kDrops{"crossed", "locked", "one_sided", "unchanged", "suspicious"};  // by bit

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

std::size_t one_of(const std::string& what, const Json& value, const std::vector<std::string>& choices) {
  const bool text = value.is(Json::Kind::kText);
  const auto it = text ? std::ranges::find(choices, value.as_text()) : choices.end();
  if (it == choices.end()) {
    refuse(what + " must be one of " + join(choices) + ", was " + value.canonical() +
           (text ? feature::did_you_mean(value.as_text(), choices) : ""));
  }
  return static_cast<std::size_t>(it - choices.begin());
}

void known_keys(const std::string& what, const Json& table, const std::vector<std::string>& known) {
  for (const std::string& key : table.keys()) {
    if (std::ranges::find(known, key) == known.end()) {
      refuse(what + ": unknown key '" + key + "'" + feature::did_you_mean(key, known) + "; it takes " + join(known));
    }
  }
}

ParamValue value_of(const std::string& what, const Json& value) {
  if (value.is(Json::Kind::kText)) return value.as_text();
  if (value.is(Json::Kind::kArray)) {  // of numbers: the operation reads them as text
    std::string numbers;
    for (const Json& item : value.items()) {
      if (!item.is(Json::Kind::kNumber)) refuse(what + " must be a number, text or numbers, was " + value.canonical());
      numbers.append(numbers.empty() ? "" : " ").append(item.number_text());
    }
    return numbers;
  }
  if (!value.is(Json::Kind::kNumber)) refuse(what + " must be a number or text, was " + value.canonical());
  try {
    if (value.is_integer()) return value.as_int64();
    return value.as_double();
  } catch (const base::JsonError&) {
    refuse(what + " must fit 64 bits, was " + value.number_text());
  }
}

ParamValue param_of(const std::string& owner, const std::string& key, const Json& value) {
  return value_of(owner + ": " + key, value);
}

/// A feature as a spec file has it: parameters beside op, or under params; those beside it count.
feature::FeatureDef feature_of(std::size_t number, const Json& row) {
  const std::string hash = "#" + std::to_string(number);
  const Json* op = row.find("op");
  if (op == nullptr || !op->is(Json::Kind::kText)) {
    refuse("feature " + hash + ": a feature is a table with op, was " + row.canonical());
  }
  feature::FeatureDef def;
  def.op = op->as_text();
  const auto text_of = [&](const char* key) -> std::string {
    const Json* value = row.find(key);
    if (value == nullptr) return {};
    if (!value->is(Json::Kind::kText)) {
      refuse("feature " + hash + " (" + def.op + "): " + key + " must be text, was " + value->canonical());
    }
    return value->as_text();
  };
  def.name = text_of("name");
  def.input = text_of("input");
  const std::string shown = def.name.empty() ? def.op : def.name;
  if (const Json* params = row.find("params")) {
    if (!params->is(Json::Kind::kObject)) {
      refuse("feature " + hash + " (" + def.op + "): params is a table, was " + params->canonical());
    }
    for (const std::string& key : params->keys()) {
      if (row.find(key) == nullptr) def.params[key] = param_of("feature '" + shown + "'", key, params->at(key));
    }
  }
  for (const std::string& key : row.keys()) {
    if (key == "op" || key == "name" || key == "input" || key == "rev" || key == "params") continue;
    def.params[key] = param_of("feature '" + shown + "'", key, row.at(key));
  }
  const Json* rev = row.find("rev");
  if (rev != nullptr && !rev->is(Json::Kind::kNull)) {
    const std::string ours = std::to_string(feature::operation(def.op).rev);
    if (rev->canonical() != ours) {
      refuse("feature '" + (def.name.empty() ? hash : def.name) + "': written for " + def.op + " rev " +
             rev->canonical() + ", this library has rev " + ours + "; values differ between revs");
    }
  }
  return def;
}

feature::SessionHours session_of(const Json& session) {
  if (!session.is(Json::Kind::kObject)) refuse("session is a table with open and close, was " + session.canonical());
  known_keys("session", session, {"open", "close"});
  if (session.keys().size() != 2) refuse("session needs both open and close");
  const feature::SessionHours hours{time_of_day_ns(session.at("open")), time_of_day_ns(session.at("close"))};
  if (hours.open_ns == hours.close_ns) {
    refuse("session: open and close must differ, both were " + session.at("open").canonical());
  }
  return hours;
}

/// The spec's bars: a table of tables.
std::vector<feature::BarsDef> bars_of(const Json& table) {
  if (!table.is(Json::Kind::kObject)) refuse("bars is a table of tables, was " + table.canonical());
  std::vector<feature::BarsDef> all;
  for (const std::string& name : table.keys()) {
    const std::string what = "bars '" + name + "'";
    const Json& row = table.at(name);
    if (!row.is(Json::Kind::kObject)) refuse(what + " is a table with kind and every, was " + row.canonical());
    known_keys(what, row, {"kind", "every", "price"});
    feature::BarsDef& def = all.emplace_back();
    def.name = name;
    for (const char* key : {"kind", "every"}) {
      if (row.find(key) == nullptr) refuse(what + ": '" + key + "' is missing");
    }
    const auto text_of = [&](const char* key) {
      const Json& value = row.at(key);
      if (!value.is(Json::Kind::kText)) refuse(what + ": " + key + " must be text, was " + value.canonical());
      return value.as_text();
    };
    def.kind = text_of("kind");
    if (row.find("price") != nullptr) def.price = text_of("price");
    const Json& every = row.at("every");
    if (every.is(Json::Kind::kArray)) refuse(what + ": every must be a number or text, was " + every.canonical());
    def.every = value_of(what + ": every", every);
  }
  return all;
}

/// A [clean] table: a policy for each rule, alone or in a table with what else the rule takes.
std::vector<feature::CleanRow> clean_of(const Json& table) {
  if (!table.is(Json::Kind::kObject)) refuse("clean is a table of rules, was " + table.canonical());
  std::vector<feature::CleanRow> rows;
  for (const std::string& rule : table.keys()) {
    const Json& value = table.at(rule);
    feature::CleanRow row{rule, "", {}};
    const Json* policy = value.is(Json::Kind::kObject) ? value.find("policy") : &value;
    if (policy == nullptr || !policy->is(Json::Kind::kText)) {
      refuse("clean: " + rule + " is a policy, or a table with policy, was " + value.canonical());
    }
    row.policy = policy->as_text();
    if (policy != &value) {
      for (const std::string& key : value.keys()) {
        if (key != "policy") row.params[key] = param_of("clean: " + rule, key, value.at(key));
      }
    }
    rows.push_back(std::move(row));
  }
  return feature::resolve_clean(rows);
}

Json params_json(const std::map<std::string, ParamValue>& params) {
  Json json = Json::object();
  for (const auto& [name, value] : params) json.set(name, std::visit([](const auto& v) { return Json::of(v); }, value));
  return json;
}

Json clean_json(const std::vector<feature::CleanRow>& rows) {
  Json table = Json::object();
  for (const feature::CleanRow& row : rows) {
    table.set(row.rule, params_json(row.params).set("policy", Json::of(row.policy)));
  }
  return table;
}

/// The one form of a spec, which its hash is over: every parameter and each operation's rev spelled out.
std::string canonical_json(const feature::Spec& spec, const Json& version, const std::vector<std::string>& drop,
                           const feature::Plan& plan, bool with_session) {
  Json features = Json::array();
  for (const feature::Plan::Resolved& column : plan.columns()) {
    Json row = Json::object();
    row.set("name", Json::of(column.def.name)).set("op", Json::of(column.def.op));
    row.set("rev", Json::of(std::int64_t{column.rev})).set("params", params_json(column.def.params));
    if (!column.def.input.empty()) row.set("input", Json::of(column.def.input));
    features.push(std::move(row));
  }
  Json drops = Json::array();
  for (const std::string& rule : drop) drops.push(Json::of(rule));
  Json json = Json::object();
  json.set("name", Json::of(spec.name)).set("version", version);
  json.set("origin", Json::of(kOrigins[static_cast<std::size_t>(spec.origin)]));
  json.set("rows", Json::of(kRows[static_cast<std::size_t>(spec.row_on)]));
  json.set("drop", std::move(drops)).set("features", std::move(features));
  if (!spec.clean.empty()) json.set("clean", clean_json(spec.clean));
  if (with_session) {
    json.set("session", Json::object()
                            .set("open", Json::of(time_of_day_text(spec.session.open_ns)))
                            .set("close", Json::of(time_of_day_text(spec.session.close_ns))));
  }
  if (!plan.bars().empty()) {
    Json bars = Json::object();
    for (const feature::Plan::Bars& b : plan.bars()) {
      Json row = Json::object();
      row.set("kind", Json::of(b.def.kind)).set("price", Json::of(b.def.price));
      row.set("every", std::visit([](const auto& v) { return Json::of(v); }, b.def.every));
      bars.set(b.def.name, std::move(row));
    }
    json.set("bars", std::move(bars));
  }
  return json.canonical();
}

}  // namespace

feature::Spec read_spec(std::string_view json_text) {
  Json json;
  try {
    json = Json::parse(json_text);
  } catch (const base::JsonError& error) {
    refuse(std::string{"not JSON: "} + error.what());
  }
  if (!json.is(Json::Kind::kObject)) {
    refuse("a spec is a table of keys, was " + std::string{name_of(json.kind())});
  }
  known_keys("spec", json, kKeys);
  for (const char* key : {"name", "features"}) {
    if (json.find(key) == nullptr) refuse(std::string{"spec: '"} + key + "' is missing");
  }
  const Json* session = json.find("session");
  const bool with_session = session != nullptr && !session->is(Json::Kind::kNull);
  feature::Spec spec;
  if (with_session) spec.session = session_of(*session);
  if (!json.at("features").is(Json::Kind::kArray)) {
    refuse("features must be a list of tables, was " + json.at("features").canonical());
  }
  for (const Json& row : json.at("features").items()) {
    spec.features.push_back(feature_of(spec.features.size() + 1, row));
  }

  if (const Json* bars = json.find("bars"); bars != nullptr && !bars->is(Json::Kind::kNull)) spec.bars = bars_of(*bars);

  const Json& name = json.at("name");
  if (!name.is(Json::Kind::kText) || name.as_text().empty()) refuse("name must be text, was " + name.canonical());
  spec.name = name.as_text();
  const Json* version = json.find("version");
  if (version != nullptr && !version->is_integer()) refuse("version must be an integer, was " + version->canonical());
  if (const Json* origin = json.find("origin")) {
    spec.origin = static_cast<feature::Origin>(one_of("origin", *origin, kOrigins));
  }
  if (const Json* rows = json.find("rows")) spec.row_on = static_cast<feature::RowOn>(one_of("rows", *rows, kRows));
  if (const Json* drop = json.find("drop")) {
    if (!drop->is(Json::Kind::kArray)) refuse("drop must be a list, was " + drop->canonical());
    for (const Json& rule : drop->items()) spec.drop |= std::uint32_t{1} << one_of("drop", rule, kDrops);
  }
  if (const Json* clean = json.find("clean")) spec.clean = clean_of(*clean);
  std::vector<std::string> drop;
  for (std::size_t bit = 0; bit < kDrops.size(); ++bit) {
    if ((spec.drop >> bit & 1U) != 0) drop.push_back(kDrops[bit]);
  }

  std::optional<feature::Plan> plan;
  try {
    plan.emplace(spec);
  } catch (const std::invalid_argument& error) {
    refuse("spec '" + spec.name + "': " + error.what());
  }
  const Json one = Json::of(std::int64_t{1});
  spec.sha256 = base::sha256_hex(canonical_json(spec, version != nullptr ? *version : one, drop, *plan, with_session));
  spec.bars.clear();
  for (const feature::Plan::Bars& bars : plan->bars()) spec.bars.push_back(bars.def);
  spec.features.clear();
  for (const feature::Plan::Resolved& column : plan->columns()) spec.features.push_back(column.def);
  return spec;
}

}  // namespace hft::artifact
