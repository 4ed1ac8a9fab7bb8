#include "time_of_day.hpp"

#include <stdexcept>

namespace hft::artifact {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

/// Two digits of at most `most` at the start of the text, which they leave; -1 where there are none.
int take_two(std::string_view& text, int most) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1;
  };
  if (digit(0) < 0 || digit(1) < 0 || digit(0) * 10 + digit(1) > most) return -1;
  const int value = digit(0) * 10 + digit(1);
  text.remove_prefix(2);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// -1: no time of day.
std::int64_t parse(std::string_view text) {
  const int hours = take_two(text, 23);
  if (hours < 0 || !take(text, ':')) return -1;
  const int minutes = take_two(text, 59);
  if (minutes < 0) return -1;
  std::int64_t ns = (hours * 60 + minutes) * 60 * kSecondNs;
  if (text.empty()) return ns;
  const int seconds = take(text, ':') ? take_two(text, 59) : -1;
  if (seconds < 0) return -1;
  ns += seconds * kSecondNs;
  if (text.empty()) return ns;
  if (!take(text, '.') || text.empty() || text.size() > 9) return -1;
  std::int64_t unit = kSecondNs;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    ns += (c - '0') * (unit /= 10);
  }
  return ns;
}

}  // namespace

std::int64_t time_of_day_ns(const base::Json& value) {
  const std::int64_t ns = value.is(base::Json::Kind::kText) ? parse(value.as_text()) : -1;
  if (ns >= 0) return ns;
  throw std::invalid_argument("session: a time is UTC text such as \"13:35:00\", was " + value.canonical());
}

std::string time_of_day_text(std::int64_t ns) {
  const std::int64_t seconds = ns / kSecondNs;
  const auto two = [](std::int64_t n) { return std::string{n < 10 ? "0" : ""} + std::to_string(n); };
  std::string text = two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60);
  if (ns % kSecondNs == 0) return text;
  std::string fraction = std::to_string(kSecondNs + ns % kSecondNs).substr(1);
  fraction.resize(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

}  // namespace hft::artifact
