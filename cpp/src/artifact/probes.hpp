#pragma once

#include <filesystem>

#include "hft/model/forest_model.hpp"
#include "manifest.hpp"

namespace hft::artifact {

/// The library must give the margins of the probe rows in bits, and their scores to 1e-12. Throws ArtifactError.
void check_probes(const std::filesystem::path& path, const model::ForestModel& model, const Manifest& manifest);

}  // namespace hft::artifact
