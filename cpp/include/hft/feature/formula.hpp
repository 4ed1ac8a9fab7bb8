#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hft::feature {

/// A formula as it was written, before a name in it is looked up.
///
///   list       := expression (',' expression)*
///   expression := sum (('<' | '<=' | '>' | '>=') sum)?
///   sum        := product (('+' | '-') product)*
///   product    := factor (('*' | '/') factor)*
///   factor     := '-' factor | number | '(' expression ')' | name ['@' symbol] | call
///   call       := name '(' [argument (',' argument)*] ')'       argument := [key '='] (expression | 'text')
///
/// A name is letters, digits, _ and .; one with other characters stands in `backticks`. A symbol with others stands in
/// 'quotes'.
struct Formula {
  enum class Kind : std::uint8_t { kNumber, kText, kName, kCall, kOperator, kFound };

  Kind kind = Kind::kNumber;
  double number = 0.0;
  std::string text;           // of a text, a name, a call's name, an operator; of what was found: its one spelling
  std::string peer;           // of a name: whose value it is; empty: the symbol's own
  std::string key;            // of an argument: its parameter; empty: by position
  std::vector<Formula> args;  // of a call or an operator

  [[nodiscard]] static Formula of(Kind kind, std::string text) {
    Formula f;
    f.kind = kind, f.text = std::move(text);
    return f;
  }
};

inline constexpr std::size_t kMaxFormulaBytes = 4096;
inline constexpr int kMaxFormulaDepth = 32;

/// Throws std::invalid_argument that says what stands where, with the place in the text.
[[nodiscard]] std::vector<Formula> parse_formulas(std::string_view text);

/// The one spelling: equal formulas have equal texts. Parses to the same formula.
[[nodiscard]] std::string text_of(const Formula& formula);

}  // namespace hft::feature
