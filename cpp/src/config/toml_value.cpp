#include <algorithm>

#include "hft/base/json.hpp"
#include "hft/base/number_text.hpp"
#include "hft/config/toml.hpp"

namespace hft::config {

std::string_view name_of(TomlValue::Kind kind) noexcept {
  switch (kind) {
    case TomlValue::Kind::kText: return "text";
    case TomlValue::Kind::kInteger: return "an integer";
    case TomlValue::Kind::kReal: return "a real number";
    case TomlValue::Kind::kBool: return "true or false";
    case TomlValue::Kind::kArray: return "an array";
    case TomlValue::Kind::kTable: return "a table";
  }
  return "nothing";
}

TomlValue TomlValue::integer_of(std::int64_t integer, Position at) {
  TomlValue value{Kind::kInteger, at};
  value.integer_ = integer;
  return value;
}

TomlValue TomlValue::real_of(double real, Position at) {
  TomlValue value{Kind::kReal, at};
  value.real_ = real;
  return value;
}

const TomlValue* TomlValue::find(std::string_view key) const noexcept {
  const auto it = std::ranges::find(members_, key, &Member::key);
  return it == members_.end() ? nullptr : &it->value;
}

std::string TomlValue::shown() const {
  switch (kind_) {
    case Kind::kText: return base::Json::of(text_).canonical();  // TOML's quotes and escapes are JSON's
    case Kind::kInteger: return std::to_string(integer_);
    case Kind::kReal: return base::shortest_text(real_);
    case Kind::kBool: return flag() ? "true" : "false";
    case Kind::kArray: return "an array";
    case Kind::kTable: return "a table";
  }
  return {};
}

}  // namespace hft::config
