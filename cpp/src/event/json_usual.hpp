#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "hft/event/decimal_grid.hpp"
#include "hft/event/words.hpp"

namespace hft::event {

/// A cursor over JSON of the form that our encoder writes, or of the same with a blank after each comma and colon, as
/// Python's json.dumps has it. Every method says whether the text went on as expected; on false the message is read
/// again by those who take any form, so nothing here names a fault.
template <bool kSpaced>
class UsualJson {
 public:
  /// There must be at least eight bytes: load_word's condition.
  UsualJson(const char* begin, const char* end) noexcept : at_{begin}, end_{end} {}

  /// A literal is given in both forms; the compiler keeps one.
  template <std::size_t N>
  [[nodiscard]] bool literal(const char (&compact)[N]) noexcept {
    return bytes<N - 1>(compact);
  }
  template <std::size_t N, std::size_t M>
  [[nodiscard]] bool literal(const char (&compact)[N], const char (&spaced)[M]) noexcept {
    if constexpr (kSpaced) return bytes<M - 1>(spaced);
    return bytes<N - 1>(compact);
  }

  [[nodiscard]] char next() const noexcept { return at_ == end_ ? '\0' : *at_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }

  /// Up to the next quotation mark. Texts with a backslash are no symbol, so they may come out as they stand.
  [[nodiscard]] bool text(std::string_view& text, std::size_t max_bytes) noexcept {
    for (std::size_t n = 0; n <= max_bytes; n += 8) {
      const int quote = find_byte(load_word(at_ + n, end_), '"');
      if (quote == 8) continue;
      text = {at_, n + static_cast<std::size_t>(quote)};
      at_ += text.size();
      return true;
    }
    return false;
  }

  /// An unsigned integer of at most 19 digits.
  [[nodiscard]] bool integer(std::uint64_t& value) noexcept {
    const char first = next();
    const char* const begin = at_;
    value = 0;
    return digits(value, 19) && (first != '0' || at_ - begin == 1);
  }

  /// As integer(); nearly all have 19 digits.
  [[nodiscard]] bool timestamp(std::uint64_t& ns) noexcept {
    const std::uint64_t first = load_word(at_, end_);
    const std::uint64_t second = load_word(at_ + 8, end_);
    const std::uint64_t third = load_word(at_ + 16, end_);
    if (leading_digits(first) != 8 || leading_digits(second) != 8 || leading_digits(third) != 3 ||
        (first & 0xFF) == '0') [[unlikely]] {
      return integer(ns);
    }
    ns = (value_of_digits(first, 8) * kPowersOfTen[8] + value_of_digits(second, 8)) * 1000 + value_of_digits(third, 3);
    at_ += 19;
    return true;
  }

  [[nodiscard]] bool decimal(Decimal& decimal) noexcept {
    decimal.negative = next() == '-';
    at_ += decimal.negative ? 1 : 0;
    if (!integer(decimal.whole)) return false;
    decimal.fraction = 0;
    decimal.n_fraction = 0;
    if (next() != '.') return true;
    const char* const begin = ++at_;
    if (!digits(decimal.fraction, 18)) return false;
    decimal.n_fraction = static_cast<std::uint8_t>(at_ - begin);
    return true;
  }

 private:
  template <std::size_t kBytes>
  bool bytes(const char* text) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < kBytes || std::memcmp(at_, text, kBytes) != 0) return false;
    at_ += kBytes;
    return true;
  }

  bool digits(std::uint64_t& value, int max_digits) noexcept {
    std::uint64_t word = load_word(at_, end_);
    int n = leading_digits(word);
    if (n == 0) return false;
    value = value_of_digits(word, n);
    at_ += n;
    for (int total = n; n == 8;) {
      word = load_word(at_, end_);
      n = leading_digits(word);
      if (n == 0) break;
      if ((total += n) > max_digits) return false;
      value = value * kPowersOfTen[static_cast<std::size_t>(n)] + value_of_digits(word, n);
      at_ += n;
    }
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace hft::event
