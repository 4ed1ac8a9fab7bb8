#include "json_scanner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "hft/base/utf8.hpp"
#include "hft/event/words.hpp"

namespace hft::event {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::uint64_t digit_of(char c) noexcept { return static_cast<std::uint64_t>(c - '0'); }

/// How many of the next eight bytes stand for themselves in a string: ASCII, no control, no quotation mark, no
/// backslash.
std::ptrdiff_t plain_bytes(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t controls =
      word - 0x2020'2020'2020'2020ULL;  // sets the high bit below a blank; borrows go upwards
  const std::uint64_t odd = (controls | word) & 0x8080'8080'8080'8080ULL;
  return std::min({std::countr_zero(odd) / 8, find_byte(word, '"'), find_byte(word, '\\')});
}

}  // namespace

bool JsonNumber::magnitude(std::uint64_t& value) const noexcept {
  constexpr std::size_t kSafeDigits = 19;  // any 19 digits fit, no 21 without leading zeros do
  if (!is_integer() || n_int > kSafeDigits + 1) return false;
  value = 0;
  for (std::size_t i = 0; i < std::min(n_int, kSafeDigits); ++i) value = value * 10 + digit_of(digits[i]);
  if (n_int <= kSafeDigits) return true;
  const std::uint64_t last = digit_of(digits[kSafeDigits]);
  if (value > (std::numeric_limits<std::uint64_t>::max() - last) / 10) return false;
  value = value * 10 + last;
  return true;
}

bool JsonNumber::to_uint64(std::uint64_t& value) const noexcept {
  return magnitude(value) && (!negative || value == 0);
}

bool JsonNumber::to_int64(std::int64_t& value) const noexcept {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t size = 0;
  if (!magnitude(size) || size > kMax + (negative ? 1 : 0)) return false;
  value = static_cast<std::int64_t>(negative ? 0 - size : size);
  return true;
}

Fit JsonNumber::to_decimal(Decimal& decimal) const noexcept {
  constexpr std::int64_t kMaxDigits = 18;  // of the whole and of the fraction: more fit no instrument
  // The significant digits are those from `first` to `last`, as if there were no point; `point` is where it stands.
  const auto digit = [&](std::int64_t i) {
    const auto n = static_cast<std::int64_t>(n_int);
    return digit_of(digits[i < n ? i : i + 1]);
  };
  std::int64_t first = 0;
  std::int64_t last = static_cast<std::int64_t>(n_int + n_fraction);
  while (first < last && digit(first) == 0) ++first;
  while (last > first && digit(last - 1) == 0) --last;
  decimal = {};
  decimal.negative = negative;
  if (first == last) return Fit::kOk;
  const std::int64_t point = static_cast<std::int64_t>(n_int) + exponent;
  if (point - first > kMaxDigits) return Fit::kTooLarge;
  if (last - point > kMaxDigits) return Fit::kOffGrid;
  for (std::int64_t i = first; i < point; ++i) decimal.whole = decimal.whole * 10 + (i < last ? digit(i) : 0);
  for (std::int64_t i = std::max(first, point); i < last; ++i) decimal.fraction = decimal.fraction * 10 + digit(i);
  decimal.n_fraction = static_cast<std::uint8_t>(std::max<std::int64_t>(last - point, 0));
  return Fit::kOk;
}

bool JsonScanner::hex4(std::uint32_t& code) noexcept {
  code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == end_) return fail();
    const char c = *at_;
    const char letter = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      code = code * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      code = code * 16 + static_cast<std::uint32_t>(letter - 'a' + 10);
    } else {
      return fail();
    }
  }
  return true;
}

/// What follows a backslash. Anything beyond ASCII becomes 0x80: no name of ours has it.
bool JsonScanner::escape(char& c) noexcept {
  if (at_ == end_) return fail();
  switch (*at_) {
    case '"':
    case '\\':
    case '/': c = *at_++; return true;
    case 'b': c = '\b'; break;
    case 'f': c = '\f'; break;
    case 'n': c = '\n'; break;
    case 'r': c = '\r'; break;
    case 't': c = '\t'; break;
    case 'u': {
      ++at_;
      std::uint32_t code = 0;
      if (!hex4(code)) return false;
      c = static_cast<char>(code < 0x80 ? code : 0x80);
      return true;
    }
    default: return fail();
  }
  ++at_;
  return true;
}

bool JsonScanner::string(std::string_view& text) noexcept {
  if (!expect('"')) return false;
  const char* const begin = at_;
  bool escaped = false;
  bool ascii = true;
  std::size_t n = 0;  // in unescaped_, once there was an escape
  const auto keep = [&](char c) {
    unescaped_[n] = c;
    n = std::min(n + 1, kMaxEscaped);
  };
  while (end_ - at_ >= 8) {
    const std::ptrdiff_t n_plain = plain_bytes(at_);
    at_ += n_plain;
    if (n_plain != 8) break;
  }
  while (at_ != end_) {
    const char c = *at_;
    if (c == '"') {
      const std::string_view raw{begin, at_};
      if (!ascii && base::valid_utf8_bytes(raw) != raw.size()) return fail();
      text = escaped ? std::string_view{unescaped_.data(), n} : raw;
      ++at_;
      return true;
    }
    if (c == '\\') {
      if (!escaped) {
        escaped = true;
        for (const char* p = begin; p != at_; ++p) keep(*p);
      }
      ++at_;
      char plain = 0;
      if (!escape(plain)) return false;
      keep(plain);
    } else {
      if (static_cast<unsigned char>(c) < 0x20) return fail();
      ascii = ascii && static_cast<unsigned char>(c) < 0x80;
      if (escaped) keep(c);
      ++at_;
    }
  }
  return fail();
}

std::size_t JsonScanner::digits() noexcept {
  const char* const begin = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return static_cast<std::size_t>(at_ - begin);
}

bool JsonScanner::number(JsonNumber& number) noexcept {
  number = {};
  number.negative = accept('-');
  number.digits = at_;
  number.n_int = digits();
  if (number.n_int == 0) return fail();
  if (number.n_int > 1 && *number.digits == '0') {
    at_ = number.digits + 1;  // the fault is the digit after the zero
    return fail();
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    number.n_fraction = digits();
    if (number.n_fraction == 0) return fail();
  }
  if (at_ == end_ || (*at_ | 0x20) != 'e') return true;
  ++at_;
  number.has_exponent = true;
  bool negative = false;
  if (at_ != end_ && (*at_ == '+' || *at_ == '-')) negative = *at_++ == '-';
  const char* const begin = at_;
  if (digits() == 0) return fail();
  for (const char* p = begin; p != at_; ++p) {
    number.exponent = std::min(number.exponent * 10 + (*p - '0'), JsonNumber::kMaxExponent);
  }
  if (negative) number.exponent = -number.exponent;
  return true;
}

bool JsonScanner::literal(std::string_view word) noexcept {
  for (const char c : word) {
    if (at_ == end_ || *at_ != c) return fail();
    ++at_;
  }
  return true;
}

bool JsonScanner::skip_scalar(char first) noexcept {
  std::string_view text;
  JsonNumber ignored;
  switch (first) {
    case '"': return string(text);
    case 't': return literal("true");
    case 'f': return literal("false");
    case 'n': return literal("null");
    default: return number(ignored);
  }
}

bool JsonScanner::skip_value() noexcept {
  std::uint64_t objects = 0;  // one bit per open bracket, the innermost lowest: 1 for an object
  int depth = 0;
  std::string_view key;
  for (;;) {  // at the beginning of a value
    const char first = peek();
    if (first == '{' || first == '[') {
      if (depth == kMaxDepth) return fail();
      ++at_;
      objects = objects << 1 | (first == '{' ? 1U : 0U);
      ++depth;
      if (!accept(first == '{' ? '}' : ']')) {
        if (first == '{' && !(string(key) && expect(':'))) return false;
        continue;
      }
      objects >>= 1;
      --depth;
    } else if (!skip_scalar(first)) {
      return false;
    }
    for (;;) {  // after a value
      if (depth == 0) return true;
      const bool in_object = (objects & 1) != 0;
      if (accept(',')) {
        if (in_object && !(string(key) && expect(':'))) return false;
        break;
      }
      if (!expect(in_object ? '}' : ']')) return false;
      objects >>= 1;
      --depth;
    }
  }
}

}  // namespace hft::event
