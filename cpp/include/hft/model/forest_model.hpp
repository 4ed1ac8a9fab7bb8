#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/model/forest.hpp"
#include "hft/model/model.hpp"
#include "hft/model/output_rule.hpp"

namespace hft::model {

/// Ways through the kernel that this CPU can run, fastest first: of "vbmi", "avx512", "avx2" and "scalar".
[[nodiscard]] std::vector<std::string> kernel_paths();

/// A forest that predicts. Two engines with the same bits: the kernel, which walks `forest.bin` with the instructions
/// that this CPU has, and compiled, a library that the host's C compiler made of the forest.
///
/// Cost per row: one call through a pointer, then the forest (bench/cpp/bench_forest.cpp) and the output rule; no
/// allocation, no copy of the row.
/// NaN: goes where the forest sends missing values.    Threads: any number may predict at once; copies share a forest.
class ForestModel {
 public:
  /// Cold path. The kernel; `path` is one of kernel_paths(), and the fastest where it is empty and the variable
  /// HFTCORE_KERNEL does not name another. A path that cannot hold the forest leaves it to the next slower one.
  /// Throws std::invalid_argument for bytes that are no forest, a rule that does not fit it, a path that is none.
  [[nodiscard]] static ForestModel from_forest(std::span<const std::byte> forest_bin, std::size_t n_classes,
                                               OutputRule rule, double alpha, std::string_view path = "") {
    return from_forest(parse_forest(forest_bin), n_classes, rule, alpha, path);
  }
  /// The same, of a forest that was parsed.
  [[nodiscard]] static ForestModel from_forest(const Forest& forest, std::size_t n_classes, OutputRule rule,
                                               double alpha, std::string_view path = "");

  /// Cold path. Compiled; throws std::invalid_argument that names the path, and the symbol or number that does not fit.
  [[nodiscard]] static ForestModel from_library(const std::string& library_path, std::size_t n_features,
                                                std::size_t n_classes, OutputRule rule, double alpha);

  [[nodiscard]] std::size_t n_features() const noexcept { return n_features_; }
  [[nodiscard]] std::size_t n_margins() const noexcept { return n_margins_; }
  [[nodiscard]] std::size_t n_classes() const noexcept { return n_classes_; }
  [[nodiscard]] OutputRule output_rule() const noexcept { return rule_; }
  [[nodiscard]] double alpha() const noexcept { return alpha_; }
  /// "kernel" or "compiled".
  [[nodiscard]] std::string_view engine() const noexcept { return path_ == kCompiled ? kCompiled : "kernel"; }
  /// One of kernel_paths(), or "compiled".
  [[nodiscard]] std::string_view path() const noexcept { return path_; }

  /// `row` holds n_features() values, `margins` at least n_margins().
  void predict_margin(std::span<const double> row, std::span<double> margins) const noexcept {
    predict_(forest_.get(), row.data(), 1, margins.data());
  }

  /// `rows` holds n_rows times n_features() values, `margins` as many times n_margins(). The bits of predict_margin, in
  /// less time: rows share what is loaded.
  void predict_margins(std::span<const double> rows, std::size_t n_rows, std::span<double> margins) const noexcept {
    predict_(forest_.get(), rows.data(), n_rows, margins.data());
  }

  /// `row` holds n_features() values, `proba` at least n_classes(), which are all written.
  void predict_proba(std::span<const double> row, std::span<double> proba) const noexcept {
    predict_margin(row, proba);
    apply_output_rule(rule_, alpha_, proba.first(n_classes_));
  }

  /// `proba` holds n_rows times n_classes() values; the bits of predict_proba.
  void predict_probas(std::span<const double> rows, std::size_t n_rows, std::span<double> proba) const noexcept;

  /// What n_rows times n_margins() margins come to. `scores` holds n_rows times n_classes() values; the margins may be
  /// the last of them.
  void scores_of(std::span<const double> margins, std::size_t n_rows, std::span<double> scores) const noexcept;

 private:
  static constexpr std::string_view kCompiled = "compiled";

  ForestModel(std::size_t n_features, std::size_t n_classes, OutputRule rule, double alpha);
  template <class Walk>
  void walk_with(std::shared_ptr<const Walk> walk, std::string_view path);

  std::shared_ptr<const void> forest_;
  void (*predict_)(const void* forest, const double* rows, std::size_t n_rows, double* margins) noexcept = nullptr;
  std::size_t n_features_;
  std::size_t n_margins_;
  std::size_t n_classes_;
  double alpha_;
  OutputRule rule_;
  std::string_view path_;  // of a literal
};
static_assert(Model<ForestModel>);

}  // namespace hft::model
