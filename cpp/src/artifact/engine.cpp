#include "engine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>

#include "files.hpp"
#include "hft/model/forest.hpp"

namespace hft::artifact {
namespace {

using base::Json;
using model::ForestModel;

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

std::string sum_rule_of(const model::Forest& forest) {
  return std::string{forest.float32_sums ? "float32" : "float64"} + ", base " + (forest.base_first ? "first" : "last");
}

model::OutputRule rule_of(const Json& json) { return model::output_rule_named(json.at("output_rule").as_text()); }

ForestModel kernel_of(const ModelFiles& files, const Manifest& manifest) {
  const std::filesystem::path manifest_path = files.where(kManifestFile);
  try {
    const model::Forest forest = model::parse_forest(std::as_bytes(std::span{files.at(kForestFile)}));
    ForestModel kernel = ForestModel::from_forest(forest, manifest.classes.size(), rule_of(manifest.json),
                                                  manifest.json.at("alpha").as_double());
    expect(manifest_path, "number of trees", std::to_string(forest.n_trees()), std::to_string(manifest.n_trees));
    expect(manifest_path, "sum rule", sum_rule_of(forest), manifest.json.at("sum_rule").as_text());
    expect(manifest_path, "number of features", std::to_string(forest.n_features),
           std::to_string(manifest.feature_names.size()));
    return kernel;
  } catch (const std::invalid_argument& error) {
    refuse(files.where(kForestFile), error.what());
  }
}

/// A file of our own that nobody else can write, for as long as the loader needs a name.
class PrivateFile {
 public:
  explicit PrivateFile(const std::string& bytes) {
    std::error_code none;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(none);
    if (none) refuse(folder, "cannot hold the compiled library: " + none.message() + " (TMPDIR)");
    path_ = (folder / "hftcore-library-XXXXXX").string();
    const int file = ::mkstemp(path_.data());
    if (file < 0) refuse(path_, std::string{"cannot be made: "} + std::strerror(errno));
    std::size_t n_written = 0;
    while (n_written < bytes.size()) {
      const ssize_t n = ::write(file, bytes.data() + n_written, bytes.size() - n_written);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      n_written += static_cast<std::size_t>(n);
    }
    const int error = errno;
    ::close(file);
    if (n_written == bytes.size()) return;
    ::unlink(path_.c_str());
    refuse(path_, std::string{"cannot be written: "} + std::strerror(error));
  }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  ~PrivateFile() { ::unlink(path_.c_str()); }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

ForestModel library_of(const ModelFiles& files, const Manifest& manifest) {
  if (manifest.compiled_file.empty()) {
    refuse(files.path, "has no compiled library: compile the model with compiled=True");
  }
  const std::filesystem::path path = files.where(manifest.compiled_file);
  expect(path, "platform", this_platform(), manifest.compiled_platform);
  const PrivateFile library{files.at(manifest.compiled_file)};  // the bytes that were hashed are the bytes that run
  try {
    return ForestModel::from_library(library.path(), manifest.feature_names.size(), manifest.classes.size(),
                                     rule_of(manifest.json), manifest.json.at("alpha").as_double());
  } catch (const std::invalid_argument& error) {
    refuse(path, error.what());
  }
}

}  // namespace

std::shared_ptr<const ForestModel> choose_engine(const ModelFiles& files, const Manifest& manifest, Engine engine) {
  ForestModel kernel = kernel_of(files, manifest);
  const bool fits = !manifest.compiled_file.empty() && manifest.compiled_platform == this_platform();
  if (engine == Engine::kCompiled || (engine == Engine::kCompiledIfThere && fits)) {
    return std::make_shared<const ForestModel>(library_of(files, manifest));
  }
  return std::make_shared<const ForestModel>(std::move(kernel));
}

}  // namespace hft::artifact
