#include "reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>

#include "hft/base/did_you_mean.hpp"
#include "hft/base/number_text.hpp"
#include "value_text.hpp"

namespace hft::config {
namespace {

using Kind = TomlValue::Kind;

bool is_name(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

/// The decimal that a number or a text stands for, as Python's Decimal(str(value)) takes it.
std::string decimal_of(const TomlValue& value) {
  if (value.is(Kind::kInteger)) return std::to_string(value.integer());
  if (value.is(Kind::kReal)) return base::shortest_text(value.real());
  return value.is(Kind::kText) ? value.text() : "";
}

}  // namespace

std::string within(const std::string& least, const std::string& most) {
  return "must be within [" + least + ", " + most + "]";
}

const TomlValue* Reader::look_up(const Key& key) {
  const std::size_t point = key.name.find('.');
  const std::string section{point == std::string_view::npos ? "" : key.name.substr(0, point)};
  const std::string leaf{key.name.substr(point + 1)};  // npos + 1 is 0
  known_[section].push_back(leaf);
  const TomlValue* table = &root_;
  if (!section.empty()) {
    table = root_.find(section);
    if (table != nullptr && !table->is(Kind::kTable)) {
      if (wrong_sections_.insert(section).second) {
        places_[section] = table->at();
        wrong(section, *table, "must be a table: [" + section + "]");
      }
      return nullptr;
    }
    if (table != nullptr) places_.emplace(section, table->at());
  }
  const TomlValue* value = table == nullptr ? nullptr : table->find(leaf);
  if (value != nullptr) places_[std::string{key.name}] = value->at();
  if (value == nullptr && key.required) problem(std::string{key.name}, "is missing: " + std::string{key.help});
  return value;
}

Problem Reader::make(const std::string& key, const std::string& text) const {
  Problem found{file_.string(), 0, 0, key, text};
  for (std::string name = key;; name.resize(name.rfind('.'))) {  // a missing key is shown at its section
    if (const auto place = places_.find(name); place != places_.end()) {
      found.line = place->second.line;
      found.column = place->second.column;
      break;
    }
    if (name.find('.') == std::string::npos) {
      found.line = found.column = 1;
      break;
    }
  }
  return found;
}

void Reader::wrong(const std::string& key, const TomlValue& value, const std::string& rule) {
  problems_.push_back({file_.string(), value.at().line, value.at().column, key, rule + ", was " + value.shown()});
}

void Reader::refuse_unknown() {
  std::vector<std::string> sections;
  for (const auto& [section, leaves] : known_) {
    if (!section.empty()) sections.push_back(section);
  }
  const auto check = [&](const std::string& section, const TomlValue& table) {
    std::vector<std::string> known = known_[section];
    if (section.empty()) known.insert(known.end(), sections.begin(), sections.end());
    for (const TomlValue::Member& member : table.members()) {
      if (std::ranges::find(known, member.key) != known.end()) continue;
      std::string text = "unknown key" + base::did_you_mean(member.key, known) + "; expected ";
      for (std::size_t i = 0; i < known.size(); ++i) text += (i > 0 ? ", " : "") + known[i];
      problems_.push_back({file_.string(), member.at.line, member.at.column,
                           (section.empty() ? "" : section + ".") + member.key, text});
    }
  };
  check("", root_);
  for (const std::string& section : sections) {
    const TomlValue* table = root_.find(section);
    if (table != nullptr && table->is(Kind::kTable)) check(section, *table);
  }
}

std::vector<Problem> Reader::take_problems() {
  std::ranges::stable_sort(problems_, {}, [](const Problem& p) { return std::pair{p.line, p.column}; });
  return std::move(problems_);
}

void Reader::read(const std::string& key, const TomlValue& value, const TextRule& rule, std::string& text) {
  const std::size_t most = rule.form == TextRule::Form::kName ? 64 : 249;
  const bool fits = value.is(Kind::kText) && (rule.form == TextRule::Form::kPlain || is_name(value.text(), most));
  if (fits) {
    text = value.text();
  } else if (rule.form == TextRule::Form::kPlain) {
    wrong(key, value, "must be text");
  } else {
    wrong(key, value, "must be text of 1 to " + std::to_string(most) + " letters, digits, '.', '_' and '-'");
  }
}

void Reader::read(const std::string& key, const TomlValue& value, const PathRule& rule, std::filesystem::path& path) {
  if (!value.is(Kind::kText) || value.text().empty() || value.text().find('\0') != std::string::npos) {
    return wrong(key, value, "must be a path as text");
  }
  path = resolved(value.text());
  std::error_code error;
  const bool file = rule.must == PathRule::Must::kBeFile;
  if (file && !std::filesystem::exists(path, error)) wrong(key, value, "must be a file: there is no " + path.string());
  else if (file && std::filesystem::is_directory(path, error)) wrong(key, value, "must be a file, not a folder");
}

bool Reader::whole(const std::string& key, const TomlValue& value, std::int64_t least, std::int64_t most) {
  const bool fits = value.is(Kind::kInteger) && value.integer() >= least && value.integer() <= most;
  if (!fits)
    wrong(key, value, "must be a whole number in [" + std::to_string(least) + ", " + std::to_string(most) + "]");
  return fits;
}

void Reader::read(const std::string& key, const TomlValue& value, const WholeRule& rule, std::int64_t& number) {
  if (!whole(key, value, rule.least, rule.most)) return;
  if (rule.power_of_two && !std::has_single_bit(static_cast<std::uint64_t>(value.integer()))) {
    return wrong(key, value,
                 "must be a power of two in [" + std::to_string(rule.least) + ", " + std::to_string(rule.most) + "]");
  }
  number = value.integer();
}

void Reader::read(const std::string& key, const TomlValue& value, const WholeRule& rule, std::uint32_t& number) {
  std::int64_t wide = number;
  read(key, value, rule, wide);
  number = static_cast<std::uint32_t>(wide);  // the rule's bounds are within 32 bits
}

void Reader::read(const std::string& key, const TomlValue& value, const FractionRule&, double& number) {
  const bool real = value.is(Kind::kReal);
  const double given = real ? value.real() : value.is(Kind::kInteger) ? static_cast<double>(value.integer()) : -1.0;
  if (given > 0.0 && given <= 1.0) number = given;
  else wrong(key, value, "must be a number in (0, 1]");
}

void Reader::read(const std::string& key, const TomlValue& value, const DurationRule& rule, std::int64_t& ns) {
  std::optional<std::int64_t> given;
  if (value.is(Kind::kInteger) && value.integer() >= 0) given = value.integer();
  if (value.is(Kind::kText)) given = parse_duration_ns(value.text());
  if (!given)
    return wrong(key, value, "must be text such as \"250ms\" (ns, us, ms, s, m, h), or whole nanoseconds >= 0");
  if (*given < rule.least_ns || *given > rule.most_ns) {
    return wrong(key, value, within(duration_text(rule.least_ns), duration_text(rule.most_ns)));
  }
  ns = *given;
}

void Reader::read(const std::string& key, const TomlValue& value, const StepsRule& rule, std::int64_t& steps) {
  const Scaled given = parse_scaled(decimal_of(value), rule.digits);
  const std::string range = within(scaled_text(rule.least, rule.digits), scaled_text(rule.most, rule.digits));
  if (given.outcome == Scaled::Outcome::kNoNumber) return wrong(key, value, "must be a finite number");
  if (given.outcome == Scaled::Outcome::kNoMultiple) {
    return wrong(key, value,
                 "must be a multiple of 1e-" + std::to_string(rule.digits) + ", nothing is rounded; it " + range);
  }
  if (given.value < rule.least || given.value > rule.most) return wrong(key, value, range);
  steps = given.value;
}

void Reader::read(const std::string& key, const TomlValue& value, const FlagRule&, bool& flag) {
  if (value.is(Kind::kBool)) flag = value.flag();
  else wrong(key, value, "must be true or false");
}

void Reader::choose(const std::string& key, const TomlValue& value, const ChoiceRule& rule, std::uint8_t& index) {
  const auto it = value.is(Kind::kText) ? std::ranges::find(rule.names, value.text()) : rule.names.end();
  if (it != rule.names.end()) {
    index = static_cast<std::uint8_t>(it - rule.names.begin());
    return;
  }
  std::string text = "must be one of ";
  for (const std::string_view name : rule.names) text.append(name == rule.names.front() ? "" : ", ").append(name);
  const std::vector<std::string> names{rule.names.begin(), rule.names.end()};
  wrong(key, value, text + (value.is(Kind::kText) ? base::did_you_mean(value.text(), names) : ""));
}

void Reader::read(const std::string& key, const TomlValue& value, const CpuRule&,
                  std::optional<std::uint32_t>& cpu) {
  const std::int64_t n_cpus = std::max<std::int64_t>(1, ::sysconf(_SC_NPROCESSORS_CONF));
  if (value.is(Kind::kInteger) && value.integer() >= 0 && value.integer() < n_cpus) {
    cpu = static_cast<std::uint32_t>(value.integer());
  } else {
    wrong(key, value,
          "must be a CPU of this machine, 0 to " + std::to_string(n_cpus - 1) + "; leave it out to pin nothing");
  }
}

}  // namespace hft::config
