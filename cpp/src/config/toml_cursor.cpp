#include "toml_cursor.hpp"

#include <algorithm>

#include "hft/base/utf8.hpp"

namespace hft::config {
namespace {

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f'; }

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

TomlCursor::TomlCursor(std::string_view text) {
  text_.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;  // one kind of line end from here on
    text_.push_back(text[i]);
    if (text[i] == '\n') line_starts_.push_back(text_.size());
  }
  const std::size_t valid = base::valid_utf8_bytes(text_);
  if (valid < text_.size()) throw TomlError(position_of(valid), "the file must be UTF-8, this byte is not");
}

Position TomlCursor::position_of(std::size_t at) const {
  const auto next = std::ranges::upper_bound(line_starts_, at);
  const auto line = static_cast<std::uint32_t>(next - line_starts_.begin());
  return {line, static_cast<std::uint32_t>(at - line_starts_[line - 1] + 1)};
}

std::string TomlCursor::found() const {
  if (at_end()) return "the end of the file";
  const char c = peek();
  if (c == '\n') return "the end of the line";
  if (is_control(c)) return "a control character";
  std::string_view left = rest();
  (void)base::take_code_point(left);
  return "'" + std::string{rest().substr(0, rest().size() - left.size())} + "'";
}

void TomlCursor::skip_blanks() {
  while (peek() == ' ' || peek() == '\t') ++at_;
}

void TomlCursor::skip_comment() {
  if (peek() != '#') return;
  for (; !at_end() && peek() != '\n'; ++at_) {
    if (is_control(peek())) refuse("a control character in a comment: remove it");
  }
}

void TomlCursor::skip_blank_lines() {
  do {
    skip_blanks();
    skip_comment();
  } while (take('\n'));
}

void TomlCursor::end_of_line(const char* after) {
  skip_blanks();
  skip_comment();
  if (!at_end() && !take('\n')) refuse("found " + found() + ", expected the end of the line after " + after);
}

std::string TomlCursor::key() {
  if (peek() == '"' || peek() == '\'') {
    if (sees("\"\"\"") || sees("'''")) refuse("a key has single quotes of either kind, not three");
    return quoted();
  }
  const std::size_t from = at_;
  while (!at_end() && is_bare(peek())) ++at_;
  if (at_ == from) refuse("found " + found() + ", expected a key: letters, digits, '_' and '-', or quoted text");
  return text_.substr(from, at_ - from);
}

std::string TomlCursor::quoted() {
  const char quote = peek();
  const bool multiline = sees(quote == '"' ? "\"\"\"" : "'''");
  advance(multiline ? 3 : 1);
  if (multiline) take('\n');  // the first line end is not part of the text
  return quote == '"' ? basic(multiline) : literal(multiline);
}

/// At a quote: does it end the text? Up to two more than the closing three belong to it.
bool TomlCursor::closes(std::string& out, char quote, bool multiline) {
  if (peek() != quote) return false;
  if (!multiline) return advance(), true;
  std::size_t n = 0;
  while (n < 5 && rest().substr(n).starts_with(quote)) ++n;
  advance(n);
  out.append(n < 3 ? n : n - 3, quote);
  return n >= 3;
}

void TomlCursor::check_character(bool multiline) const {
  if (at_end()) refuse("found the end of the file, expected a closing quote");
  if (peek() == '\n' && multiline) return;
  if (peek() == '\n') refuse("found the end of the line, expected a closing quote");
  if (is_control(peek())) refuse("a control character in text: write \\uXXXX in double quotes");
}

std::string TomlCursor::literal(bool multiline) {
  std::string out;
  for (;;) {
    if (closes(out, '\'', multiline)) return out;
    check_character(multiline);
    out.push_back(text_[at_++]);
  }
}

std::string TomlCursor::basic(bool multiline) {
  std::string out;
  for (;;) {
    if (closes(out, '"', multiline)) return out;
    check_character(multiline);
    if (peek() == '\\') escape(out, multiline);
    else out.push_back(text_[at_++]);
  }
}

void TomlCursor::escape(std::string& out, bool multiline) {
  constexpr std::string_view kNames = "\"\\bfnrt";
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  const std::size_t backslash = at_++;
  const auto refuse_escape = [&](const char* why) { throw TomlError(position_of(backslash), why); };
  const char name = peek();
  if (const std::size_t i = kNames.find(name); !at_end() && i != std::string_view::npos) {
    out.push_back(kMeanings[i]);
    ++at_;
    return;
  }
  if (multiline && (name == '\n' || name == ' ' || name == '\t')) {
    skip_blanks();
    if (peek() != '\n') refuse_escape("a backslash before blanks must end its line");
    while (peek() == ' ' || peek() == '\t' || peek() == '\n') ++at_;
    return;
  }
  if (name != 'u' && name != 'U') {
    refuse_escape("unknown escape, expected \\\" \\\\ \\b \\f \\n \\r \\t \\uXXXX or \\UXXXXXXXX");
  }
  ++at_;
  std::uint32_t code_point = 0;
  for (int i = 0; i < (name == 'u' ? 4 : 8); ++i, ++at_) {
    const std::size_t digit = std::string_view{"0123456789abcdefABCDEF"}.find(peek());
    if (at_end() || digit == std::string_view::npos) refuse_escape("\\u needs four hexadecimal digits, \\U eight");
    code_point = code_point * 16 + static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
  }
  if (!base::is_scalar(code_point)) refuse_escape("an escape for what is no character");
  base::append_utf8(out, code_point);
}

}  // namespace hft::config
