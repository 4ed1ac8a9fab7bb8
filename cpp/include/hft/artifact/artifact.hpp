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

/// A model folder that is not what it says: names the file, what it must hold and what it holds.
class ArtifactError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A model folder that passed every check: spec and machine code belong together.
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

/// Loads a model folder, checking in the order of Python's Artifact.load: manifest, files, spec, names, model id,
/// forest, library, probes. Throws ArtifactError at the first difference, which it names.
///
/// Refuses whatever Python refuses, and a few things that Python lets pass because its JSON and npz readers do: a key
/// that occurs twice, NaN or a lone surrogate as JSON, true for 1, text that is not UTF-8, compressed probes.
/// Cold path.
[[nodiscard]] Loaded load(const std::filesystem::path& folder);

}  // namespace hft::artifact
