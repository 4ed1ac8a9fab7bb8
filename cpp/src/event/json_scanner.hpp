#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hft/event/decimal_grid.hpp"
#include "hft/event/decode.hpp"

namespace hft::event {

/// A JSON number as its text has it. RFC 8259's grammar is checked, nothing is rounded.
struct JsonNumber {
  const char* digits = nullptr;  // n_int of them, then a point and n_fraction more, if any
  std::size_t n_int = 0;
  std::size_t n_fraction = 0;
  int exponent = 0;  // saturated at +-kMaxExponent
  bool has_exponent = false;
  bool negative = false;

  static constexpr int kMaxExponent = 1'000'000;

  [[nodiscard]] bool is_integer() const noexcept { return n_fraction == 0 && !has_exponent; }
  /// False: beyond 64 bits, or no integer.
  [[nodiscard]] bool to_int64(std::int64_t& value) const noexcept;
  [[nodiscard]] bool to_uint64(std::uint64_t& value) const noexcept;
  [[nodiscard]] Fit to_decimal(Decimal& decimal) const noexcept;

 private:
  [[nodiscard]] bool magnitude(std::uint64_t& value) const noexcept;
};

/// Walks over JSON text. Every method either consumes what it names or sets status() and returns false.
///
/// Text, strings too, must be UTF-8; nesting goes kMaxDepth deep. No allocation, no recursion.
class JsonScanner {
 public:
  static constexpr int kMaxDepth = 64;

  explicit JsonScanner(std::string_view text) noexcept : at_{text.data()}, end_{text.data() + text.size()} {}

  [[nodiscard]] DecodeStatus status() const noexcept { return status_; }

  /// After blanks: the next byte, 0 at the end. Does not consume it.
  [[nodiscard]] char peek() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }
  [[nodiscard]] bool at_end() noexcept { return peek() == '\0' && at_ == end_; }
  [[nodiscard]] bool accept(char c) noexcept {
    if (peek() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool expect(char c) noexcept { return accept(c) || fail(); }

  /// The string's text, valid until the next call. A text that no name of ours can equal (with bytes beyond ASCII, or
  /// escapes and more than kMaxEscaped bytes) may come back as any other such text.
  [[nodiscard]] bool string(std::string_view& text) noexcept;
  [[nodiscard]] bool number(JsonNumber& number) noexcept;
  [[nodiscard]] bool literal(std::string_view word) noexcept;
  /// Any value, checked and thrown away.
  [[nodiscard]] bool skip_value() noexcept;

 private:
  static constexpr std::size_t kMaxEscaped = 64;

  bool fail() noexcept {
    status_ = at_ == end_ ? DecodeStatus::kTruncated : DecodeStatus::kBadSyntax;
    return false;
  }
  bool escape(char& c) noexcept;
  bool hex4(std::uint32_t& code) noexcept;
  std::size_t digits() noexcept;
  bool skip_scalar(char first) noexcept;

  const char* at_;
  const char* end_;
  DecodeStatus status_ = DecodeStatus::kOk;
  std::array<char, kMaxEscaped + 1> unescaped_;  // one more, so that a longer text is longer than any name
};

}  // namespace hft::event
