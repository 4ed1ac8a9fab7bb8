#include "show.hpp"

#include "hft/base/number_text.hpp"

namespace hft::config {
namespace {

template <class List, class Text>
std::string joined(const List& list, const char* open, const char* close, Text&& text) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + text(item);
  return out.empty() ? "" : open + out + close;
}

}  // namespace

std::string Show::text(const FractionRule&, double value) { return base::shortest_text(value); }

/// As text: a TOML number would be a double, and the last digits of a large one are not its own.
std::string Show::text(const StepsRule& rule, std::int64_t steps) {
  return toml_quoted(scaled_text(steps, rule.digits));
}

std::string Show::text(const TopicsRule&, const std::vector<std::string>& names) {
  return joined(names, "[", "]", [](const std::string& name) { return toml_quoted(name); });
}

std::string Show::text(const NumbersRule&, const std::vector<std::uint32_t>& list) {
  return joined(list, "[", "]", [](std::uint32_t number) { return std::to_string(number); });
}

std::string Show::text(const SchemasRule&, const std::map<std::uint32_t, std::filesystem::path>& schemas) {
  return joined(schemas, "{", "}", [](const auto& schema) {
    return std::to_string(schema.first) + " = " + toml_quoted(schema.second.string());
  });
}

std::string Show::text(const PropertiesRule&, const std::vector<Property>& list) const {
  return joined(list, "{", "}", [&](const Property& property) {
    const bool plain = property.shown || secrets_ == Secrets::kPlain;
    return toml_quoted(property.name) + " = " + toml_quoted(plain ? property.value.reveal() : "***");
  });
}

std::string describe(const DaemonConfig& config) {
  Show show{Show::Secrets::kHidden};
  visit_keys(config, show);
  std::string out;
  std::string_view section;
  for (const auto& [key, value] : show.lines()) {
    if (value.empty()) continue;
    const std::size_t point = key.name.find('.');
    if (point != std::string_view::npos && key.name.substr(0, point) != section) {
      section = key.name.substr(0, point);
      out.append("\n[").append(section).append("]\n");
    }
    if (key.name == "model.path" && !config.model.store.empty()) {
      out.append("# the alias stands for ").append(config.model.path.string()).append("\n");
      continue;
    }
    out.append(key.name.substr(point + 1)).append(" = ").append(value).append("\n");  // npos + 1 is 0
  }
  return out;
}

}  // namespace hft::config
