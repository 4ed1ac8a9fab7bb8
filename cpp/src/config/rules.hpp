#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hft::config {

/// A key of the configuration file: its dotted name, and a line for the reader of the schema.
struct Key {
  std::string_view name;
  std::string_view help;
  bool required = false;
};

// How the value of a key is written, and what it may be. Each visitor has one function per rule.

struct TextRule {
  enum class Form : std::uint8_t {
    kName,   // 1 to 64 letters, digits, '.', '_' and '-'
    kTopic,  // the same, up to 249
    kPlain,  // any text
  };
  Form form = Form::kPlain;
};
struct PathRule {
  enum class Must : std::uint8_t { kAnything, kBeFile, kBeFolder };
  Must must = Must::kAnything;
};
struct WholeRule {
  std::int64_t least;
  std::int64_t most;
  bool power_of_two = false;
};
struct FractionRule {};  // in (0, 1]
struct DurationRule {
  std::int64_t least_ns;
  std::int64_t most_ns;
};
struct StepsRule {  // a decimal in exact steps of 10^-digits; bounds count steps
  int digits;
  std::int64_t least;
  std::int64_t most;
};
struct FlagRule {};
struct ChoiceRule {
  std::span<const std::string_view> names;  // by value of the enum
};
struct TopicsRule {
  std::size_t most;
};
struct NumbersRule {  // a list of whole numbers, none of them twice
  std::int64_t least;
  std::int64_t most;
};
struct CpuRule {};         // absent: not pinned
struct SchemasRule {};     // schema id to the path of a file
struct PropertiesRule {};  // name to text, or to {file = "..."} or {env = "..."}

}  // namespace hft::config
