#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/feature/spec.hpp"
#include "hft/model/forest_model.hpp"

namespace hft::artifact {

/// A model that is not what it says: names the file, what it must hold and what it holds.
class ArtifactError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What predicts. Machine code of a model runs as this process from the moment it is loaded: anything but kKernel is a
/// permission, for models whose maker is trusted.
enum class Engine : std::uint8_t {
  kKernel = 0,
  kCompiledIfThere,  // the compiled library where the model has one of this platform, else the kernel; it is mapped
                     // from a private file in TMPDIR, which must allow that (no "noexec")
  kCompiled,
};

/// A model that passed every check: spec and forest belong together.
struct Loaded {
  std::filesystem::path path;
  std::string model_id;      // hash of what decides a prediction, in hex
  feature::Spec spec;        // complete: every parameter spelled out, as Python's FeatureSpec hands it over
  std::vector<int> classes;  // labels in the order of the scores: -1, 0, 1 is down, flat, up
  std::shared_ptr<const model::ForestModel> model;
  std::int64_t n_trees = 0;

  /// Index of a label among the scores. Throws ArtifactError where the model does not know the label.
  [[nodiscard]] std::uint32_t index_of(int label) const;
};

/// Loads a model, a folder or a .hft file, checking in the order of Python's Artifact.load: manifest, files, spec,
/// names, model id, forest, engine, probes. Throws ArtifactError at the first difference, which it names.
///
/// Refuses whatever Python refuses, and a few things that Python lets pass because its JSON and npz readers do: a key
/// that occurs twice, NaN or a lone surrogate as JSON, true for 1, text that is not UTF-8, compressed probes.
/// Cold path.
[[nodiscard]] Loaded load(const std::filesystem::path& path, Engine engine = Engine::kKernel);

}  // namespace hft::artifact
