#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "hft/base/json.hpp"
#include "hft/base/number_text.hpp"
#include "hft/base/utf8.hpp"

namespace hft::base {
namespace {

/// JSON text of a string with everything beyond ASCII escaped, as Python's json does by default.
void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto escaped = [&](std::uint32_t unit) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(unit >> shift) & 0xFU];
  };
  out += '"';
  while (!text.empty()) {
    const std::uint32_t c = take_code_point(text);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c >= 0x10000) {
          escaped(0xD7C0U + (c >> 10));
          escaped(0xDC00U + (c & 0x3FFU));
        } else if (c > '~' || c < ' ') {
          escaped(c);
        } else {
          out += static_cast<char>(c);
        }
    }
  }
  out += '"';
}

void append_number(std::string& out, const Json& number) {
  if (number.is_integer()) {
    const std::string& text = number.number_text();
    out += text == "-0" ? "0" : text;
    return;
  }
  // What no double holds is Infinity to Python; so are values that were made here and are not finite.
  const std::string& text = number.number_text();
  if (const std::optional<double> value = parse_double(text)) out += shortest_text(*value);
  else if (text == "nan") out += "NaN";
  else out += text.front() == '-' ? "-Infinity" : "Infinity";
}

void append(std::string& out, const Json& value, int indent, int depth) {
  const bool object = value.is(Json::Kind::kObject);
  const auto new_line = [&](int level) {
    if (indent > 0) out.append(1, '\n').append(static_cast<std::size_t>(indent * level), ' ');
  };
  switch (value.kind()) {
    case Json::Kind::kNull: out += "null"; return;
    case Json::Kind::kBool: out += value.as_bool() ? "true" : "false"; return;
    case Json::Kind::kNumber: return append_number(out, value);
    case Json::Kind::kText: return append_quoted(out, value.as_text());
    case Json::Kind::kArray:
    case Json::Kind::kObject: break;
  }
  std::vector<std::size_t> order(value.items().size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Bytes of UTF-8 sort as code points do, and so does Python.
  if (object) std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return value.keys()[i]; });
  out += object ? '{' : '[';
  for (std::size_t n = 0; n < order.size(); ++n) {
    if (n > 0) out += ',';
    new_line(depth + 1);
    if (object) {
      append_quoted(out, value.keys()[order[n]]);
      out += indent > 0 ? ": " : ":";
    }
    append(out, value.items()[order[n]], indent, depth + 1);
  }
  if (!order.empty()) new_line(depth);
  out += object ? '}' : ']';
}

}  // namespace

std::string_view name_of(Json::Kind kind) noexcept {
  switch (kind) {
    case Json::Kind::kNull: return "null";
    case Json::Kind::kBool: return "true or false";
    case Json::Kind::kNumber: return "a number";
    case Json::Kind::kText: return "text";
    case Json::Kind::kArray: return "an array";
    case Json::Kind::kObject: return "an object";
  }
  return "nothing";
}

Json Json::of(bool value) {
  Json json{Kind::kBool};
  json.flag_ = value;
  return json;
}

Json Json::of(std::int64_t value) {
  Json json{Kind::kNumber};
  json.text_ = std::to_string(value);
  return json;
}

Json Json::of(double value) {
  Json json{Kind::kNumber};
  json.text_ = shortest_text(value);
  return json;
}

Json Json::of(std::string_view text) {
  Json json{Kind::kText};
  json.text_ = text;
  return json;
}

Json Json::array() { return Json{Kind::kArray}; }
Json Json::object() { return Json{Kind::kObject}; }

Json& Json::push(Json item) {
  if (kind_ != Kind::kArray) refuse_kind("an array");
  items_.push_back(std::move(item));
  return *this;
}

Json& Json::set(std::string key, Json value) {
  if (kind_ != Kind::kObject) refuse_kind("an object");
  const auto it = std::ranges::find(keys_, key);
  if (it != keys_.end()) {
    items_[static_cast<std::size_t>(it - keys_.begin())] = std::move(value);
  } else {
    keys_.push_back(std::move(key));
    items_.push_back(std::move(value));
  }
  return *this;
}

void Json::refuse_kind(const char* wanted) const {
  refuse(std::string{"must be "} + wanted + ", was " + std::string{name_of(kind_)});
}

bool Json::is_integer() const noexcept {
  // Only a fraction, an exponent, inf and nan have one of these.
  return kind_ == Kind::kNumber && text_.find_first_of(".eEn") == std::string::npos;
}

bool Json::as_bool() const {
  if (kind_ != Kind::kBool) refuse_kind("true or false");
  return flag_;
}

std::int64_t Json::as_int64() const {
  if (kind_ != Kind::kNumber) refuse_kind("a whole number");
  std::int64_t value = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, value);
  if (stop != end || error != std::errc{}) refuse("must be a whole number of 64 bits, was " + text_);
  return value;
}

double Json::as_double() const {
  if (kind_ != Kind::kNumber) refuse_kind("a number");
  const std::optional<double> value = parse_double(text_);
  if (!value) refuse("must be a number that a double holds, was " + text_);
  return *value;
}

const std::string& Json::as_text() const {
  if (kind_ != Kind::kText) refuse_kind("text");
  return text_;
}

const std::string& Json::number_text() const {
  if (kind_ != Kind::kNumber) refuse_kind("a number");
  return text_;
}

std::span<const Json> Json::items() const {
  if (kind_ != Kind::kArray && kind_ != Kind::kObject) refuse_kind("an array");
  return items_;
}

std::span<const std::string> Json::keys() const {
  if (kind_ != Kind::kObject) refuse_kind("an object");
  return keys_;
}

const Json* Json::find(std::string_view key) const noexcept {
  const auto it = std::ranges::find(keys_, key);
  return it == keys_.end() ? nullptr : &items_[static_cast<std::size_t>(it - keys_.begin())];
}

const Json& Json::at(std::string_view key) const {
  if (kind_ != Kind::kObject) refuse_kind("an object");
  const Json* value = find(key);
  if (value == nullptr) refuse("key \"" + std::string{key} + "\" is missing");
  return *value;
}

std::string Json::canonical() const {
  std::string out;
  append(out, *this, 0, 0);
  return out;
}

std::string Json::indented() const {
  std::string out;
  append(out, *this, 2, 0);
  return out;
}

}  // namespace hft::base
