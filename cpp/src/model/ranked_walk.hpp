#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "kernel_path.hpp"
#include "ranked_forest.hpp"

namespace hft::model {

/// Predicts with one path of the kernel: ranks of the row, paths through the tops of groups, what lies below them, and
/// the leaves in the order of their trees.
class RankedWalk {
 public:
  /// Null where none of the variants holds the forest. The plan is that of the forest.
  static std::shared_ptr<const RankedWalk> of(const Forest& forest, const RankPlan& plan,
                                              std::span<const KernelPath> variants);

  /// `rows` holds n_rows times n_features values, `margins` n_rows times n_margins.
  void predict(const double* rows, std::size_t n_rows, double* margins) const noexcept {
    const RankedForest& forest = *forest_;
    constexpr std::size_t kRows = KernelPath::kRows;
    for (; n_rows >= kRows; n_rows -= kRows, rows += kRows * forest.n_features, margins += kRows * forest.n_margins) {
      several_(*this, rows, margins);
    }
    for (; n_rows > 0; --n_rows, rows += forest.n_features, margins += forest.n_margins) one_(*this, rows, margins);
  }

 private:
  friend struct RowWalks;
  using Predict = void (*)(const RankedWalk& walk, const double* rows, double* margins) noexcept;

  std::shared_ptr<const RankedForest> forest_;
  KernelPath path_{};
  Predict one_ = nullptr;
  Predict several_ = nullptr;
};

}  // namespace hft::model
