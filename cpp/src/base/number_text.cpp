#include "hft/base/number_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace hft::base {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// -?digits[.digits][e[+-]digits], at least one digit before and after the point.
bool is_decimal(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > from;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (!digits()) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

/// Of a decimal that no double holds: is it too large (or too small)?
bool too_large(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  // Digits before the point, or minus the zeros after it: far below the exponents at which a double ends.
  const double lead = static_cast<double>(point) - static_cast<double>(first);
  double exponent = 0.0;
  if (e != std::string_view::npos) {
    for (const char c : text.substr(e + 1)) {
      if (is_digit(c)) exponent = exponent * 10.0 + (c - '0');
    }
    if (text[e + 1] == '-') exponent = -exponent;
  }
  return lead + exponent > 0.0;
}

}  // namespace

std::string shortest_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char scientific[40];
  const auto [end, error] =
      std::to_chars(scientific, scientific + sizeof scientific, value, std::chars_format::scientific);
  std::string_view text{scientific, static_cast<std::size_t>(end - scientific)};
  std::string out;
  if (text.front() == '-') {
    out = "-";
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(std::string{text.substr(e + 1)}.c_str());
  std::string digits{text.substr(0, 1)};
  if (e > 2) digits += text.substr(2, e - 2);
  const auto n = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {  // where Python's repr changes its style
    out += digits.substr(0, 1);
    if (n > 1) out += "." + digits.substr(1);
    out += text.substr(e);
  } else if (exponent < 0) {
    out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else if (exponent >= n - 1) {
    out += digits + std::string(static_cast<std::size_t>(exponent - n + 1), '0') + ".0";
  } else {
    out += digits.insert(static_cast<std::size_t>(exponent + 1), 1, '.');
  }
  return out;
}

std::optional<double> parse_double(std::string_view text) noexcept {
  if (!is_decimal(text)) return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{}) return std::isinf(value) ? std::nullopt : std::optional{value};
  if (too_large(text)) return std::nullopt;
  return text.front() == '-' ? -0.0 : 0.0;
}

}  // namespace hft::base
