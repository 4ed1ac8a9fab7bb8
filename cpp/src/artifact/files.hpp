#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hft/artifact/artifact.hpp"
#include "hft/base/json.hpp"

namespace hft::artifact {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kSpecFile = "spec.json";
inline constexpr const char* kForestFile = "forest.bin";
inline constexpr const char* kProbesFile = "probes.npz";
inline constexpr const char* kTrainingFile = "training.json";
inline constexpr const char* kCardFile = "model_card.md";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what);

/// Throws, naming both, unless what was found is what was expected.
void expect(const std::filesystem::path& path, std::string_view what, const std::string& expected,
            const std::string& found);
void expect(const std::filesystem::path& path, std::string_view what, const std::vector<std::string>& expected,
            const std::vector<std::string>& found);
void expect(const std::filesystem::path& path, std::string_view what, const std::vector<int>& expected,
            const std::vector<int>& found);

/// The bytes of a file; throws ArtifactError with the system's reason.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// The one JSON object that a file's text must hold.
[[nodiscard]] base::Json parse_object(const std::filesystem::path& path, std::string_view text);

}  // namespace hft::artifact
