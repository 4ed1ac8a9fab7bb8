#include "value_text.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace hft::config {
namespace {

// Largest first: duration_text takes the first that divides.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> kUnits{{{"h", 3'600'000'000'000},
                                                                           {"m", 60'000'000'000},
                                                                           {"s", 1'000'000'000},
                                                                           {"ms", 1'000'000},
                                                                           {"us", 1'000},
                                                                           {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Moves the digits at the front of `text` behind `out`; how many there were.
std::size_t take_digits(std::string_view& text, std::string& out) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  out += text.substr(0, n);
  text.remove_prefix(n);
  return n;
}

bool take_sign(std::string_view& text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  return minus;
}

}  // namespace

std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  std::string digits;
  std::int64_t number = 0;
  if (take_digits(text, digits) == 0) return std::nullopt;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{}) return std::nullopt;
  for (const auto& [name, unit_ns] : kUnits) {
    std::int64_t ns = 0;
    if (text == name && !__builtin_mul_overflow(number, unit_ns, &ns)) return ns;
  }
  return std::nullopt;
}

std::string duration_text(std::int64_t ns) {
  if (ns == 0) return "0s";
  std::string text;
  for (const auto& [name, unit_ns] : kUnits) {
    if (ns % unit_ns == 0) return std::to_string(ns / unit_ns) + std::string{name};
  }
  return text;
}

Scaled parse_scaled(std::string_view text, int digits) {
  constexpr Scaled kNoNumber{Scaled::Outcome::kNoNumber};
  constexpr Scaled kNoMultiple{Scaled::Outcome::kNoMultiple};
  const bool minus = take_sign(text);
  std::string mantissa;
  std::size_t n_digits = take_digits(text, mantissa);
  std::int64_t exponent = digits;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t n_fraction = take_digits(text, mantissa);
    n_digits += n_fraction;
    exponent -= static_cast<std::int64_t>(n_fraction);
  }
  if (n_digits == 0) return kNoNumber;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool negative = take_sign(text);
    std::string power;
    if (take_digits(text, power) == 0 || power.size() > 9) return kNoNumber;
    exponent += (negative ? -1 : 1) * std::stoll(power);
  }
  if (!text.empty()) return kNoNumber;

  mantissa.erase(0, mantissa.find_first_not_of('0'));  // npos: nothing but zeros
  if (mantissa.empty()) return {Scaled::Outcome::kExact, 0};
  for (; exponent < 0 && mantissa.back() == '0'; ++exponent) mantissa.pop_back();
  if (exponent < 0 || exponent > 18) return kNoMultiple;
  mantissa = (minus ? "-" : "") + mantissa + std::string(static_cast<std::size_t>(exponent), '0');
  std::int64_t value = 0;
  if (std::from_chars(mantissa.data(), mantissa.data() + mantissa.size(), value).ec != std::errc{}) return kNoMultiple;
  return {Scaled::Outcome::kExact, value};
}

std::string scaled_text(std::int64_t value, int digits) {
  std::string text = std::to_string(value);
  const std::size_t sign = value < 0 ? 1 : 0;
  const auto n = static_cast<std::size_t>(digits);
  if (text.size() - sign <= n) text.insert(sign, n + 1 - (text.size() - sign), '0');
  text.insert(text.size() - n, 1, '.');
  text.resize(text.find_last_not_of('0') + 1);
  return text + (text.back() == '.' ? "0" : "");
}

std::string toml_quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.append(1, '\\').append(1, c);
    else if (byte < 0x20 || byte == 0x7f)
      out.append("\\u00").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15U]);
    else out.append(1, c);
  }
  return out + '"';
}

}  // namespace hft::config
