#include <charconv>
#include <limits>
#include <optional>

#include "hft/base/number_text.hpp"
#include "toml_cursor.hpp"

namespace hft::config {
namespace {

constexpr std::string_view kDecimal = "0123456789";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 1979-05-27 or 07:32: what would be a date or a time.
bool begins_date(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && n < 5 && is_digit(text[n])) ++n;
  return (n == 4 && text.substr(4).starts_with('-')) || (n == 2 && text.substr(2).starts_with(':'));
}

}  // namespace

/// Digits with single underscores between them, which are left out; how many there were.
std::size_t TomlCursor::digits(std::string& out, std::string_view allowed) {
  std::size_t n = 0;
  while (!at_end()) {
    const std::size_t underscore = n > 0 && peek() == '_' ? 1 : 0;
    const std::string_view after = rest().substr(underscore);
    if (after.empty() || allowed.find(after.front()) == std::string_view::npos) break;
    out.push_back(after.front());
    advance(underscore + 1);
    ++n;
  }
  return n;
}

TomlValue TomlCursor::based_integer(int base, std::string_view allowed) {
  const Position from = position();
  advance(2);
  std::string text;
  if (digits(text, allowed) == 0) refuse("found " + found() + ", expected a digit of base " + std::to_string(base));
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer, base);
  if (error != std::errc{}) throw TomlError(from, "an integer must fit 64 bits");
  return TomlValue::integer_of(integer, from);
}

TomlValue TomlCursor::number() {
  const Position from = position();
  if (sees("0x")) return based_integer(16, "0123456789abcdefABCDEF");
  if (sees("0o")) return based_integer(8, "01234567");
  if (sees("0b")) return based_integer(2, "01");
  if (begins_date(rest())) refuse("found a date or a time, which this file has no use for: expected text or a number");

  std::string text;
  const bool minus = peek() == '-';
  if (take('-') || take('+')) text = minus ? "-" : "";
  if (sees("inf") || sees("nan")) {
    const bool infinite = sees("inf");
    advance(3);
    const double value = infinite ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    return TomlValue::real_of(minus ? -value : value, from);
  }
  if (peek() == '0') {  // no digit may follow: the end of the value is checked by the caller
    text += '0';
    advance();
  } else if (digits(text, kDecimal) == 0) {
    refuse("found " + found() + ", expected a value: text in quotes, a number, true, false, [...] or {...}");
  }
  const std::size_t n_integer = text.size();
  const auto digit_after = [&](std::size_t n) { return rest().size() > n && is_digit(rest()[n]); };
  if (peek() == '.') {
    if (!digit_after(1)) refuse("found a number that ends with its point, expected a digit after it");
    text += '.';
    advance();
    (void)digits(text, kDecimal);
  }
  if (peek() == 'e' || peek() == 'E') {
    text += 'e';
    advance();
    if (peek() == '+' || peek() == '-') {
      text += peek();
      advance();
    }
    if (digits(text, kDecimal) == 0) refuse("found " + found() + ", expected a digit of the exponent");
  }
  if (text.size() > n_integer) {
    const std::optional<double> real = base::parse_double(text);
    if (!real) throw TomlError(from, "found a number that no double holds, expected at most 1.7976931348623157e308");
    return TomlValue::real_of(*real, from);
  }
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (error != std::errc{}) throw TomlError(from, "an integer must fit 64 bits");
  return TomlValue::integer_of(integer, from);
}

}  // namespace hft::config
