#include "rows.hpp"

namespace hft::feature {

std::vector<Operation> formula_operations() {
  return {
      {.name = "expr",
       .clock = Clock::kNone,
       .summary = "A formula of series, features and operations.",
       .formula = "the formula",
       .inputs = "what the formula names",
       .params = {{.name = "formula",
                   .type = ParamType::kFormula,
                   .choices = {},
                   .doc = "such as \"(ema(mid_px, 20) - ema(mid_px, 100)) / rolling_std(mid_px, 100)\""}},
       .lookback = "the longest of what it names",
       .output_unit = "by formula",
       .missing = "a value that is NaN makes the formula NaN, except in coalesce and where",
       .flat = "0 / 0 and what is no number is NaN",
       .cost = "a call for each part",
       .oracle = "NumPy",
       .standalone = "Expr",
       .make = nullptr},
  };
}

}  // namespace hft::feature
