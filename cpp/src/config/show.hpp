#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hft/config/daemon_config.hpp"
#include "keys.hpp"
#include "value_text.hpp"

namespace hft::config {

/// Visits the table of keys and keeps each value as TOML text; empty: there is none, and the key is left out.
class Show {
 public:
  enum class Secrets : std::uint8_t { kHidden, kPlain };  // plain: to compare, never to print
  struct Line {
    const Key key;
    std::string value;
  };

  explicit Show(Secrets secrets) : secrets_{secrets} {}

  template <class Rule, class Member>
  void operator()(const Key& key, const Rule& rule, const Member& member) {
    lines_.push_back({key, text(rule, member)});
  }
  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }

 private:
  static std::string optional(const std::string& value) { return value.empty() ? "" : toml_quoted(value); }
  static std::string text(const TextRule&, const std::string& value) { return optional(value); }
  static std::string text(const PathRule&, const std::filesystem::path& path) { return optional(path.string()); }
  template <class T>
  static std::string text(const WholeRule&, const T& value) {
    return std::to_string(value);
  }
  static std::string text(const FractionRule&, double value);
  static std::string text(const DurationRule&, std::int64_t ns) { return toml_quoted(duration_text(ns)); }
  static std::string text(const StepsRule& rule, std::int64_t steps);
  static std::string text(const FlagRule&, bool flag) { return flag ? "true" : "false"; }
  template <class E>
  static std::string text(const ChoiceRule& rule, const E& choice) {
    return toml_quoted(rule.names[static_cast<std::size_t>(choice)]);
  }
  static std::string text(const TopicsRule&, const std::vector<std::string>& names);
  static std::string text(const NumbersRule&, const std::vector<std::uint32_t>& list);
  static std::string text(const CpuRule&, const std::optional<std::uint32_t>& cpu) {
    return cpu ? std::to_string(*cpu) : "";
  }
  static std::string text(const SchemasRule&, const std::map<std::uint32_t, std::filesystem::path>& schemas);
  [[nodiscard]] std::string text(const PropertiesRule&, const std::vector<Property>& list) const;

  Secrets secrets_;
  std::vector<Line> lines_;
};

}  // namespace hft::config
