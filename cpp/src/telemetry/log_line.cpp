#include "log_line.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "utf8.hpp"

namespace hft::telemetry {
namespace {

/// Length of the well-formed UTF-8 character that begins the text; 0 where none does (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80U) return 1;
  const std::size_t n = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || text.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return 0;
  }
  const bool is_overlong = (first == 0xE0U && at(1) < 0xA0U) || (first == 0xF0U && at(1) < 0x90U);
  const bool is_outside = (first == 0xEDU && at(1) >= 0xA0U) || (first == 0xF4U && at(1) >= 0x90U);
  return is_overlong || is_outside ? 0 : n;
}

}  // namespace

void LogLine::add(const Field& field) noexcept {
  if (is_full_) return;
  const std::size_t before = size_;
  if (size_ > 1) put(',');
  put_text(field.key);
  put(':');
  struct Put {
    LogLine& line;
    void operator()(bool value) const noexcept { line.put(value ? "true" : "false"); }
    void operator()(std::int64_t value) const noexcept { line.put_integer(value); }
    void operator()(std::uint64_t value) const noexcept { line.put_integer(value); }
    void operator()(double value) const noexcept { line.put_number(value); }
    void operator()(std::string_view value) const noexcept { line.put_text(value); }
  };
  std::visit(Put{*this}, field.value);
  if (is_full_) size_ = before;  // a field stands whole or not at all
}

void LogLine::add_time(std::int64_t unix_ns) noexcept {
  const std::time_t seconds = unix_ns / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  const int rest = std::snprintf(text.data() + n, text.size() - n, ".%06dZ",
                                 static_cast<int>(unix_ns % 1'000'000'000 / 1'000));
  add({"ts", std::string_view{text.data(), n + static_cast<std::size_t>(rest)}});
}

std::string_view LogLine::finish() noexcept {
  const std::string_view end = is_full_ || is_cut_ ? kCutEnd : kCutEnd.substr(kCutEnd.size() - 2);
  std::memcpy(bytes_.data() + size_, end.data(), end.size());
  size_ += end.size();
  return {bytes_.data(), size_};
}

template <class Integer>
void LogLine::put_integer(Integer value) noexcept {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  put(std::string_view{text.data(), static_cast<std::size_t>(end - text.data())});
}

void LogLine::put_number(double value) noexcept {
  if (!std::isfinite(value)) return put_text(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");  // JSON has none
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  put(std::string_view{text.data(), static_cast<std::size_t>(end - text.data())});
}

void LogLine::put_text(std::string_view text) noexcept {
  const std::string_view kept = cut_utf8(text, kMaxValueBytes);
  is_cut_ |= kept.size() != text.size();
  put('"');
  for (std::size_t i = 0; i < kept.size();) {
    const std::size_t n = utf8_length(kept.substr(i));
    if (n == 1) {
      put_escaped(static_cast<unsigned char>(kept[i]));
    } else {
      put(n == 0 ? std::string_view{"\\ufffd"} : kept.substr(i, n));
    }
    i += n == 0 ? 1 : n;
  }
  put('"');
}

void LogLine::put_escaped(unsigned char c) noexcept {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"': return put("\\\"");
    case '\\': return put("\\\\");
    case '\n': return put("\\n");
    case '\r': return put("\\r");
    case '\t': return put("\\t");
    default: break;
  }
  if (c >= 0x20U && c != 0x7FU) return put(static_cast<char>(c));
  put("\\u00");
  put(kHex[c >> 4U]);
  put(kHex[c & 0xFU]);
}

}  // namespace hft::telemetry
