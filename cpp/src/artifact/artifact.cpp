#include "hft/artifact/artifact.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cstring>

#include "files.hpp"
#include "hft/artifact/spec_reader.hpp"
#include "hft/base/sha256.hpp"
#include "manifest.hpp"
#include "probes.hpp"

namespace hft::artifact {
namespace {

using base::Json;

void check_files(const std::filesystem::path& folder, const Json& files) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    found.push_back(entry.path().filename().string());
  std::ranges::sort(found);
  for (const std::string& name : found) {
    if (name != kManifestFile && files.find(name) == nullptr) {
      refuse(folder / name, "is not part of this model: the manifest does not list it");
    }
  }
  std::vector<std::string> listed{files.keys().begin(), files.keys().end()};
  std::ranges::sort(listed);
  for (const std::string& name : listed) {
    const std::filesystem::path path = folder / name;
    std::error_code ignored;
    const bool plain = name.find('/') == std::string::npos && name.find('\0') == std::string::npos && !name.empty();
    if (!plain || !std::filesystem::is_regular_file(path, ignored)) refuse(path, "file is missing");
    const std::string sha256 = base::sha256_hex(read_file(path));
    const Json& expected = files.at(name);
    if (!expected.is(Json::Kind::kText) || expected.as_text() != sha256) {
      refuse(path, "was altered: SHA-256 must be " + expected.canonical() + ", was " + sha256);
    }
  }
}

feature::Spec read_spec_of(const std::filesystem::path& path) {
  try {
    return read_spec(read_file(path));
  } catch (const std::invalid_argument& error) {  // also an operation that this build does not have, or not in this rev
    refuse(path, error.what());
  }
}

/// A Treelite checkpoint begins with three numbers of the version and two types; then comes the number of trees.
std::int64_t n_trees_of(const std::filesystem::path& path) {
  constexpr std::size_t kOffset = 3 * sizeof(std::int32_t) + 2;
  const std::string head = read_file(path).substr(0, kOffset + sizeof(std::int64_t));
  std::int64_t n_trees = 0;
  if (head.size() < kOffset + sizeof n_trees) {
    refuse(path, "no Treelite checkpoint: it holds " + std::to_string(head.size()) + " bytes");
  }
  std::memcpy(&n_trees, head.data() + kOffset, sizeof n_trees);
  return n_trees;
}

/// What machine code belongs to, as Python names it: linux-x86_64.
std::string this_platform() {
  utsname host{};
  ::uname(&host);
#ifdef __APPLE__
  return std::string{"darwin-"} + host.machine;
#else
  return std::string{"linux-"} + host.machine;
#endif
}

std::shared_ptr<const model::ForestModel> load_library(const std::filesystem::path& folder,
                                                         const Manifest& manifest) {
  const std::filesystem::path path = folder / manifest.library;
  expect(path, "platform", this_platform(), manifest.json.at("platform").as_text());
  try {
    return std::make_shared<const model::ForestModel>(model::ForestModel::from_library(
        std::filesystem::canonical(path).string(), manifest.feature_names.size(), manifest.classes.size(),
        model::output_rule_named(manifest.json.at("output_rule").as_text()), manifest.json.at("alpha").as_double()));
  } catch (const std::invalid_argument& error) {
    throw ArtifactError(error.what());
  }
}

}  // namespace

std::uint32_t Loaded::index_of(int label) const {
  const auto it = std::ranges::find(classes, label);
  if (it == classes.end()) refuse(path, "the model has no class " + std::to_string(label));
  return static_cast<std::uint32_t>(it - classes.begin());
}

Loaded load(const std::filesystem::path& folder) {
  const Manifest manifest = read_manifest(folder);
  const Json& json = manifest.json;
  const std::filesystem::path manifest_path = folder / kManifestFile;
  try {
    check_files(folder, json.at("files"));
  } catch (const std::filesystem::filesystem_error& error) {
    refuse(folder, "cannot be read: " + error.code().message());
  }
  Loaded loaded;
  loaded.path = folder;
  loaded.spec = read_spec_of(folder / kSpecFile);
  expect(folder / kSpecFile, "spec hash", json.at("spec_sha256").as_text(), loaded.spec.sha256);
  std::vector<std::string> names;
  for (const feature::FeatureDef& column : loaded.spec.features) names.push_back(column.name);
  expect(manifest_path, "feature names", names, manifest.feature_names);
  std::ranges::sort(names);
  std::vector<std::string> important{json.at("importance").keys().begin(), json.at("importance").keys().end()};
  std::ranges::sort(important);
  expect(manifest_path, "names in 'importance'", names, important);
  loaded.model_id = model_id_of(json);
  expect(manifest_path, "model id", loaded.model_id, json.at("model_id").as_text());
  loaded.n_trees = n_trees_of(folder / kForestFile);
  expect(manifest_path, "number of trees", std::to_string(loaded.n_trees), std::to_string(manifest.n_trees));
  (void)parse_object(folder / kTrainingFile, read_file(folder / kTrainingFile));
  loaded.model = load_library(folder, manifest);
  check_probes(folder / kProbesFile, *loaded.model, manifest);
  loaded.classes = manifest.classes;
  return loaded;
}

}  // namespace hft::artifact
