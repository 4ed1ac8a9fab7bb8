#include "hft/artifact/artifact.hpp"

#include <algorithm>

#include "hft/artifact/archive.hpp"
#include "engine.hpp"
#include "files.hpp"
#include "hft/artifact/spec_reader.hpp"
#include "hft/base/sha256.hpp"
#include "manifest.hpp"
#include "probes.hpp"

namespace hft::artifact {
namespace {

using base::Json;

void check_files(const ModelFiles& files, const Json& listed) {
  for (const auto& [name, data] : files.members) {
    if (name != kManifestFile && listed.find(name) == nullptr) {
      refuse(files.where(name), "is not part of this model: the manifest does not list it");
    }
  }
  std::vector<std::string> names{listed.keys().begin(), listed.keys().end()};
  std::ranges::sort(names);
  for (const std::string& name : names) {
    if (!is_plain(name) || !files.members.contains(name)) refuse(files.where(name), "file is missing");
    const std::string sha256 = base::sha256_hex(files.at(name));
    const Json& expected = listed.at(name);
    if (!expected.is(Json::Kind::kText) || expected.as_text() != sha256) {
      refuse(files.where(name), "was altered: SHA-256 must be " + expected.canonical() + ", was " + sha256);
    }
  }
}

feature::Spec read_spec_of(const ModelFiles& files) {
  try {
    return read_spec(files.at(kSpecFile));
  } catch (const std::invalid_argument& error) {  // also an operation that this build does not have, or not in this rev
    refuse(files.where(kSpecFile), error.what());
  }
}

}  // namespace

std::uint32_t Loaded::index_of(int label) const {
  const auto it = std::ranges::find(classes, label);
  if (it == classes.end()) refuse(path, "the model has no class " + std::to_string(label));
  return static_cast<std::uint32_t>(it - classes.begin());
}

Loaded load(const std::filesystem::path& path, Engine engine) {
  const ModelFiles files = read_files(path);
  const Manifest manifest = read_manifest(files);
  const Json& json = manifest.json;
  const std::filesystem::path manifest_path = files.where(kManifestFile);
  check_files(files, json.at("files"));
  Loaded loaded;
  loaded.path = path;
  loaded.spec = read_spec_of(files);
  expect(files.where(kSpecFile), "spec hash", json.at("spec_sha256").as_text(), loaded.spec.sha256);
  std::vector<std::string> names;
  for (const feature::FeatureDef& column : loaded.spec.features) names.push_back(column.name);
  expect(manifest_path, "feature names", names, manifest.feature_names);
  std::ranges::sort(names);
  std::vector<std::string> important{json.at("importance").keys().begin(), json.at("importance").keys().end()};
  std::ranges::sort(important);
  expect(manifest_path, "names in 'importance'", names, important);
  loaded.model_id = model_id_of(json);
  expect(manifest_path, "model id", loaded.model_id, json.at("model_id").as_text());
  (void)parse_object(files.where(kTrainingFile), files.at(kTrainingFile));
  loaded.model = choose_engine(files, manifest, engine);
  check_probes(files, *loaded.model, manifest);
  loaded.classes = manifest.classes;
  loaded.n_trees = manifest.n_trees;
  return loaded;
}

}  // namespace hft::artifact
