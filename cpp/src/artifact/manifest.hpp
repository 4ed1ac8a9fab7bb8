#pragma once

#include <string>
#include <vector>

#include "hft/artifact/archive.hpp"
#include "hft/base/json.hpp"

namespace hft::artifact {

/// What loading needs of a manifest whose every field was checked.
struct Manifest {
  base::Json json;
  std::vector<int> classes;
  std::vector<std::string> feature_names;
  std::int64_t n_trees = 0;
  std::int64_t n_probes = 0;
  std::string compiled_file;  // the library's name; empty where the model has none
  std::string compiled_platform;
};

/// Reads and checks the manifest of a model; throws ArtifactError at the first thing that is wrong.
[[nodiscard]] Manifest read_manifest(const ModelFiles& files);

/// The only text that a manifest may have, with manifest_sha256 computed over the rest of it.
[[nodiscard]] std::string render_manifest(const base::Json& manifest);

/// Hash of what decides a prediction; two builds of one model share it.
[[nodiscard]] std::string model_id_of(const base::Json& manifest);

}  // namespace hft::artifact
