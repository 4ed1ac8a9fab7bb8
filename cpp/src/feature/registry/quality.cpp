#include "columns.hpp"
#include "hft/feature/fill.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

Column make_fill(const Params& p) {
  const auto [word, span_ns] = p.policy("policy");
  const Fill::Kind kind = word == "hold:" ? Fill::Kind::kHold : word == "decay:" ? Fill::Kind::kDecay : Fill::Kind::kNan;
  Column column = own_state(Fill{kind, span_ns, p.real("towards")}, "");
  column.timed = kind != Fill::Kind::kNan;
  return column;
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
  };
}

}  // namespace hft::feature
