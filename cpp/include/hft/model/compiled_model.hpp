#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "hft/model/model.hpp"
#include "hft/model/output_rule.hpp"

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
///
/// Cost per row: two compares and a branch per tree level, then the output rule; no allocation, no copy of the row.
/// NaN:  goes where the forest sends missing values.    Threads: any number may predict at once.
class CompiledModel {
 public:
  /// Cold path. Loads the library privately (RTLD_LOCAL | RTLD_NOW) and checks its shape. Throws std::invalid_argument
  /// that names the path, and the symbol or the number that does not fit.
  /// The loader goes by name: a library that replaced a loaded one under the same path is not seen. Name files by
  /// content.
  CompiledModel(const std::string& library_path, std::size_t n_features, std::size_t n_classes, OutputRule rule,
                double alpha);

  [[nodiscard]] std::size_t n_features() const noexcept { return n_features_; }
  [[nodiscard]] std::size_t n_margins() const noexcept { return n_margins_; }
  [[nodiscard]] std::size_t n_classes() const noexcept { return n_classes_; }
  [[nodiscard]] OutputRule output_rule() const noexcept { return rule_; }
  [[nodiscard]] double alpha() const noexcept { return alpha_; }

  /// `row` holds n_features() values, `margins` at least n_margins().
  void predict_margin(std::span<const double> row, std::span<double> margins) const noexcept {
    std::fill_n(margins.begin(), n_margins_, 0.0);  // the compiled code adds to what it finds
    add_margins_(row.data(), margins.data());
  }

  /// `row` holds n_features() values, `proba` at least n_classes(), which are all written.
  void predict_proba(std::span<const double> row, std::span<double> proba) const noexcept {
    predict_margin(row, proba);
    apply_output_rule(rule_, alpha_, proba.first(n_classes_));
  }

 private:
  struct Unload {
    void operator()(void* library) const noexcept;
  };
  std::unique_ptr<void, Unload> library_;
  void (*add_margins_)(const double*, double*) = nullptr;
  std::size_t n_features_;
  std::size_t n_margins_;
  std::size_t n_classes_;
  double alpha_;
  OutputRule rule_;
};
static_assert(Model<CompiledModel>);

}  // namespace hft::model
