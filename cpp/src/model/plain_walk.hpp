#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/model/forest.hpp"
#include "margin_sums.hpp"

namespace hft::model {

/// Walks any forest, however many features, thresholds and levels it has: sixteen trees at a time, a compare of doubles
/// at each node. What the ranked kernel cannot hold comes here.
///
/// Cost: about 3 ns a level and tree; needs no scratch, whatever the size of forest and row.
class PlainWalk {
 public:
  explicit PlainWalk(const Forest& forest);

  /// `rows` holds n_rows times n_features values, `margins` n_rows times n_margins.
  void predict(const double* rows, std::size_t n_rows, double* margins) const noexcept;

 private:
  struct Node {
    double value;         // threshold, or leaf; a category split: 0
    std::uint32_t left;   // the right child comes after it; a leaf: itself
    std::uint32_t split;  // as in Forest::Node; a leaf: kLeaf
  };
  struct Tree {
    std::uint32_t root;
    std::uint32_t depth;
    std::uint32_t margin;
  };
  static constexpr std::uint32_t kLeaf = 1U << 29U;
  static constexpr std::size_t kSide = 16;  // trees that are walked side by side

  void add_tree(const Forest& forest, std::size_t tree);
  template <class Real>
  void predict_one(const double* row, double* margins) const noexcept;
  [[nodiscard]] bool goes_right(std::uint32_t node, const double* row) const noexcept;

  Forest shape_;  // without nodes: widths, bases and category sets
  MarginSums sums_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> categories_;  // of each node, where the forest has any
  std::vector<Tree> trees_;
};

}  // namespace hft::model
