// The half of a plan that looks up what a formula names, and compiles the rest of it.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "arithmetic.hpp"
#include "hft/feature/formula.hpp"
#include "hft/feature/plan.hpp"
#include "units.hpp"

namespace hft::feature {
namespace {

using Kind = Formula::Kind;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

const ArithmeticRule* function_named(const Formula& formula) {
  if (formula.kind != Kind::kCall) return nullptr;
  const auto it = std::ranges::find(kFunctions, formula.text, &ArithmeticRule::name);
  return it == kFunctions.end() ? nullptr : &*it;
}

bool is_arithmetic(const Formula& formula) {
  return formula.kind == Kind::kNumber || formula.kind == Kind::kOperator || function_named(formula) != nullptr;
}

Arithmetic code_of(const Formula& formula) {
  if (const ArithmeticRule* function = function_named(formula)) {
    if (formula.args.size() == function->n_args) return function->code;
    throw std::invalid_argument(formula.text + " takes " + std::to_string(function->n_args) + " values, was given " +
                                std::to_string(formula.args.size()));
  }
  if (formula.args.size() == 1) return Arithmetic::kNegate;
  constexpr std::pair<std::string_view, Arithmetic> kOperators[] = {
      {"+", Arithmetic::kAdd},        {"-", Arithmetic::kSubtract}, {"*", Arithmetic::kMultiply},
      {"/", Arithmetic::kDivide},     {"<", Arithmetic::kLess},     {"<=", Arithmetic::kLessEqual},
      {">", Arithmetic::kGreater},    {">=", Arithmetic::kGreaterEqual}};
  return std::ranges::find(kOperators, std::string_view{formula.text}, &std::pair<std::string_view, Arithmetic>::first)
      ->second;
}

/// Unit of a result from those of its values; "?" where the formula mixes what has no name.
std::string unit_of(Arithmetic code, const std::vector<std::string>& units) {
  switch (code) {
    case Arithmetic::kNumber: return "1";
    case Arithmetic::kLess:
    case Arithmetic::kLessEqual:
    case Arithmetic::kGreater:
    case Arithmetic::kGreaterEqual:
    case Arithmetic::kLog:
    case Arithmetic::kSign: return "1";
    case Arithmetic::kNegate:
    case Arithmetic::kAbs: return units[0];
    case Arithmetic::kMultiply: return product_unit(units[0], units[1]);
    case Arithmetic::kDivide: return quotient_unit(units[0], units[1]);
    case Arithmetic::kSqrt: return root_unit(units[0]);
    case Arithmetic::kWhere: return units[1] == units[2] ? units[1] : "?";
    default: return std::ranges::all_of(units, [&](const auto& u) { return u == units[0]; }) ? units[0] : "?";
  }
}

/// Reads the value of another symbol as it stands.
class PeerReader final : public Reader {
 public:
  PeerReader(const Reader& reader, std::size_t peer) : reader_{reader}, peer_{peer} {}
  [[nodiscard]] double read(const View& view) const noexcept override { return reader_.read(*view.peers[peer_]); }
  void advance(const View&) const noexcept override {}  // its time is its own

 private:
  const Reader& reader_;
  std::size_t peer_;
};

ParamValue param_value(const Formula& call, const Formula& arg) {
  if (arg.kind == Kind::kText || (arg.kind == Kind::kName && arg.peer.empty())) return arg.text;
  if (arg.kind != Kind::kNumber) {
    throw std::invalid_argument(call.text + ": a parameter is a number or text, was " + text_of(arg));
  }
  constexpr double kExact = 0x1p53;
  if (arg.number == std::trunc(arg.number) && std::abs(arg.number) < kExact) {
    return static_cast<std::int64_t>(arg.number);
  }
  return arg.number;
}

}  // namespace

std::size_t Plan::resolve(const Formula& formula) {
  if (formula.kind == Kind::kText) {
    throw std::invalid_argument("a value is a series, a feature or a number, was text " + feature::text_of(formula));
  }
  if (formula.kind == Kind::kName) return resolve_name(formula);
  return is_arithmetic(formula) ? resolve_arithmetic(formula) : resolve_call(formula);
}

std::size_t Plan::resolve_name(const Formula& formula) {
  const std::size_t own = find(formula.text);
  if (own == kNone) {
    std::vector<std::string> known;
    for (const Source& source : sources_) known.push_back(source.name);
    throw std::invalid_argument("unknown input '" + formula.text + "'" + did_you_mean(formula.text, known));
  }
  if (formula.peer.empty()) return in_use(own);
  const std::string text = feature::text_of(formula);
  if (const std::size_t known = find(text); known != kNone) return known;
  in_use(own);
  const Source& source = sources_[own];
  if (source.timed) {
    throw std::invalid_argument("'" + text + "': another symbol's value is read as its last event left it, and '" +
                                formula.text + "' changes with the time; use a count window");
  }
  const auto it = std::ranges::find(peers_, formula.peer);
  const auto peer = static_cast<std::size_t>(it - peers_.begin());
  if (it == peers_.end()) peers_.push_back(formula.peer);
  const Reader* reader = keep(std::make_unique<PeerReader>(*source.reader, peer));
  // Clockless: what the other symbol does, steps nothing here.
  sources_.push_back({text, Clock::kNone, source.unit, reader, 0, {}, false});
  return sources_.size() - 1;
}

std::size_t Plan::resolve_call(const Formula& formula) {
  const Operation& op = operation(formula.text);
  FeatureDef def{"", op.name, "", {}};
  std::size_t n_inputs = 0;
  std::size_t n_params = 0;
  for (const Formula& arg : formula.args) {
    if (arg.key.empty() && op.takes_series() && n_inputs < op.n_series) {
      def.input += (n_inputs++ == 0 ? "" : ", ") + feature::text_of(arg);
      continue;
    }
    if (arg.key.empty() && n_params >= op.params.size()) {
      throw std::invalid_argument(op.name + " takes " + std::to_string(op.params.size()) + " parameters, was given " +
                                  feature::text_of(formula));
    }
    const std::string key = arg.key.empty() ? op.params[n_params++].name : arg.key;
    if (!def.params.emplace(key, param_value(formula, arg)).second) {
      throw std::invalid_argument(op.name + ": " + key + " is given twice");
    }
  }
  return make(def, op);
}

std::size_t Plan::resolve_arithmetic(const Formula& formula) {
  std::vector<ArithmeticReader::Step> steps;
  Source result{"", Clock::kNone, "", nullptr};
  const auto compile = [&](const auto& self, Formula& part) -> std::string {
    if (part.kind == Kind::kNumber) return steps.push_back({Arithmetic::kNumber, part.number}), "1";
    if (!is_arithmetic(part)) {
      const Source& value = sources_[resolve(part)];
      if (result.clock == Clock::kNone) result.clock = value.clock;
      result.lookback = std::max(result.lookback, value.lookback);
      result.fading = result.fading.beside(value.fading);
      result.timed |= value.timed;
      steps.push_back({Arithmetic::kValue, 0.0, value.reader});
      if (part.kind == Kind::kCall) part = Formula::of(Kind::kFound, value.name);
      return value.unit;
    }
    const Arithmetic code = code_of(part);
    std::vector<std::string> units;
    for (Formula& arg : part.args) {
      if (!arg.key.empty()) throw std::invalid_argument(part.text + " takes no parameter '" + arg.key + "'");
      units.push_back(self(self, arg));
    }
    steps.push_back({code});
    return unit_of(code, units);
  };
  Formula one_spelling = formula;
  result.unit = compile(compile, one_spelling);
  result.name = feature::text_of(one_spelling);
  if (const std::size_t known = find(result.name); known != kNone) return known;
  result.reader = keep(std::make_unique<ArithmeticReader>(std::move(steps)));
  sources_.push_back(std::move(result));
  return sources_.size() - 1;
}

}  // namespace hft::feature
