#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "reader.hpp"

namespace hft::config {
namespace {

using Kind = TomlValue::Kind;

// What exactly-once rests on is not for the file to change.
constexpr std::array<std::string_view, 12> kOurs{"bootstrap.servers",        "acks",
                                                 "enable.idempotence",       "enable.auto.commit",
                                                 "enable.auto.offset.store", "auto.offset.reset",
                                                 "enable.partition.eof",     "group.id",
                                                 "transactional.id",         "partitioner",
                                                 "metadata.broker.list",     "request.required.acks"};

bool speaks_of_secrets(std::string_view name) {
  constexpr std::array<std::string_view, 5> kWords{"password", "secret", "key.pem", "oauthbearer.config", "token"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

}  // namespace

void Reader::read(const std::string& key, const TomlValue& value, const TopicsRule& rule,
                  std::vector<std::string>& names) {
  if (!value.is(Kind::kArray) || value.items().empty() || value.items().size() > rule.most) {
    return wrong(key, value, "must be a list of 1 to " + std::to_string(rule.most) + " topics");
  }
  names.clear();
  for (const TomlValue& item : value.items()) {
    std::string name;
    read(key, item, TextRule{TextRule::Form::kTopic}, name);
    if (!name.empty() && std::ranges::find(names, name) != names.end()) wrong(key, item, "must hold no topic twice");
    names.push_back(name);
  }
}

void Reader::read(const std::string& key, const TomlValue& value, const NumbersRule& rule,
                  std::vector<std::uint32_t>& list) {
  if (!value.is(Kind::kArray) || value.items().empty()) return wrong(key, value, "must be a list of whole numbers");
  list.clear();
  for (const TomlValue& item : value.items()) {
    if (!whole(key, item, rule.least, rule.most)) continue;
    const auto number = static_cast<std::uint32_t>(item.integer());
    if (std::ranges::find(list, number) != list.end()) wrong(key, item, "must hold no number twice");
    list.push_back(number);
  }
}

void Reader::read(const std::string& key, const TomlValue& value, const SchemasRule&,
                  std::map<std::uint32_t, std::filesystem::path>& schemas) {
  if (!value.is(Kind::kTable)) return wrong(key, value, "must be a table such as {1 = \"event.avsc\"}");
  for (const auto& [name, at, file] : value.members()) {
    std::uint32_t id = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data(), end, id);
    if (name.empty() || stop != end || error != std::errc{}) {
      problems_.push_back({file_.string(), at.line, at.column, key + "." + name,
                           "a schema id must be a whole number of 32 bits, was '" + name + "'"});
    } else {
      if (schemas.contains(id)) wrong(key + "." + name, file, "must give each schema id once");
      read(key + "." + name, file, PathRule{PathRule::Must::kBeFile}, schemas[id]);
    }
  }
}

void Reader::read(const std::string& key, const TomlValue& value, const PropertiesRule&, std::vector<Property>& list) {
  if (!value.is(Kind::kTable)) return wrong(key, value, "must be a table of librdkafka properties");
  // client.id and "client.id" are the same property: a dotted key made tables on its way.
  const auto visit = [&](const auto& self, const std::string& prefix, const TomlValue& table) -> void {
    for (const auto& [name, at, item] : table.members()) {
      Property property{prefix + name, Secret{}, true};
      const std::string full = key + "." + property.name;
      places_[full] = item.at();
      const bool is_secret = item.is(Kind::kTable) && item.members().size() == 1 &&
                             (item.members()[0].key == "file" || item.members()[0].key == "env") &&
                             item.members()[0].value.is(Kind::kText);
      if (item.is(Kind::kTable) && !is_secret) {
        if (item.members().empty())
          wrong(full, item, "must be text, a whole number, true, false, {file = ...} or {env = ...}");
        self(self, property.name + ".", item);
        continue;
      }
      if (std::ranges::find(kOurs, property.name) != kOurs.end()) {
        problem(full, "is set by hftcored itself: exactly-once depends on it");
        continue;
      }
      if (!secret(full, item, property)) continue;
      if (std::ranges::find(list, property.name, &Property::name) != list.end()) problem(full, "must occur once");
      list.push_back(std::move(property));
    }
  };
  visit(visit, "", value);
}

bool Reader::secret(const std::string& key, const TomlValue& value, Property& property) {
  property.shown = !speaks_of_secrets(property.name);
  if (value.is(Kind::kText)) {
    property.value = Secret{value.text()};
    if (!property.shown)
      warning(key, "is a secret in the file itself: {file = \"...\"} or {env = \"...\"} keep it out");
    return true;
  }
  if (value.is(Kind::kInteger) || value.is(Kind::kBool)) {
    property.value = Secret{value.shown()};
    return true;
  }
  if (!value.is(Kind::kTable)) {
    wrong(key, value, "must be text, a whole number, true, false, {file = \"...\"} or {env = \"...\"}");
    return false;
  }
  property.shown = false;
  const auto& [where, at, name] = value.members()[0];
  if (where == "env") {
    const char* text = std::getenv(name.text().c_str());
    if (text == nullptr) problem(key, "environment variable " + name.text() + " must be set, was not");
    else property.value = Secret{text};
    return text != nullptr;
  }
  const std::filesystem::path path = resolved(name.text());
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) {
    problem(key, "secret file must be readable, was not: " + path.string());
    return false;
  }
  if (text.ends_with('\n')) text.pop_back();  // an editor's, not the secret's
  if (text.ends_with('\r')) text.pop_back();
  struct ::stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    warning(key, "every user of this machine can read " + path.string() + ": chmod o-r");
  }
  property.value = Secret{std::move(text)};
  return true;
}

}  // namespace hft::config
