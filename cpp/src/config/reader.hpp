#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "hft/config/daemon_config.hpp"
#include "hft/config/toml.hpp"
#include "rules.hpp"

namespace hft::config {

/// Visits the table of keys with the root of a file in hand: writes what is there, and keeps every problem met.
class Reader {
 public:
  Reader(const TomlValue& root, std::filesystem::path file) : root_{root}, file_{std::move(file)} {}

  template <class Rule, class Member>
  void operator()(const Key& key, const Rule& rule, Member& member) {
    const TomlValue* value = look_up(key);
    if (value != nullptr) read(std::string{key.name}, *value, rule, member);
  }

  /// Keys and tables that no rule asked for; suggests the name that was probably meant.
  void refuse_unknown();

  void problem(const std::string& key, const std::string& text) { problems_.push_back(make(key, text)); }
  void warning(const std::string& key, const std::string& text) { warnings_.push_back(make(key, text)); }
  [[nodiscard]] bool has(const std::string& key) const { return places_.contains(key); }
  /// A path in the file is relative to the file.
  [[nodiscard]] std::filesystem::path resolved(const std::string& path) const { return file_.parent_path() / path; }

  [[nodiscard]] std::vector<Problem> take_problems();  // in the order of the file
  [[nodiscard]] std::vector<Problem> take_warnings() { return std::move(warnings_); }

 private:
  [[nodiscard]] const TomlValue* look_up(const Key& key);
  [[nodiscard]] Problem make(const std::string& key, const std::string& text) const;
  void wrong(const std::string& key, const TomlValue& value, const std::string& rule);
  [[nodiscard]] bool whole(const std::string& key, const TomlValue& value, std::int64_t least, std::int64_t most);
  void choose(const std::string& key, const TomlValue& value, const ChoiceRule& rule, std::uint8_t& index);
  [[nodiscard]] bool secret(const std::string& key, const TomlValue& value, Property& property);

  void read(const std::string& key, const TomlValue& value, const TextRule& rule, std::string& text);
  void read(const std::string& key, const TomlValue& value, const PathRule& rule, std::filesystem::path& path);
  void read(const std::string& key, const TomlValue& value, const WholeRule& rule, std::int64_t& number);
  void read(const std::string& key, const TomlValue& value, const WholeRule& rule, std::uint32_t& number);
  void read(const std::string& key, const TomlValue& value, const FractionRule& rule, double& number);
  void read(const std::string& key, const TomlValue& value, const DurationRule& rule, std::int64_t& ns);
  void read(const std::string& key, const TomlValue& value, const StepsRule& rule, std::int64_t& steps);
  void read(const std::string& key, const TomlValue& value, const FlagRule& rule, bool& flag);
  void read(const std::string& key, const TomlValue& value, const TopicsRule& rule, std::vector<std::string>& names);
  void read(const std::string& key, const TomlValue& value, const NumbersRule& rule, std::vector<std::uint32_t>& list);
  void read(const std::string& key, const TomlValue& value, const CpuRule& rule, std::optional<std::uint32_t>& cpu);
  void read(const std::string& key, const TomlValue& value, const SchemasRule& rule,
            std::map<std::uint32_t, std::filesystem::path>& schemas);
  void read(const std::string& key, const TomlValue& value, const PropertiesRule& rule, std::vector<Property>& list);
  template <class E>
    requires std::is_enum_v<E>
  void read(const std::string& key, const TomlValue& value, const ChoiceRule& rule, E& choice) {
    auto index = static_cast<std::uint8_t>(choice);
    choose(key, value, rule, index);
    choice = static_cast<E>(index);
  }

  const TomlValue& root_;
  std::filesystem::path file_;
  std::map<std::string, std::vector<std::string>> known_;  // section (empty: the root) to its keys
  std::map<std::string, Position> places_;                 // of the keys that the file has
  std::set<std::string> wrong_sections_;
  std::vector<Problem> problems_;
  std::vector<Problem> warnings_;
};

/// "must be within [1, 5]" for any bounds.
[[nodiscard]] std::string within(const std::string& least, const std::string& most);

}  // namespace hft::config
