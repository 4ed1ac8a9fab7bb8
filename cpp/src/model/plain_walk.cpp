#include "plain_walk.hpp"

#include <algorithm>

namespace hft::model {

PlainWalk::PlainWalk(const Forest& forest) : sums_{forest} {
  shape_.n_features = forest.n_features;
  shape_.n_margins = forest.n_margins;
  shape_.whole_categories = forest.whole_categories;
  shape_.base = forest.base;
  shape_.category_words = forest.category_words;
  nodes_.reserve(forest.nodes.size());
  trees_.reserve(forest.n_trees());
  for (std::size_t t = 0; t < forest.n_trees(); ++t) add_tree(forest, t);
}

/// Level by level, so that brothers are neighbours.
void PlainWalk::add_tree(const Forest& forest, std::size_t tree) {
  const auto nodes = forest.tree(tree);
  const auto root = static_cast<std::uint32_t>(nodes_.size());
  std::vector<std::uint32_t> order{0};
  std::vector<std::uint32_t> depth{0};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Forest::Node& node = nodes[order[i]];
    if (node.leaf()) {
      nodes_.push_back({node.value, root + static_cast<std::uint32_t>(i), kLeaf});
    } else {
      nodes_.push_back({node.value, root + static_cast<std::uint32_t>(order.size()), node.split});
      order.insert(order.end(), {node.left, node.right});
      depth.insert(depth.end(), 2, depth[i] + 1);
    }
    if (!shape_.category_words.empty()) categories_.push_back(node.categories);
  }
  trees_.push_back({root, depth.back(), forest.margins[tree]});
}

inline bool PlainWalk::goes_right(std::uint32_t at, const double* row) const noexcept {
  const Node& node = nodes_[at];
  const double x = row[node.split & (kLeaf - 1)];
  const bool missing_left = (x != x) & ((node.split & Forest::kDefaultLeft) != 0);
  bool left = x <= node.value;
  if ((node.split & Forest::kCategorical) != 0) [[unlikely]] left = shape_.in_set(x, categories_[at]);
  return !(left | missing_left | ((node.split & kLeaf) != 0));
}

template <class Real>
void PlainWalk::predict_one(const double* row, double* margins) const noexcept {
  for (std::size_t k = 0; k < shape_.n_margins; ++k) margins[k] = sums_.start(shape_.base[k]);
  for (std::size_t first = 0; first < trees_.size(); first += kSide) {
    const std::size_t n = std::min(kSide, trees_.size() - first);
    const Tree* trees = trees_.data() + first;
    std::uint32_t at[kSide];
    std::uint32_t depth = 0;
    for (std::size_t i = 0; i < n; ++i) at[i] = trees[i].root, depth = std::max(depth, trees[i].depth);
    for (; depth > 0; --depth) {
      for (std::size_t i = 0; i < n; ++i) at[i] = nodes_[at[i]].left + (goes_right(at[i], row) ? 1 : 0);
    }
    for (std::size_t i = 0; i < n; ++i) {
      double& margin = margins[trees[i].margin];
      margin = static_cast<double>(static_cast<Real>(margin) + static_cast<Real>(nodes_[at[i]].value));
    }
  }
  for (std::size_t k = 0; k < shape_.n_margins; ++k) {
    margins[k] = sums_.finish(static_cast<Real>(margins[k]), shape_.base[k]);
  }
}

void PlainWalk::predict(const double* rows, std::size_t n_rows, double* margins) const noexcept {
  for (std::size_t i = 0; i < n_rows; ++i, rows += shape_.n_features, margins += shape_.n_margins) {
    sums_.float32 ? predict_one<float>(rows, margins) : predict_one<double>(rows, margins);
  }
}

}  // namespace hft::model
