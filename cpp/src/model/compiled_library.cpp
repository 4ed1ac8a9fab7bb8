#include "hft/model/compiled_library.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace hft::model {
namespace {

std::string last_loader_error() {
  const char* text = dlerror();
  return text != nullptr ? text : "the loader gave no reason";
}

void expect(const std::string& path, const char* what, std::size_t expected, std::size_t found) {
  if (expected == found) return;
  throw std::invalid_argument("ForestModel: " + path + ": " + what + " must be " + std::to_string(expected) +
                              ", was " + std::to_string(found));
}

}  // namespace

void CompiledLibrary::Unload::operator()(void* library) const noexcept { dlclose(library); }

CompiledLibrary::CompiledLibrary(const std::string& path, std::size_t n_features, std::size_t n_margins) {
  // Without a slash dlopen searches the system's folders instead of the path that was given.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  library_.reset(dlopen(file.c_str(), RTLD_LOCAL | RTLD_NOW));
  if (!library_) throw std::invalid_argument("ForestModel: cannot load " + path + ": " + last_loader_error());

  const auto* table = static_cast<const ForestTable*>(dlsym(library_.get(), kForestSymbol));
  if (table == nullptr) {
    throw std::invalid_argument("ForestModel: " + path + " has no symbol " + kForestSymbol + ": " +
                                last_loader_error());
  }
  expect(path, "abi", kForestAbi, table->abi);
  expect(path, "n_features", n_features, table->n_features);
  expect(path, "n_margins", n_margins, table->n_margins);
  if (table->add_margins == nullptr) {
    throw std::invalid_argument("ForestModel: " + path + ": " + kForestSymbol + ".add_margins is null");
  }
  add_margins_ = table->add_margins;
}

}  // namespace hft::model
