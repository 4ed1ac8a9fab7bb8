#include "manifest.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "files.hpp"
#include "hft/base/sha256.hpp"

namespace hft::artifact {
namespace {

using base::Json;

constexpr const char* kFormat = "hftcore-model";
constexpr std::int64_t kFormatVersion = 2;

constexpr std::array<const char*, 4> kCompiledFields{"compiler", "compiler_flags", "file", "platform"};

enum class Type {
  kReal,
  kInteger,
  kIntegerOrNull,
  kText,
  kTextOrNull,
  kList,
  kListOrNull,
  kObject,
  kObjectOrNull
};

constexpr std::array<std::pair<const char*, Type>, 21> kFields{{{"alpha", Type::kReal},
                                                                {"classes", Type::kList},
                                                                {"compiled", Type::kObjectOrNull},
                                                                {"feature_names", Type::kList},
                                                                {"files", Type::kObject},
                                                                {"format", Type::kText},
                                                                {"format_version", Type::kInteger},
                                                                {"importance", Type::kObject},
                                                                {"manifest_sha256", Type::kText},
                                                                {"model_id", Type::kText},
                                                                {"n_probes", Type::kInteger},
                                                                {"n_trees", Type::kInteger},
                                                                {"output_rule", Type::kText},
                                                                {"seed", Type::kIntegerOrNull},
                                                                {"spec_sha256", Type::kText},
                                                                {"sum_rule", Type::kText},
                                                                {"threshold_type", Type::kText},
                                                                {"trainer", Type::kObject},
                                                                {"training_window_ns", Type::kListOrNull},
                                                                {"data_fingerprint", Type::kTextOrNull},
                                                                {"versions", Type::kObject}}};

bool fits(const Json& value, Type type) {
  const bool null = value.is(Json::Kind::kNull);
  switch (type) {
    case Type::kReal: return value.is(Json::Kind::kNumber) && !value.is_integer();
    case Type::kInteger: return value.is_integer();
    case Type::kIntegerOrNull: return null || value.is_integer();
    case Type::kText: return value.is(Json::Kind::kText);
    case Type::kTextOrNull: return null || value.is(Json::Kind::kText);
    case Type::kList: return value.is(Json::Kind::kArray);
    case Type::kListOrNull: return null || value.is(Json::Kind::kArray);
    case Type::kObject: return value.is(Json::Kind::kObject);
    case Type::kObjectOrNull: return null || value.is(Json::Kind::kObject);
  }
  return false;
}

void check_fields(const std::filesystem::path& path, const Json& manifest) {
  const Json* format = manifest.find("format");
  if (format == nullptr || !format->is(Json::Kind::kText) || format->as_text() != kFormat) {
    refuse(path, std::string{"not the manifest of an "} + kFormat);
  }
  const Json* version = manifest.find("format_version");
  const std::string found = version == nullptr ? "None" : version->canonical();
  if (found != std::to_string(kFormatVersion)) {
    refuse(path, "format version must be " + std::to_string(kFormatVersion) + ", was " + found +
                     ": compile the model again");
  }
  for (const auto& [name, type] : kFields) {
    const Json* value = manifest.find(name);
    if (value == nullptr || !fits(*value, type)) {
      refuse(path, std::string{"field '"} + name + "' is missing or of another type");
    }
  }
  for (const std::string& name : manifest.keys()) {
    if (std::ranges::none_of(kFields, [&](const auto& field) { return field.first == name; })) {
      refuse(path, "field '" + name + "' is unknown to format version " + std::to_string(kFormatVersion));
    }
  }
}

[[noreturn]] void refuse_field(const std::filesystem::path& path, const char* name, const std::string& rule,
                               const Json& value) {
  refuse(path, std::string{"field '"} + name + "' must " + rule + ", was " + value.canonical());
}

std::int64_t count_of(const std::filesystem::path& path, const Json& manifest, const char* name, std::int64_t least) {
  const Json& value = manifest.at(name);
  try {
    if (value.as_int64() >= least) return value.as_int64();
  } catch (const base::JsonError&) {  // beyond 64 bits
  }
  refuse_field(path, name, "be or hold at least " + std::to_string(least), value);
}

const Json& filled(const std::filesystem::path& path, const Json& manifest, const char* name, std::size_t least) {
  const Json& list = manifest.at(name);
  if (list.items().size() < least) refuse_field(path, name, "be or hold at least " + std::to_string(least), list);
  return list;
}

std::vector<int> classes_of(const std::filesystem::path& path, const Json& list) {
  std::vector<int> classes;
  for (const Json& item : list.items()) {
    std::int64_t label = 0;
    const auto is_label = [&] {
      if (!item.is_integer()) return false;
      try {
        label = item.as_int64();
      } catch (const base::JsonError&) {
        return false;
      }
      return label >= std::numeric_limits<int>::min() && label <= std::numeric_limits<int>::max();
    };
    if (!is_label() || std::ranges::find(classes, static_cast<int>(label)) != classes.end()) {
      refuse_field(path, "classes", "hold integers, none of them twice", list);
    }
    classes.push_back(static_cast<int>(label));
  }
  return classes;
}

std::vector<std::string> names_of(const std::filesystem::path& path, const Json& list) {
  std::vector<std::string> names;
  for (const Json& item : list.items()) {
    if (!item.is(Json::Kind::kText) || std::ranges::find(names, item.as_text()) != names.end()) {
      refuse_field(path, "feature_names", "hold names, none of them twice", list);
    }
    names.push_back(item.as_text());
  }
  return names;
}

/// What the manifest says of the compiled library, where there is one.
void read_compiled(const std::filesystem::path& path, const Json& compiled, Manifest& manifest) {
  if (compiled.is(Json::Kind::kNull)) return;
  const bool fits = compiled.keys().size() == kCompiledFields.size() &&
                    std::ranges::all_of(kCompiledFields, [&](const char* name) {
                      const Json* value = compiled.find(name);
                      return value != nullptr && value->is(Json::Kind::kText);
                    });
  if (!fits) refuse_field(path, "compiled", "hold compiler, compiler_flags, file, platform as text", compiled);
  manifest.compiled_file = compiled.at("file").as_text();
  manifest.compiled_platform = compiled.at("platform").as_text();
}

}  // namespace

std::string render_manifest(const Json& manifest) {
  Json rest = Json::object();
  for (std::size_t i = 0; i < manifest.keys().size(); ++i) {
    if (manifest.keys()[i] != "manifest_sha256") rest.set(manifest.keys()[i], manifest.items()[i]);
  }
  const std::string digest = base::sha256_hex(rest.canonical());
  rest.set("manifest_sha256", Json::of(digest));
  return rest.indented() + "\n";
}

std::string model_id_of(const Json& manifest) {
  Json decisive = Json::object();
  for (const char* key : {"alpha", "classes", "feature_names", "output_rule", "spec_sha256"}) {
    decisive.set(key, manifest.at(key));
  }
  decisive.set("forest", manifest.at("files").at(kForestFile));
  return base::sha256_hex(decisive.canonical());
}

Manifest read_manifest(const ModelFiles& files) {
  const std::filesystem::path path = files.where(kManifestFile);
  if (!files.members.contains(kManifestFile)) {
    refuse(files.path, "no model: there is no file " + path.string());
  }
  const std::string& raw = files.at(kManifestFile);
  Manifest manifest;
  manifest.json = parse_object(path, raw);
  const Json& json = manifest.json;
  check_fields(path, json);
  if (render_manifest(json) != raw) refuse(path, "was altered: it does not have the hash that it states");
  expect(path, "threshold type", "float64", json.at("threshold_type").as_text());

  manifest.n_trees = count_of(path, json, "n_trees", 0);
  manifest.n_probes = count_of(path, json, "n_probes", 1);
  const Json& classes = filled(path, json, "classes", 1);
  const Json& names = filled(path, json, "feature_names", 1);
  manifest.classes = classes_of(path, classes);
  manifest.feature_names = names_of(path, names);
  const Json& importance = json.at("importance");
  if (!std::ranges::all_of(importance.items(), [](const Json& share) { return share.is(Json::Kind::kNumber); })) {
    refuse_field(path, "importance", "hold numbers", importance);
  }
  read_compiled(path, json.at("compiled"), manifest);
  std::set<std::string> wanted{kSpecFile, kForestFile, kProbesFile, kTrainingFile, kCardFile};
  if (!json.at("compiled").is(Json::Kind::kNull)) wanted.insert(manifest.compiled_file);
  std::vector<std::string> found{json.at("files").keys().begin(), json.at("files").keys().end()};
  std::ranges::sort(found);
  expect(path, "list of files", std::vector<std::string>{wanted.begin(), wanted.end()}, found);
  return manifest;
}

}  // namespace hft::artifact
