#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hft::config {

/// Where something stands in a file. Both count from 1; columns are bytes.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Text that is no TOML: where, what was found and what was expected.
class TomlError : public std::invalid_argument {
 public:
  TomlError(Position at, const std::string& text)
      : std::invalid_argument(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + text),
        at_{at},
        text_{text} {}
  [[nodiscard]] Position at() const noexcept { return at_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }  // without the position

 private:
  Position at_;
  std::string text_;
};

/// One TOML value with its place in the file.
class TomlValue {
 public:
  enum class Kind : std::uint8_t { kText, kInteger, kReal, kBool, kArray, kTable };
  struct Member;

  TomlValue(Kind kind, Position at);
  [[nodiscard]] static TomlValue integer_of(std::int64_t integer, Position at);
  [[nodiscard]] static TomlValue real_of(double real, Position at);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is(Kind kind) const noexcept { return kind_ == kind; }
  [[nodiscard]] Position at() const noexcept { return at_; }

  // Each is for the kind of its name.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::int64_t integer() const noexcept { return integer_; }
  [[nodiscard]] double real() const noexcept { return real_; }
  [[nodiscard]] bool flag() const noexcept { return integer_ != 0; }
  [[nodiscard]] std::span<const TomlValue> items() const noexcept { return items_; }  // of an array
  [[nodiscard]] std::span<const Member> members() const noexcept;                     // of a table, in the file's order
  /// The value of that key in a table, or null.
  [[nodiscard]] const TomlValue* find(std::string_view key) const noexcept;

  /// As a message shows it: "text", 5, 0.5, true, an array, a table.
  [[nodiscard]] std::string shown() const;

 private:
  friend class TomlParser;
  /// How a table came to be decides what may still add to it.
  enum class Made : std::uint8_t {
    kImplicit,  // on the way to another table's header
    kHeader,    // by [header] or, an array, by [[header]]
    kDotted,    // on the way to a dotted key
    kClosed,    // written in one piece: nothing adds to it
  };

  std::string text_;
  std::vector<TomlValue> items_;
  std::vector<Member> members_;
  std::int64_t integer_ = 0;
  double real_ = 0.0;
  Kind kind_;
  Made made_ = Made::kImplicit;
  std::uint32_t section_ = 0;  // kDotted: number of the header below which it was made
  Position at_;
};

struct TomlValue::Member {
  std::string key;
  Position at;  // of the key
  TomlValue value;
};

// Below Member, which these need whole.
inline TomlValue::TomlValue(Kind kind, Position at) : kind_{kind}, at_{at} {}
inline std::span<const TomlValue::Member> TomlValue::members() const noexcept { return members_; }

/// "text", "an integer", "a table": for messages.
[[nodiscard]] std::string_view name_of(TomlValue::Kind kind) noexcept;

/// Parses a TOML 1.0 document into its root table. Dates and times are refused by name, integers beyond 64 bits, and
/// nesting beyond kMaxTomlDepth. Throws TomlError at the first place that is wrong. Cold path.
[[nodiscard]] TomlValue parse_toml(std::string_view text);

inline constexpr std::size_t kMaxTomlDepth = 64;

}  // namespace hft::config
