#include <algorithm>

#include "hft/config/toml.hpp"
#include "toml_cursor.hpp"

namespace hft::config {

/// Recursive descent. What a table is allowed to take up depends on how it was made: see TomlValue::Made.
class TomlParser {
 public:
  explicit TomlParser(std::string_view text) : cursor_{text} {}

  TomlValue document() {
    TomlValue root{TomlValue::Kind::kTable, {}};
    root.made_ = Made::kHeader;
    TomlValue* current = &root;
    for (;;) {
      cursor_.skip_blank_lines();
      if (cursor_.at_end()) return root;
      if (cursor_.peek() == '[') {
        current = &open(root);
      } else {
        add_pair(*current, 0);
        cursor_.end_of_line("a value");
      }
    }
  }

 private:
  using Made = TomlValue::Made;
  using Kind = TomlValue::Kind;
  struct Name {
    std::string text;
    Position at;
  };

  std::vector<Name> dotted_key() {
    std::vector<Name> path;
    do {
      cursor_.skip_blanks();
      const Position at = cursor_.position();
      path.push_back({cursor_.key(), at});
      if (path.size() > kMaxTomlDepth) throw TomlError(at, too_deep());
      cursor_.skip_blanks();
    } while (cursor_.take('.'));
    return path;
  }

  static std::string too_deep() { return "nested deeper than " + std::to_string(kMaxTomlDepth) + " levels"; }
  static std::string quoted(const Name& name) { return "'" + name.text + "'"; }

  static TomlValue* find(TomlValue& table, const std::string& key) {
    const auto it = std::ranges::find(table.members_, key, &TomlValue::Member::key);
    return it == table.members_.end() ? nullptr : &it->value;
  }

  static TomlValue& add(TomlValue& table, const Name& name, TomlValue value) {
    table.members_.push_back({name.text, name.at, std::move(value)});
    return table.members_.back().value;
  }

  static TomlValue table_at(Position at, Made made) {
    TomlValue table{Kind::kTable, at};
    table.made_ = made;
    return table;
  }

  /// [a.b] or [[a.b]]: the table that the next lines fill.
  TomlValue& open(TomlValue& root) {
    ++section_;
    const bool list = cursor_.sees("[[");
    cursor_.advance(list ? 2 : 1);
    const std::vector<Name> path = dotted_key();
    if (!cursor_.sees(list ? "]]" : "]")) {
      cursor_.refuse("found " + cursor_.found() + ", expected '" + (list ? "]]" : "]") + "' after the name of a table");
    }
    cursor_.advance(list ? 2 : 1);
    cursor_.end_of_line("the name of a table");
    TomlValue* table = &root;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) table = &step(*table, path[i]);
    return list ? open_item(*table, path.back()) : open_table(*table, path.back());
  }

  /// On the way to a header: into a table, or into the last item of an array of tables.
  static TomlValue& step(TomlValue& table, const Name& name) {
    TomlValue* next = find(table, name.text);
    if (next == nullptr) return add(table, name, table_at(name.at, Made::kImplicit));
    if (next->kind_ == Kind::kArray && next->made_ == Made::kHeader) return next->items_.back();
    if (next->kind_ != Kind::kTable || next->made_ == Made::kClosed) {
      throw TomlError(name.at, quoted(name) + " is complete as it stands above, a table cannot be put into it");
    }
    return *next;
  }

  static TomlValue& open_table(TomlValue& parent, const Name& name) {
    TomlValue* table = find(parent, name.text);
    if (table == nullptr) return add(parent, name, table_at(name.at, Made::kHeader));
    if (table->kind_ != Kind::kTable || table->made_ != Made::kImplicit) {
      throw TomlError(name.at, quoted(name) + " occurs twice, expected each table and key once");
    }
    table->made_ = Made::kHeader;
    return *table;
  }

  static TomlValue& open_item(TomlValue& parent, const Name& name) {
    TomlValue* array = find(parent, name.text);
    if (array == nullptr) {
      array = &add(parent, name, TomlValue{Kind::kArray, name.at});
      array->made_ = Made::kHeader;
    } else if (array->kind_ != Kind::kArray || array->made_ != Made::kHeader) {
      throw TomlError(name.at, quoted(name) + " is no array of tables above, expected another name");
    }
    array->items_.push_back(table_at(name.at, Made::kHeader));
    return array->items_.back();
  }

  /// key = value, where the key may be dotted: into a section's table, or an inline table.
  void add_pair(TomlValue& table, std::size_t depth) {
    const std::vector<Name> path = dotted_key();
    if (!cursor_.take('=')) cursor_.refuse("found " + cursor_.found() + ", expected '=' after a key");
    cursor_.skip_blanks();
    TomlValue value = parse_value(depth);
    TomlValue* target = &table;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) target = &step_dotted(*target, path[i]);
    if (find(*target, path.back().text) != nullptr) {
      throw TomlError(path.back().at, quoted(path.back()) + " occurs twice, expected each table and key once");
    }
    add(*target, path.back(), std::move(value));
  }

  /// On the way to a dotted key: only into tables that no header and no other section made.
  TomlValue& step_dotted(TomlValue& table, const Name& name) {
    TomlValue* next = find(table, name.text);
    if (next == nullptr) {
      next = &add(table, name, table_at(name.at, Made::kDotted));
      next->section_ = section_;
      return *next;
    }
    const bool ours = next->made_ == Made::kDotted && next->section_ == section_;
    if (next->kind_ != Kind::kTable || !(ours || next->made_ == Made::kImplicit)) {
      throw TomlError(name.at, quoted(name) + " is complete as it stands above, a key cannot be put into it");
    }
    next->made_ = Made::kDotted;
    next->section_ = section_;
    return *next;
  }

  TomlValue parse_value(std::size_t depth) {
    if (depth > kMaxTomlDepth) cursor_.refuse(too_deep());
    const Position at = cursor_.position();
    switch (cursor_.peek()) {
      case '"':
      case '\'': {
        TomlValue value{Kind::kText, at};
        value.text_ = cursor_.quoted();
        return value;
      }
      case '[': return array(depth);
      case '{': return inline_table(depth);
      case 't':
      case 'f': {
        const std::string_view word = cursor_.peek() == 't' ? "true" : "false";
        if (!cursor_.sees(word)) break;
        cursor_.advance(word.size());
        TomlValue value{Kind::kBool, at};
        value.integer_ = word == "true" ? 1 : 0;
        return value;
      }
      default: break;
    }
    return cursor_.number();
  }

  TomlValue array(std::size_t depth) {
    TomlValue array{Kind::kArray, cursor_.position()};
    array.made_ = Made::kClosed;
    cursor_.advance();
    for (;;) {
      cursor_.skip_blank_lines();
      if (cursor_.take(']')) return array;
      array.items_.push_back(parse_value(depth + 1));
      cursor_.skip_blank_lines();
      if (cursor_.take(']')) return array;
      if (!cursor_.take(',')) cursor_.refuse("found " + cursor_.found() + ", expected ',' or ']' in an array");
    }
  }

  TomlValue inline_table(std::size_t depth) {
    TomlValue table = table_at(cursor_.position(), Made::kClosed);
    cursor_.advance();
    cursor_.skip_blanks();
    if (cursor_.take('}')) return table;
    for (;;) {
      add_pair(table, depth + 1);
      cursor_.skip_blanks();
      if (cursor_.take('}')) return table;
      if (!cursor_.take(',')) cursor_.refuse("found " + cursor_.found() + ", expected ',' or '}' in an inline table");
    }
  }

  TomlCursor cursor_;
  std::uint32_t section_ = 0;
};

TomlValue parse_toml(std::string_view text) { return TomlParser{text}.document(); }

}  // namespace hft::config
