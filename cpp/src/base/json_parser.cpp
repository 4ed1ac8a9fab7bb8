#include <algorithm>
#include <numeric>
#include <optional>

#include "hft/base/json.hpp"
#include "hft/base/utf8.hpp"

namespace hft::base {

/// Recursive descent over text that is known to be UTF-8; the depth limit bounds the stack.
class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_{text} {
    const std::size_t valid = valid_utf8_bytes(text);
    if (valid < text.size()) refuse(valid, "not UTF-8");
  }

  Json document() {
    Json value = parse_value(0);
    skip_blanks();
    if (!at_end()) refuse(at_, "expected the end after the value, found " + found());
    return value;
  }

 private:
  [[noreturn]] void refuse(std::size_t at, const std::string& what) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    throw JsonError(static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(at - line_start + 1), what);
  }

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string found() const {
    if (at_end()) return "the end";
    const char c = text_[at_];
    return c < ' ' ? "a control character" : "'" + std::string(1, c) + "'";
  }

  void skip_blanks() {
    for (; !at_end(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  [[nodiscard]] Json placed(Json::Kind kind) const {
    Json value{kind};
    value.line_ = line_;
    value.column_ = static_cast<std::uint32_t>(at_ - line_start_ + 1);
    return value;
  }

  Json parse_value(std::size_t depth) {
    skip_blanks();
    if (depth > Json::kMaxDepth) refuse(at_, "nested deeper than " + std::to_string(Json::kMaxDepth) + " levels");
    switch (peek()) {
      case '{': return parse_object(depth);
      case '[': return parse_array(depth);
      case '"': {
        Json value = placed(Json::Kind::kText);
        value.text_ = parse_text();
        return value;
      }
      case 't': return parse_word("true", Json::Kind::kBool, true);
      case 'f': return parse_word("false", Json::Kind::kBool, false);
      case 'n': return parse_word("null", Json::Kind::kNull, false);
      default: return parse_number();
    }
  }

  Json parse_word(std::string_view word, Json::Kind kind, bool flag) {
    if (!text_.substr(at_).starts_with(word)) refuse(at_, "expected a value, found " + found());
    Json value = placed(kind);
    value.flag_ = flag;
    at_ += word.size();
    return value;
  }

  Json parse_array(std::size_t depth) {
    Json array = placed(Json::Kind::kArray);
    ++at_;
    skip_blanks();
    if (peek() == ']') return ++at_, array;
    for (;;) {
      array.items_.push_back(parse_value(depth + 1));
      if (!another(']')) return array;
    }
  }

  Json parse_object(std::size_t depth) {
    Json object = placed(Json::Kind::kObject);
    ++at_;
    skip_blanks();
    if (peek() == '}') return ++at_, object;
    std::vector<std::size_t> places;
    for (;;) {
      skip_blanks();
      if (peek() != '"') refuse(at_, "expected a key in double quotes, found " + found());
      places.push_back(at_);
      object.keys_.push_back(parse_text());
      skip_blanks();
      if (peek() != ':') refuse(at_, "expected ':' after the key, found " + found());
      ++at_;
      object.items_.push_back(parse_value(depth + 1));
      if (!another('}')) break;
    }
    refuse_doubles(object.keys_, places);
    return object;
  }

  /// After an item: a comma (true) or the end of the container (false).
  bool another(char close) {
    skip_blanks();
    if (peek() == ',') return ++at_, true;
    if (peek() != close) refuse(at_, std::string{"expected ',' or '"} + close + "', found " + found());
    return ++at_, false;
  }

  /// By sorting: a look-up per key would make a large object quadratic.
  void refuse_doubles(const std::vector<std::string>& keys, const std::vector<std::size_t>& places) const {
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) -> const std::string& { return keys[i]; });
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (keys[order[i]] == keys[order[i - 1]]) {
        refuse(places[order[i]], "key \"" + keys[order[i]] + "\" occurs twice");
      }
    }
  }

  Json parse_number() {
    const auto digits = [&] {
      const std::size_t from = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ > from;
    };
    Json number = placed(Json::Kind::kNumber);
    const std::size_t from = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') ++at_;  // and no digit may follow
    else if (!digits())
      refuse(at_, (at_ > from ? "expected a digit after '-', found " : "expected a value, found ") + found());
    if (peek() == '.') {
      ++at_;
      if (!digits()) refuse(at_, "expected a digit after the point, found " + found());
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) refuse(at_, "expected a digit of the exponent, found " + found());
    }
    if (at_ - from > Json::kMaxNumberBytes) {
      refuse(from, "a number of more than " + std::to_string(Json::kMaxNumberBytes) + " characters");
    }
    number.text_ = text_.substr(from, at_ - from);
    return number;
  }

  std::string parse_text() {
    std::string out;
    const std::size_t from = at_++;
    for (;;) {
      if (at_end()) refuse(from, "text without its closing quote");
      const char c = text_[at_];
      if (c == '"') return ++at_, out;
      if (static_cast<unsigned char>(c) < 0x20) refuse(at_, "a control character in text must be escaped");
      ++at_;
      if (c == '\\') parse_escape(out);
      else out.push_back(c);
    }
  }

  void parse_escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t backslash = at_ - 1;
    const char name = peek();
    if (const std::size_t i = kNames.find(name); i != std::string_view::npos && !at_end()) {
      out.push_back(kMeanings[i]);
      ++at_;
      return;
    }
    if (name != 'u') refuse(backslash, "unknown escape; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX");
    std::uint32_t code_point = parse_unit(backslash);
    if (code_point >= 0xD800 && code_point <= 0xDBFF && text_.substr(at_).starts_with("\\u")) {
      ++at_;
      const std::uint32_t low = parse_unit(backslash);
      if (low < 0xDC00 || low > 0xDFFF) refuse(backslash, "half a surrogate pair is no character");
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
    }
    if (!is_scalar(code_point)) refuse(backslash, "half a surrogate pair is no character");
    append_utf8(out, code_point);
  }

  /// uXXXX, the u included.
  std::uint32_t parse_unit(std::size_t backslash) {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const std::size_t digit = std::string_view{"0123456789abcdefABCDEF"}.find(peek());
      if (at_end() || digit == std::string_view::npos) refuse(backslash, "\\u needs four hexadecimal digits");
      unit = unit * 16 + static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
    }
    ++at_;
    return unit;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
};

Json Json::parse(std::string_view text) { return JsonParser{text}.document(); }

}  // namespace hft::base
