#include "columns.hpp"
#include "hft/feature/ewma_volatility.hpp"
#include "hft/feature/garch.hpp"
#include "rows.hpp"

namespace hft::feature {
namespace {

constexpr const char* kReturnInput = "a series of returns, or of other deviations from 0";

Column make_garch(const Params& p) {
  const Garch::Parameters parameters{p.real("omega"), p.real("alpha"), p.real("beta"), p.real("initial_variance")};
  const bool root = p.text("output") == "volatility";
  return own_state(Garch{parameters, root ? Garch::Output::kVolatility : Garch::Output::kVariance},
                   root ? "" : "square of the input's");
}

}  // namespace

std::vector<Operation> volatility_operations() {
  return {
      {.name = "ewma_volatility",
       .clock = Clock::kInput,
       .summary = "Exponentially weighted volatility of returns (RiskMetrics).",
       .formula = "sqrt(v), v = decay v + (1 - decay) r^2; seed: v = r^2",
       .inputs = kReturnInput,
       .params = {real(EwmaVolatility::kDecay, EwmaVolatility::kDefaultDecay, "weight of what was")},
       .lookback = "0",
       .output_unit = "that of the input, per input",
       .seed = "the first input's square; its weight falls by decay an input",
       .missing = kSkips,
       .flat = "zeros give exactly 0",
       .reference = "J.P. Morgan (1996), RiskMetrics Technical Document",
       .oracle = "pandas: sqrt of (r^2).ewm(alpha=1 - decay, adjust=False).mean()",
       .standalone = "EwmaVolatility",
       .make = [](const Params& p) { return own_state(EwmaVolatility{p.real("decay")}, ""); }},
      {.name = "garch",
       .clock = Clock::kInput,
       .summary = "GARCH(1,1) with given parameters: volatility forecast for the next return.",
       .formula = "h_{t+1} = omega + alpha r_t^2 + beta h_t",
       .inputs = kReturnInput,
       .params = {real(Garch::kOmega, "constant part of the variance"), real(Garch::kAlpha, "weight of the new square"),
                  real(Garch::kBeta, "weight of the old variance; alpha + beta < 1"),
                  real(Garch::kInitialVariance, 0.0, "h_1; 0: the long-run variance, omega / (1 - alpha - beta)"),
                  choice("output", {"volatility", "variance"}, "sqrt(h), or h")},
       .lookback = "0",
       .output_unit = "by output",
       .seed = "initial_variance; its weight falls by beta an input",
       .missing = kSkips,
       .reference = "Bollerslev (1986), Generalized autoregressive conditional heteroskedasticity",
       .oracle = "arch, with h_1 = omega + (alpha + beta) backcast",
       .standalone = "Garch",
       .make = make_garch},
  };
}

}  // namespace hft::feature
