#include "hft/feature/formula.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace hft::feature {
namespace {

using Kind = Formula::Kind;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
}

/// How tightly an operator binds its operands.
int strength(const Formula& f) {
  if (f.kind == Kind::kNumber) return f.number < 0 || std::signbit(f.number) ? 4 : 5;
  if (f.kind != Kind::kOperator) return 5;
  if (f.args.size() == 1) return 4;
  if (f.text == "*" || f.text == "/") return 3;
  return f.text == "+" || f.text == "-" ? 2 : 1;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text} {}

  std::vector<Formula> list() {
    if (text_.size() > kMaxFormulaBytes) {
      throw std::invalid_argument("a formula has at most " + std::to_string(kMaxFormulaBytes) + " bytes, was " +
                                  std::to_string(text_.size()));
    }
    std::vector<Formula> all;
    do all.push_back(expression());
    while (take(','));
    if (at_ != text_.size()) fail("an operator, ',' or the end");
    return all;
  }

 private:
  [[noreturn]] void fail(const std::string& wanted) const {
    const std::string found = at_ < text_.size() ? "'" + std::string(text_.substr(at_, 12)) + "'" : "the end";
    throw std::invalid_argument("formula '" + std::string(text_) + "': " + wanted + " expected at character " +
                                std::to_string(at_ + 1) + ", found " + found);
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  [[nodiscard]] char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    skip_blanks();
    return true;
  }

  static Formula join(std::string op, Formula left, Formula right) {
    Formula f = Formula::of(Kind::kOperator, std::move(op));
    f.args.push_back(std::move(left));
    f.args.push_back(std::move(right));
    return f;
  }

  Formula expression() {
    if (++depth_ > kMaxFormulaDepth) fail("at most " + std::to_string(kMaxFormulaDepth) + " levels of nesting");
    Formula left = sum();
    if (const char c = peek(); c == '<' || c == '>') {
      std::string op{c};
      ++at_;
      if (at_ < text_.size() && text_[at_] == '=') op += '=', ++at_;
      left = join(std::move(op), std::move(left), sum());
    }
    --depth_;
    return left;
  }
  Formula sum() {
    Formula left = product();
    for (char c = peek(); c == '+' || c == '-'; c = peek()) {
      ++at_;
      left = join({c}, std::move(left), product());
    }
    return left;
  }
  Formula product() {
    Formula left = factor();
    for (char c = peek(); c == '*' || c == '/'; c = peek()) {
      ++at_;
      left = join({c}, std::move(left), factor());
    }
    return left;
  }
  Formula factor() {
    if (take('-')) {
      if (++depth_ > kMaxFormulaDepth) fail("at most " + std::to_string(kMaxFormulaDepth) + " levels of nesting");
      Formula inner = factor();
      --depth_;
      if (inner.kind == Kind::kNumber) return inner.number = -inner.number, inner;
      Formula f = Formula::of(Kind::kOperator, "-");
      f.args.push_back(std::move(inner));
      return f;
    }
    if (take('(')) {
      Formula inner = expression();
      if (!take(')')) fail("')'");
      return inner;
    }
    const char c = peek();
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c) || c == '`') return named();
    fail("a number, a name or '('");
  }
  Formula number() {
    Formula f;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), f.number);
    if (error != std::errc{} || !std::isfinite(f.number)) fail("a number");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (at_ < text_.size() && is_letter(text_[at_])) fail("an operator (a time stands in quotes, as '5s')");
    return f;
  }
  std::string quoted(char quote) {
    ++at_;
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail(std::string("a closing ") + quote);
    std::string inner{text_.substr(at_, end - at_)};
    at_ = end + 1;
    return inner;
  }
  std::string word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    return std::string{text_.substr(from, at_ - from)};
  }
  Formula named() {
    Formula f = Formula::of(Kind::kName, text_[at_] == '`' ? quoted('`') : word());
    if (f.text.empty()) fail("a name");
    if (at_ < text_.size() && text_[at_] == '@') {
      ++at_;
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      f.peer = c == '\'' || c == '"' ? quoted(c) : word();
      if (f.peer.empty()) fail("a symbol");
      return f;
    }
    if (!take('(')) return f;
    f.kind = Kind::kCall;
    if (take(')')) return f;
    do f.args.push_back(argument());
    while (take(','));
    if (!take(')')) fail("',' or ')'");
    return f;
  }
  Formula argument() {
    const char c = peek();
    if (c == '\'' || c == '"') return Formula::of(Kind::kText, quoted(c));
    const std::size_t from = at_;
    if (is_letter(c)) {
      std::string key = word();
      if (take('=')) {
        Formula value = argument();
        if (!value.key.empty()) fail("a value");
        value.key = std::move(key);
        return value;
      }
      at_ = from;
    }
    return expression();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

std::string number_text(double x) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, x);
  return {digits, end};
}

/// A quoted text cannot hold the quote that it was written in.
std::string in_quotes(const std::string& text) {
  const char quote = text.find('\'') == std::string::npos ? '\'' : '"';
  return quote + text + quote;
}

std::string operand(const Formula& f, int least) {
  const std::string text = text_of(f);
  return strength(f) < least ? "(" + text + ")" : text;
}

}  // namespace

std::vector<Formula> parse_formulas(std::string_view text) { return Parser{text}.list(); }

std::string text_of(const Formula& f) {
  std::string text = f.key.empty() ? "" : f.key + "=";
  switch (f.kind) {
    case Kind::kNumber: return text + number_text(f.number);
    case Kind::kText: return text + in_quotes(f.text);
    case Kind::kFound: return text + f.text;
    case Kind::kName: {
      text += is_word(f.text) ? f.text : "`" + f.text + "`";
      if (!f.peer.empty()) text += "@" + (is_word(f.peer) ? f.peer : in_quotes(f.peer));
      return text;
    }
    case Kind::kCall:
      text += f.text + "(";
      for (std::size_t i = 0; i < f.args.size(); ++i) text += (i == 0 ? "" : ", ") + text_of(f.args[i]);
      return text + ")";
    case Kind::kOperator: break;
  }
  const int own = strength(f);
  if (f.args.size() == 1) return text + f.text + operand(f.args[0], own);
  return text + operand(f.args[0], std::max(own, 2)) + " " + f.text + " " + operand(f.args[1], own + 1);
}

}  // namespace hft::feature
