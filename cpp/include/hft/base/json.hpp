#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hft::base {

/// Text that is no JSON, or JSON of another shape than was asked for. Line and column count from 1; columns are bytes.
class JsonError : public std::invalid_argument {
 public:
  JsonError(std::uint32_t line, std::uint32_t column, const std::string& what)
      : std::invalid_argument("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + what),
        line_{line},
        column_{column} {}
  [[nodiscard]] std::uint32_t line() const noexcept { return line_; }
  [[nodiscard]] std::uint32_t column() const noexcept { return column_; }

 private:
  std::uint32_t line_;
  std::uint32_t column_;
};

/// One JSON value (RFC 8259) as a tree, for files that are read once: manifests, specs, schemas, settings.
///
/// Stricter than the RFC asks: text is UTF-8 without lone surrogates, no key occurs twice in an object, nesting ends at
/// kMaxDepth. A number keeps its text, so that 64-bit integers and doubles are both exact.   Cold path: allocates.
class Json {
 public:
  enum class Kind : std::uint8_t { kNull = 0, kBool, kNumber, kText, kArray, kObject };
  static constexpr std::size_t kMaxDepth = 200;
  static constexpr std::size_t kMaxNumberBytes = 1000;

  /// Throws JsonError at the first byte that cannot be.
  [[nodiscard]] static Json parse(std::string_view text);

  Json() = default;  // null
  [[nodiscard]] static Json of(bool value);
  [[nodiscard]] static Json of(std::int64_t value);
  [[nodiscard]] static Json of(double value);  // not finite: rendered as Python does, which is no JSON
  [[nodiscard]] static Json of(std::string_view text);
  [[nodiscard]] static Json of(const char* text) { return of(std::string_view{text}); }
  [[nodiscard]] static Json array();
  [[nodiscard]] static Json object();
  Json& push(Json item);                   // to an array
  Json& set(std::string key, Json value);  // to an object: a key that is there gets the new value

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is(Kind kind) const noexcept { return kind_ == kind; }
  /// A number without fraction and exponent.
  [[nodiscard]] bool is_integer() const noexcept;
  [[nodiscard]] std::uint32_t line() const noexcept { return line_; }
  [[nodiscard]] std::uint32_t column() const noexcept { return column_; }

  // Each throws JsonError, with the value's place, where the value is of another kind or does not fit.
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] std::int64_t as_int64() const;
  [[nodiscard]] double as_double() const;  // of any number, correctly rounded
  [[nodiscard]] const std::string& as_text() const;
  [[nodiscard]] const std::string& number_text() const;
  [[nodiscard]] std::span<const Json> items() const;        // of an array, or an object's values
  [[nodiscard]] std::span<const std::string> keys() const;  // of an object, in the order of items()
  [[nodiscard]] const Json& at(std::string_view key) const;
  /// The value of that key, or null where there is none or this is no object.
  [[nodiscard]] const Json* find(std::string_view key) const noexcept;

  [[noreturn]] void refuse(const std::string& what) const { throw JsonError(line_, column_, what); }

  /// The text that Python's json.dumps(value, sort_keys=True) gives, byte for byte: compact with separators (",", ":"),
  /// or with indent=2.
  [[nodiscard]] std::string canonical() const;
  [[nodiscard]] std::string indented() const;

 private:
  friend class JsonParser;
  explicit Json(Kind kind) : kind_{kind} {}
  [[noreturn]] void refuse_kind(const char* wanted) const;

  std::string text_;  // of a number or text
  std::vector<std::string> keys_;
  std::vector<Json> items_;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  Kind kind_ = Kind::kNull;
  bool flag_ = false;
};

/// "a number", "an object": for messages.
[[nodiscard]] std::string_view name_of(Json::Kind kind) noexcept;

}  // namespace hft::base
