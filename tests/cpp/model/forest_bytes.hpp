#pragma once

#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "hft/model/forest.hpp"

/// The writer of `forest.bin` for tests, and a maker of forests of any shape.
namespace hft::model::testing {

template <class T>
void append(std::vector<std::byte>& bytes, std::span<const T> items) {
  const auto raw = std::as_bytes(items);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
  bytes.resize((bytes.size() + 7) / 8 * 8);
}

template <class T>
void append_one(std::vector<std::byte>& bytes, T value) {
  const auto raw = std::as_bytes(std::span{&value, 1});
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

inline std::vector<std::byte> bytes_of(const Forest& forest) {
  std::vector<std::byte> bytes;
  append(bytes, std::span{"HFTFRST1", 8});
  append_one(bytes, forest.n_features);
  append_one(bytes, forest.n_margins);
  append_one(bytes, static_cast<std::uint32_t>(forest.n_trees()));
  append_one(bytes, (forest.float32_sums ? 1U : 0U) | (forest.base_first ? 2U : 0U) |
                        (forest.whole_categories ? 4U : 0U));
  append_one(bytes, std::uint64_t{forest.nodes.size()});
  append_one(bytes, std::uint64_t{forest.category_words.size()});
  append_one(bytes, forest.divisor);
  bytes.resize(64);
  append(bytes, std::span<const double>{forest.base});
  append(bytes, std::span<const std::uint32_t>{forest.first_nodes});
  append(bytes, std::span<const std::uint32_t>{forest.margins});
  append(bytes, std::span<const Forest::Node>{forest.nodes});
  append(bytes, std::span<const std::uint32_t>{forest.category_words});
  return bytes;
}

/// What random_forest makes.
struct Shape {
  std::uint32_t n_features = 4;
  std::uint32_t n_margins = 1;
  std::size_t n_trees = 10;
  std::uint32_t max_depth = 5;
  double stop_frac = 0.0;           // of the nodes above max_depth that are leaves
  std::size_t n_thresholds = 50;    // that a feature's splits draw from; 0: each its own
  double categorical_frac = 0.0;    // of the splits
  bool both_defaults = true;        // else all of a feature's missing values go one way
  bool float32_sums = false, base_first = false, whole_categories = false;
  double divisor = 1.0;
};

class ForestMaker {
 public:
  ForestMaker(const Shape& shape, std::uint64_t seed) : shape_{shape}, random_{seed} {}

  Forest make() {
    forest_.n_features = shape_.n_features;
    forest_.n_margins = shape_.n_margins;
    forest_.float32_sums = shape_.float32_sums;
    forest_.base_first = shape_.base_first;
    forest_.whole_categories = shape_.whole_categories;
    forest_.divisor = shape_.divisor;
    for (std::uint32_t k = 0; k < shape_.n_margins; ++k) forest_.base.push_back(leaf_value());
    make_grids();
    if (shape_.categorical_frac > 0.0) make_sets();
    forest_.first_nodes = {0};
    for (std::size_t t = 0; t < shape_.n_trees; ++t) {
      tree_.clear();
      grow(0);
      forest_.nodes.insert(forest_.nodes.end(), tree_.begin(), tree_.end());
      forest_.first_nodes.push_back(static_cast<std::uint32_t>(forest_.nodes.size()));
      const bool round_robin = shape_.n_trees % 2 == 0;  // else any margin, so that some have more trees than others
      forest_.margins.push_back(
          static_cast<std::uint32_t>(round_robin ? t % shape_.n_margins : below(shape_.n_margins)));
    }
    return forest_;
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_); }
  bool chance(double frac) { return std::uniform_real_distribution<double>{}(random_) < frac; }

  double leaf_value() {
    const double value = std::normal_distribution<double>{}(random_);
    return shape_.float32_sums ? static_cast<double>(static_cast<float>(value)) : value;
  }

  double threshold() {
    constexpr double kOdd[] = {0.0, -0.0, 5e-324, -5e-324, 1e308, std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity()};
    return chance(0.02) ? kOdd[below(std::size(kOdd))] : std::normal_distribution<double>{}(random_);
  }

  void make_grids() {
    grids_.resize(shape_.n_features);
    for (auto& grid : grids_) {
      for (std::size_t i = 0; i < shape_.n_thresholds; ++i) grid.push_back(threshold());
    }
  }

  void make_sets() {
    for (int i = 0; i < 6; ++i) {
      sets_.push_back(static_cast<std::uint32_t>(forest_.category_words.size()));
      const std::size_t n_words = 1 + below(3);
      forest_.category_words.push_back(static_cast<std::uint32_t>(n_words));
      for (std::size_t w = 0; w < n_words; ++w) {
        forest_.category_words.push_back(static_cast<std::uint32_t>(random_()));
      }
    }
  }

  std::uint32_t grow(std::uint32_t depth) {
    const auto at = static_cast<std::uint32_t>(tree_.size());
    if (depth == shape_.max_depth || chance(shape_.stop_frac)) {
      tree_.push_back({leaf_value(), Forest::kNone, Forest::kNone, 0, 0});
      return at;
    }
    const auto feature = static_cast<std::uint32_t>(below(shape_.n_features));
    Forest::Node node{0.0, 0, 0, feature, 0};
    if (shape_.both_defaults ? chance(0.5) : feature % 2 == 0) node.split |= Forest::kDefaultLeft;
    if (!sets_.empty() && chance(shape_.categorical_frac)) {
      node.split |= Forest::kCategorical;
      node.categories = sets_[below(sets_.size())];
    } else {
      node.value = grids_[feature].empty() ? threshold() : grids_[feature][below(grids_[feature].size())];
    }
    tree_.push_back(node);
    const std::uint32_t left = grow(depth + 1);
    const std::uint32_t right = grow(depth + 1);
    tree_[at].left = left, tree_[at].right = right;
    return at;
  }

  Shape shape_;
  std::mt19937_64 random_;
  Forest forest_;
  std::vector<std::vector<double>> grids_;
  std::vector<std::uint32_t> sets_;
  std::vector<Forest::Node> tree_;
};

inline Forest random_forest(const Shape& shape, std::uint64_t seed) { return ForestMaker{shape, seed}.make(); }

}  // namespace hft::model::testing
