#include "hft/base/json.hpp"
#include "keys.hpp"
#include "value_text.hpp"

namespace hft::config {
namespace {

using base::Json;

Json typed(const char* type) { return Json::object().set("type", Json::of(type)); }

Json numbers(const char* type, std::int64_t least, std::int64_t most) {
  return typed(type).set("minimum", Json::of(least)).set("maximum", Json::of(most));
}

Json any_of(Json first, Json second) {
  return Json::object().set("anyOf", Json::array().push(std::move(first)).push(std::move(second)));
}

Json list_of(Json items) {
  Json list = typed("array");
  list.set("items", std::move(items)).set("minItems", Json::of(std::int64_t{1})).set("uniqueItems", Json::of(true));
  return list;
}

/// {"properties": {section: {"required": [key, ...]}}}, to be met by the rest of the file.
Json section_requires(const char* section, std::initializer_list<const char*> keys) {
  Json required = Json::array();
  for (const char* key : keys) required.push(Json::of(key));
  Json rule = Json::object().set("required", std::move(required));
  return Json::object()
      .set("properties", Json::object().set(section, std::move(rule)))
      .set("required", Json::array().push(Json::of(section)));
}

/// Does input.`key` have that value? With `present`, a file that leaves it out does not.
Json input_is(const char* key, const char* value, bool present) {
  Json rule = Json::object();
  rule.set("properties", Json::object().set(key, Json::object().set("const", Json::of(value))));
  if (present) rule.set("required", Json::array().push(Json::of(key)));
  Json file = Json::object().set("properties", Json::object().set("input", std::move(rule)));
  if (present) file.set("required", Json::array().push(Json::of("input")));
  return file;
}

Json when(Json condition, Json rule) {
  return Json::object().set("if", std::move(condition)).set("then", std::move(rule));
}

Json all_of(Json first, Json second) {
  return Json::object().set("allOf", Json::array().push(std::move(first)).push(std::move(second)));
}

/// Visits the table of keys and makes a property of each.
class SchemaWriter {
 public:
  template <class Rule, class Member>
  void operator()(const Key& key, const Rule& rule, const Member& member) {
    Json property = schema(rule, member);
    property.set("description", Json::of(key.help));
    const std::size_t point = key.name.find('.');
    const std::string leaf{key.name.substr(point + 1)};  // npos + 1 is 0
    if (point == std::string_view::npos) {
      root_.set(leaf, std::move(property));
      if (key.required) required_.push(Json::of(leaf));
      return;
    }
    const std::string section{key.name.substr(0, point)};
    const Json* found = root_.find(section);
    Json table = found != nullptr ? *found : typed("object").set("additionalProperties", Json::of(false));
    const Json* known = table.find("properties");
    Json properties = known != nullptr ? *known : Json::object();
    properties.set(leaf, std::move(property));
    table.set("properties", std::move(properties));
    root_.set(section, std::move(table));
  }

  Json finish() {
    Json model = root_.at("model");
    const auto only = [](std::initializer_list<const char*> keys, std::initializer_list<const char*> others) {
      Json names = Json::array();
      for (const char* key : keys) names.push(Json::of(key));
      Json none = Json::object();
      for (const char* key : others) none.set(key, Json::of(false));
      return Json::object().set("required", std::move(names)).set("properties", std::move(none));
    };
    model.set("oneOf",
              Json::array().push(only({"path"}, {"store", "alias"})).push(only({"store", "alias"}, {"path"})));
    root_.set("model", std::move(model));
    required_.push(Json::of("model"));

    Json rules = Json::array();
    rules.push(when(input_is("kind", "kafka", false), all_of(section_requires("input", {"topics", "n_partitions"}),
                                                            section_requires("kafka", {"bootstrap"}))));
    rules.push(when(input_is("kind", "file", true), section_requires("input", {"path"})));
    rules.push(when(input_is("format", "avro", true), any_of(section_requires("input", {"avro_schemas"}),
                                                            section_requires("input", {"registry"}))));
    Json schema = typed("object");
    schema.set("$schema", Json::of("https://json-schema.org/draft/2020-12/schema"));
    schema.set("title", Json::of("Configuration of hftcored"));
    schema.set("description", Json::of("Rules over several keys, exact steps and what the machine has are for "
                                       "hftcored --check."));
    schema.set("additionalProperties", Json::of(false));
    schema.set("properties", std::move(root_)).set("required", std::move(required_)).set("allOf", std::move(rules));
    return schema;
  }

 private:
  static Json with_default(Json property, const std::string& value) {
    if (!value.empty()) property.set("default", Json::of(value));
    return property;
  }
  static Json schema(const TextRule& rule, const std::string& value) {
    Json property = typed("string");
    if (rule.form == TextRule::Form::kName) property.set("pattern", Json::of("^[A-Za-z0-9._-]{1,64}$"));
    if (rule.form == TextRule::Form::kTopic) property.set("pattern", Json::of("^[A-Za-z0-9._-]{1,249}$"));
    return with_default(std::move(property), value);
  }
  static Json schema(const PathRule&, const std::filesystem::path& path) {
    return with_default(typed("string").set("minLength", Json::of(std::int64_t{1})), path.string());
  }
  template <class T>
  static Json schema(const WholeRule& rule, const T& value) {
    Json property = numbers("integer", rule.least, rule.most);
    if (rule.power_of_two) {
      Json powers = Json::array();
      for (std::int64_t n = rule.least; n <= rule.most; n *= 2) powers.push(Json::of(n));
      property = Json::object().set("enum", std::move(powers));
    }
    const auto wide = static_cast<std::int64_t>(value);
    if (wide >= rule.least) property.set("default", Json::of(wide));  // n_partitions has none
    return property;
  }
  static Json schema(const FractionRule&, double value) {
    Json property = typed("number").set("exclusiveMinimum", Json::of(std::int64_t{0}));
    return property.set("maximum", Json::of(std::int64_t{1})).set("default", Json::of(value));
  }
  static Json schema(const DurationRule& rule, std::int64_t ns) {
    Json text = typed("string").set("pattern", Json::of("^\\s*[0-9]+(ns|us|ms|s|m|h)\\s*$"));
    return any_of(std::move(text), numbers("integer", rule.least_ns, rule.most_ns))
        .set("default", Json::of(duration_text(ns)));
  }
  static Json schema(const StepsRule& rule, std::int64_t steps) {
    const auto bound = [&](std::int64_t n) {
      double unit = 1.0;
      for (int i = 0; i < rule.digits; ++i) unit *= 10.0;
      return Json::of(static_cast<double>(n) / unit);
    };
    Json text = typed("string").set("pattern", Json::of("^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$"));
    Json number = typed("number").set("minimum", bound(rule.least)).set("maximum", bound(rule.most));
    return any_of(std::move(text), std::move(number)).set("default", bound(steps));
  }
  static Json schema(const FlagRule&, bool flag) { return typed("boolean").set("default", Json::of(flag)); }
  template <class E>
  static Json schema(const ChoiceRule& rule, const E& choice) {
    Json names = Json::array();
    for (const std::string_view name : rule.names) names.push(Json::of(name));
    const std::string_view chosen = rule.names[static_cast<std::size_t>(choice)];
    return Json::object().set("enum", std::move(names)).set("default", Json::of(chosen));
  }
  static Json schema(const TopicsRule& rule, const std::vector<std::string>&) {
    Json list = list_of(schema(TextRule{TextRule::Form::kTopic}, std::string{}));
    return list.set("maxItems", Json::of(static_cast<std::int64_t>(rule.most)));
  }
  static Json schema(const NumbersRule& rule, const std::vector<std::uint32_t>&) {
    return list_of(numbers("integer", rule.least, rule.most));
  }
  static Json schema(const CpuRule&, const std::optional<std::uint32_t>&) {
    return typed("integer").set("minimum", Json::of(std::int64_t{0}));
  }
  static Json schema(const SchemasRule&, const std::map<std::uint32_t, std::filesystem::path>&) {
    Json property = typed("object").set("additionalProperties", Json::of(false));
    return property.set("patternProperties",
                        Json::object().set("^[0-9]{1,10}$", schema(PathRule{}, std::filesystem::path{})));
  }
  /// A dotted name makes tables on its way, so what is inside is left to --check.
  static Json schema(const PropertiesRule&, const std::vector<Property>&) {
    Json types = Json::array();
    for (const char* type : {"string", "integer", "boolean", "object"}) types.push(Json::of(type));
    return typed("object").set("additionalProperties", Json::object().set("type", std::move(types)));
  }

  Json root_ = Json::object();
  Json required_ = Json::array();
};

}  // namespace

std::string json_schema() {
  const DaemonConfig defaults;
  SchemaWriter writer;
  visit_keys(defaults, writer);
  return writer.finish().indented() + "\n";
}

}  // namespace hft::config
