#include "hft/feature/clean_rules.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "hft/feature/range.hpp"
#include "hft/feature/registry.hpp"
#include "params.hpp"
#include "registry/rows.hpp"

namespace hft::feature {
namespace {

constexpr std::array<std::string_view, kRules> kNames{"suspicious", "bounds",    "one_sided", "zero_size",
                                                      "locked",     "crossed",   "unchanged", "duplicate",
                                                      "stale",      "outlier",   "late",      "out_of_order"};
constexpr RealRange kBand{"band_bps", 0.0, 1e6};
constexpr IntRange kPatience{"patience", 0, 1 << 20};

const std::vector<std::string> kPolicies{"flag", "hold", "nan", "drop"};  // by value of Policy, less one

struct Known {
  Rule rule;
  std::vector<std::string> policies;
  std::string why{};  // where not all of them are possible
  std::vector<Param> params{};
};

Param after(const char* fallback, const char* doc) {
  return {.name = "after", .type = ParamType::kWindow, .required = false, .fallback = std::string(fallback),
          .choices = {}, .doc = doc};
}

const std::vector<Known>& known_rules() {
  static const std::vector<Known> all{
      {Rule::kSuspicious, kPolicies},
      {Rule::kBounds, {"hold", "nan", "drop"}, " (what is out of bounds has no place in exact sums)"},
      {Rule::kOneSided, kPolicies},
      {Rule::kZeroSize, kPolicies},
      {Rule::kLocked, kPolicies},
      {Rule::kCrossed, kPolicies},
      {Rule::kDuplicate, kPolicies},
      {Rule::kStale, kPolicies, "", {after("5s", "age beyond which a quote beside a trade is stale")}},
      {Rule::kOutlier, kPolicies, "",
       {real(kBand, 500.0, "distance from the last mid"),
        integer(kPatience, 20, "outliers in a row until one enters")}},
      {Rule::kLate, kPolicies, "", {after("1s", "ts_recv_ns - ts_event_ns beyond which an event is late")}},
      {Rule::kOutOfOrder, {"drop"}, " (its time has passed)"},
  };
  return all;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string name_of(Rule rule) { return std::string(kNames[static_cast<std::size_t>(rule)]); }

const Known& known_rule(const std::string& name) {
  const auto& all = known_rules();
  const auto it = std::ranges::find(all, name, [](const Known& known) { return name_of(known.rule); });
  if (it != all.end()) return *it;
  std::vector<std::string> names;
  for (const Known& known : all) names.push_back(name_of(known.rule));
  throw std::invalid_argument("clean: unknown rule '" + name + "'" + did_you_mean(name, names) + "; it takes " +
                              join(names));
}

CleanRow completed(const CleanRow& row) {
  const Known& known = known_rule(row.rule);
  if (std::ranges::find(known.policies, row.policy) == known.policies.end()) {
    const std::string rule = known.policies.size() == 1 ? known.policies.front() : "one of " + join(known.policies);
    throw std::invalid_argument("clean: " + row.rule + " must be " + rule + known.why + ", was \"" + row.policy + "\"" +
                                did_you_mean(row.policy, known.policies));
  }
  Operation op{};  // parameters of rules are checked as those of operations are
  op.name = row.rule, op.standalone = row.rule, op.params = known.params;
  try {
    CleanRow whole{row.rule, row.policy, resolve(op, row.params).values()};
    if (known.rule == Rule::kOutlier) {
      static_cast<void>(kBand.check(row.rule, std::get<double>(whole.params.at("band_bps"))));
      static_cast<void>(kPatience.check(row.rule, std::get<std::int64_t>(whole.params.at("patience"))));
    }
    return whole;
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    throw std::invalid_argument("clean: " + (what.starts_with(row.rule) ? "" : row.rule + ": ") + what);
  }
}

void set_params(CleanRules& rules, const CleanRow& row) {
  const auto span_ns = [&] { return WindowLength::parse_span_ns(std::get<std::string>(row.params.at("after"))); };
  if (row.rule == name_of(Rule::kLate)) rules.late_ns = span_ns();
  if (row.rule == name_of(Rule::kStale)) rules.stale_ns = span_ns();
  if (row.rule != name_of(Rule::kOutlier)) return;
  rules.band_bps = std::get<double>(row.params.at("band_bps"));
  rules.patience = static_cast<std::uint32_t>(std::get<std::int64_t>(row.params.at("patience")));
}

}  // namespace

std::span<const std::string_view, kRules> rule_names() noexcept { return kNames; }

void CleanRules::flag(std::uint32_t rules) noexcept {
  for (std::size_t i = 0; i < kRules; ++i) {
    if ((rules >> i & 1U) != 0 && policies[i] == Policy::kTake) policies[i] = Policy::kFlag;
  }
}

std::vector<CleanRow> resolve_clean(const std::vector<CleanRow>& rows) {
  std::vector<CleanRow> all;
  for (const CleanRow& row : rows) {
    all.push_back(completed(row));
    if (std::ranges::count(rows, row.rule, &CleanRow::rule) > 1) {
      throw std::invalid_argument("clean: " + row.rule + " is there twice");
    }
  }
  std::ranges::sort(all, {}, [](const CleanRow& row) { return std::ranges::find(kNames, row.rule) - kNames.begin(); });
  return all;
}

CleanRules clean_rules_of(const Spec& spec) {
  constexpr std::pair<Drop, Rule> kDropped[] = {{kDropCrossed, Rule::kCrossed},
                                                {kDropLocked, Rule::kLocked},
                                                {kDropOneSided, Rule::kOneSided},
                                                {kDropUnchanged, Rule::kUnchanged},
                                                {kDropSuspicious, Rule::kSuspicious}};
  CleanRules rules;
  for (const Rule with_params : {Rule::kLate, Rule::kStale, Rule::kOutlier}) {
    set_params(rules, completed({name_of(with_params), "flag", {}}));
  }
  for (const CleanRow& row : resolve_clean(spec.clean)) {
    const auto policy = std::ranges::find(kPolicies, row.policy) - kPolicies.begin();
    rules.policies[static_cast<std::size_t>(known_rule(row.rule).rule)] = static_cast<Policy>(policy + 1);
    set_params(rules, row);
  }
  for (const auto& [bit, rule] : kDropped) {
    if ((spec.drop & bit) == 0) continue;
    const Rule same = rule == Rule::kUnchanged ? Rule::kDuplicate : rule;
    if (rules.of(same) != Policy::kTake) {
      throw std::invalid_argument("'" + name_of(rule) + "' is in drop and '" + name_of(same) +
                                  "' in clean: keep one of them");
    }
    rules.policies[static_cast<std::size_t>(rule)] = Policy::kDrop;
  }
  Policy& bounds = rules.policies[static_cast<std::size_t>(Rule::kBounds)];
  if (bounds == Policy::kTake) bounds = Policy::kDrop;
  return rules;
}

}  // namespace hft::feature
