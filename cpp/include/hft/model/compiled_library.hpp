#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace hft::model {

/// The one symbol that a compiled forest exports, `hft_forest`. The generated C declares the same struct.
struct ForestTable {
  std::uint32_t abi;         // kForestAbi
  std::uint32_t n_features;  // length of a row; NaN is the missing value
  std::uint32_t n_margins;
  std::uint32_t reserved;
  void (*add_margins)(const double* row, double* margins);  // adds the sum of leaves to margins
};
inline constexpr std::uint32_t kForestAbi = 1;
inline constexpr const char* kForestSymbol = "hft_forest";
static_assert(sizeof(ForestTable) == 24, "the generated C has this layout: another one is another abi");

/// A forest that the host's C compiler turned into a shared library.
class CompiledLibrary {
 public:
  /// Cold path. Loads the library privately (RTLD_LOCAL | RTLD_NOW) and checks its shape. Throws std::invalid_argument
  /// that names the path, and the symbol or the number that does not fit.
  /// The loader goes by name: a library that replaced a loaded one under the same path is not seen. Name files by
  /// content.
  CompiledLibrary(const std::string& path, std::size_t n_features, std::size_t n_margins);

  /// Adds to what it finds.
  void add_margins(const double* row, double* margins) const noexcept { add_margins_(row, margins); }

 private:
  struct Unload {
    void operator()(void* library) const noexcept;
  };
  std::unique_ptr<void, Unload> library_;
  void (*add_margins_)(const double*, double*) = nullptr;
};

}  // namespace hft::model
