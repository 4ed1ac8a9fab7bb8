#pragma once

#include <memory>

#include "hft/artifact/archive.hpp"
#include "hft/artifact/artifact.hpp"
#include "manifest.hpp"

namespace hft::artifact {

/// The engine that serves: the kernel over forest.bin, held against what the manifest says of it, or the compiled
/// library, where `engine` permits it. Throws ArtifactError.
[[nodiscard]] std::shared_ptr<const model::ForestModel> choose_engine(const ModelFiles& files, const Manifest& manifest,
                                                                      Engine engine);

}  // namespace hft::artifact
