#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hft/base/did_you_mean.hpp"
#include "hft/feature/fading.hpp"
#include "hft/feature/node.hpp"
#include "hft/feature/spec.hpp"
#include "hft/feature/window_length.hpp"

namespace hft::feature {

/// Which events step a series or an operation. The clocks of a spec's bars follow, in the order of Plan::bars().
enum class Clock : std::uint8_t {
  kNone = 0,   // none: the value depends on the time alone
  kQuote = 1,  // each kept quote
  kTrade = 2,  // each trade
  kInput = 3,  // whenever the input series steps
  kBook = 4,   // each message of the order book: its last level, where the feed marks the others; else each level
};
inline constexpr std::size_t kClocks = 5;

enum class ParamType : std::uint8_t { kInteger, kReal, kChoice, kWindow, kFormula, kNumbers, kPolicy };

/// A parameter: what the docs, the Python builders and the validation know of it.
struct Param {
  std::string name;
  ParamType type;
  bool required = true;
  ParamValue fallback = std::int64_t{0};  // where not required
  double min = 0.0;                       // enforced by the operation's constructor, from the same constant
  double max = 0.0;
  std::vector<std::string> choices;
  std::string doc;
};

/// The parameters of one column, complete and of the right type.
class Params {
 public:
  /// `owner`: who refuses what breaks a rule.
  Params(std::map<std::string, ParamValue> values, std::string owner)
      : values_{std::move(values)}, owner_{std::move(owner)} {}
  [[nodiscard]] std::int64_t integer(const std::string& name) const { return std::get<std::int64_t>(values_.at(name)); }
  [[nodiscard]] double real(const std::string& name) const { return std::get<double>(values_.at(name)); }
  [[nodiscard]] const std::string& text(const std::string& name) const {
    return std::get<std::string>(values_.at(name));
  }
  [[nodiscard]] WindowLength window() const;
  [[nodiscard]] std::vector<double> numbers(const std::string& name) const;
  /// The word, with its colon where a time follows, and that time in ns, else 0.
  [[nodiscard]] std::pair<std::string, std::int64_t> policy(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, ParamValue>& values() const noexcept { return values_; }

 private:
  std::map<std::string, ParamValue> values_;
  std::string owner_;
};

/// A node that takes n inputs of each of its series at their times (null: it does not ask), and the value after each.
using Fold = void (*)(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns,
                      std::size_t n, double* out) noexcept;

/// Units of a column that are made of those of its inputs x and y.
inline constexpr const char* kSquare = "x^2";
inline constexpr const char* kProduct = "x y";
inline constexpr const char* kSlope = "y/x";

/// What an operation becomes for given parameters.
struct Column {
  std::unique_ptr<Node> node;  // null: no state
  std::string share_key;       // columns of equal key and input share the node; empty: never
  std::unique_ptr<Reader> reader;
  std::uint32_t lookback = 0;  // inputs before the first value
  std::string unit;            // empty: that of the first input
  Fading fading{};             // of its seed
  Fold fold = nullptr;         // node and reader over whole columns, where the operation takes series
  std::unique_ptr<Node> bank{};  // what a pipeline has instead of the node: a lane of its input's bank
  bool timed = false;          // its value changes with the time, although nothing steps it
  std::uint32_t reads_rules = 0;  // bits of Rule
  std::unique_ptr<Reader> through{};  // of a pointwise operation: its value by way of the input's reader
};

/// One row of the registry. Bindings, spec validation, builders, docs and the contract tests derive from it.
struct Operation {
  std::string name;
  std::uint32_t rev = 1;  // rises when a value changes for equal input
  Clock clock;            // kInput: takes series
  std::string summary;
  std::string formula;
  std::string inputs;  // with units
  std::vector<Param> params{};
  std::string lookback;     // as a rule
  std::string output_unit;  // as a rule
  std::string seed{};       // of a recursion, with its dialect; empty: there is none that fades
  std::string missing;      // what NaN and missing inputs do
  std::string flat = "no special value";
  std::string cost = "O(1)";
  std::string reference = "by definition";
  std::string oracle;      // who agrees, who does not
  std::string standalone;  // class in hftcore.features
  Column (*make)(const Params& params);  // null: the plan makes it itself, of a formula
  std::size_t n_series = 1;              // inputs at a time, where it takes series
  bool needs_time = false;               // it asks when an input came, also where it has no time window
  bool pointwise = false;                // its value is a function of the input's value alone: it needs no clock

  [[nodiscard]] bool takes_series() const noexcept { return clock == Clock::kInput; }
};

[[nodiscard]] std::span<const Operation> operations();

/// Throws std::invalid_argument with a suggestion where there is no such operation.
[[nodiscard]] const Operation& operation(std::string_view name);

/// A series that operations take as input, made from the market when its clock ticks.
struct Series {
  std::string name;
  Clock clock;
  std::string unit;
  std::string doc;
  std::unique_ptr<Reader> reader;
};

[[nodiscard]] std::span<const Series> series();

using base::did_you_mean;

}  // namespace hft::feature
