#include <algorithm>
#include <string_view>

#include "columns.hpp"
#include "hft/feature/clean_rules.hpp"
#include "hft/feature/fill.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

Column make_fill(const Params& p) {
  const auto [word, span_ns] = p.policy("policy");
  using Kind = Fill::Kind;
  const Kind kind = word == "hold:" ? Kind::kHold : word == "decay:" ? Kind::kDecay : Kind::kNan;
  Column column = own_state(Fill{kind, span_ns, p.real("towards")}, "");
  column.timed = kind != Kind::kNan;
  return column;
}

/// Did the event of this row break the rule?
struct CleanFlag {
  std::uint32_t rule;
  [[nodiscard]] double of(const Market& m) const noexcept { return (m.broken_rules & rule) != 0 ? 1.0 : 0.0; }
};

/// Rules whose events can have a row.
std::vector<std::string> flag_rules() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kRules; ++i) {
    const auto rule = static_cast<Rule>(i);
    if (rule != Rule::kUnchanged && rule != Rule::kOutOfOrder) names.emplace_back(rule_names()[i]);
  }
  return names;
}

Column make_clean_flag(const Params& p) {
  const auto at = std::ranges::find(rule_names(), std::string_view{p.text("rule")}) - rule_names().begin();
  const std::uint32_t rule = bit_of(static_cast<Rule>(at));
  Column column = stateless(CleanFlag{rule}, "1");
  column.reads_rules = rule;
  return column;
}

Param rule() {
  Param param = choice("rule", flag_rules(), "which rule; one that [clean] does not name gets the policy flag");
  param.required = true;
  return param;
}

}  // namespace

std::vector<Operation> quality_operations() {
  return {
      {.name = "fill",
       .clock = Clock::kInput,
       .summary = "What stands in for a missing value, and for how long.",
       .formula = "x; while it is missing: its last value for T (hold:T), that value decaying (decay:T), NaN (nan)",
       .inputs = "a series, an earlier feature or a formula, any unit",
       .params = {{.name = "policy",
                   .type = ParamType::kPolicy,
                   .choices = {"hold:", "decay:", "nan"},
                   .doc = "hold:2s: the last value for 2 s; decay:2s: half of the way to `towards` in 2 s; nan: none"},
                  real(Fill::kTowards, 0.0, "where `decay` goes")},
       .lookback = "0",
       .output_unit = kSameUnit,
       .missing = "an input that is NaN or infinite is missing: the policy decides",
       .cost = "O(1)",
       .oracle = "pandas ffill(), where it is older than T, and their definitions in NumPy",
       .standalone = "Fill",
       .make = make_fill,
       .needs_time = true},
      {.name = "clean_flag",
       .clock = Clock::kNone,
       .summary = "1 where the event of this row broke a cleansing rule, else 0.",
       .formula = "1 if the event broke `rule`, else 0",
       .inputs = "quotes and trades",
       .params = {rule()},
       .lookback = "0",
       .output_unit = "1",
       .missing = "it is always there; an event that is dropped has no row",
       .reference = "docs/explanation/cleansing.md",
       .oracle = "the rules in Python, exactly",
       .standalone = "CleanFlag",
       .make = make_clean_flag},
  };
}

}  // namespace hft::feature
