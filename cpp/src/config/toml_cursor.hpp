#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hft/config/toml.hpp"

namespace hft::config {

/// A place in a TOML text that moves forward: blanks, comments, strings and numbers. Line ends are '\n' here.
class TomlCursor {
 public:
  explicit TomlCursor(std::string_view text);

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] bool sees(std::string_view word) const { return rest().starts_with(word); }
  [[nodiscard]] std::string_view rest() const { return std::string_view{text_}.substr(at_); }
  void advance(std::size_t n = 1) { at_ += n; }
  /// Moves past the character if it is next.
  bool take(char c) {
    const bool next = !at_end() && text_[at_] == c;
    at_ += next ? 1 : 0;
    return next;
  }

  void skip_blanks();       // spaces and tabs
  void skip_blank_lines();  // blanks, comments and line ends
  /// Blanks and a comment, then the end of the line or the text.
  void end_of_line(const char* after);

  /// A bare or quoted key.
  [[nodiscard]] std::string key();
  /// Text in any of the four kinds of quotes.
  [[nodiscard]] std::string quoted();
  /// An integer or a real number, inf and nan included.
  [[nodiscard]] TomlValue number();

  [[nodiscard]] Position position() const { return position_of(at_); }
  /// What stands here, for a message: "'x'", "the end of the line".
  [[nodiscard]] std::string found() const;
  [[noreturn]] void refuse(const std::string& what) const { throw TomlError(position(), what); }

 private:
  [[nodiscard]] Position position_of(std::size_t at) const;
  void skip_comment();
  [[nodiscard]] std::string literal(bool multiline);
  [[nodiscard]] std::string basic(bool multiline);
  void escape(std::string& out, bool multiline);
  [[nodiscard]] bool closes(std::string& out, char quote, bool multiline);
  void check_character(bool multiline) const;
  [[nodiscard]] std::size_t digits(std::string& out, std::string_view allowed);
  [[nodiscard]] TomlValue based_integer(int base, std::string_view allowed);

  std::string text_;
  std::vector<std::size_t> line_starts_{0};
  std::size_t at_ = 0;
};

}  // namespace hft::config
