#include "hft/model/compiled_model.hpp"

#include <dlfcn.h>

#include <cmath>
#include <stdexcept>

namespace hft::model {
namespace {

std::string last_loader_error() {
  const char* text = dlerror();
  return text != nullptr ? text : "the loader gave no reason";
}

void expect(const std::string& path, const char* what, std::size_t expected, std::size_t found) {
  if (expected == found) return;
  throw std::invalid_argument("CompiledModel: " + path + ": " + what + " must be " + std::to_string(expected) +
                              ", was " + std::to_string(found));
}

}  // namespace

void CompiledModel::Unload::operator()(void* library) const noexcept { dlclose(library); }

CompiledModel::CompiledModel(const std::string& library_path, std::size_t n_features, std::size_t n_classes,
                             OutputRule rule, double alpha)
    : n_features_{n_features},
      n_margins_{n_margins_of(rule, n_classes)},
      n_classes_{n_classes},
      alpha_{alpha},
      rule_{rule} {
  if (n_classes == 0) throw std::invalid_argument("CompiledModel: n_classes must be >= 1, was 0");
  if (rule == OutputRule::kSigmoid) expect(library_path, "n_classes under the rule sigmoid", 2, n_classes);
  if (!(std::isfinite(alpha) && alpha > 0.0)) {
    throw std::invalid_argument("CompiledModel: alpha must be finite and > 0, was " + std::to_string(alpha));
  }
  // Without a slash dlopen searches the system's folders instead of the path that was given.
  const std::string file = library_path.find('/') == std::string::npos ? "./" + library_path : library_path;
  library_.reset(dlopen(file.c_str(), RTLD_LOCAL | RTLD_NOW));
  if (!library_) throw std::invalid_argument("CompiledModel: cannot load " + library_path + ": " + last_loader_error());

  const auto* table = static_cast<const ForestTable*>(dlsym(library_.get(), kForestSymbol));
  if (table == nullptr) {
    throw std::invalid_argument("CompiledModel: " + library_path + " has no symbol " + kForestSymbol + ": " +
                                last_loader_error());
  }
  expect(library_path, "abi", kForestAbi, table->abi);
  expect(library_path, "n_features", n_features_, table->n_features);
  expect(library_path, "n_margins", n_margins_, table->n_margins);
  if (table->add_margins == nullptr) {
    throw std::invalid_argument("CompiledModel: " + library_path + ": " + kForestSymbol + ".add_margins is null");
  }
  add_margins_ = table->add_margins;
}

}  // namespace hft::model
