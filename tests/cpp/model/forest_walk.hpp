#pragma once

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "hft/model/forest.hpp"

/// The slow twin: what a forest means, node by node, and rows that try its edges.
namespace hft::model::testing {

inline bool goes_left(const Forest& forest, const Forest::Node& node, double x) {
  if (std::isnan(x)) return node.default_left();
  if (!node.categorical()) return x <= node.value;
  if (x < 0.0 || x >= 2147483648.0) return false;
  const double whole = std::trunc(x);
  if (forest.whole_categories && whole != x) return false;
  const auto category = static_cast<std::size_t>(whole);
  const std::uint32_t* set = forest.category_words.data() + node.categories;
  return category / 32 < set[0] && ((set[1 + category / 32] >> (category % 32)) & 1U) != 0;
}

inline double leaf_of(const Forest& forest, std::size_t tree, const double* row) {
  const auto nodes = forest.tree(tree);
  std::size_t at = 0;
  while (!nodes[at].leaf()) {
    at = goes_left(forest, nodes[at], row[nodes[at].feature()]) ? nodes[at].left : nodes[at].right;
  }
  return nodes[at].value;
}

template <class Real>
double margin_of(const Forest& forest, std::size_t margin, const double* row) {
  const auto base = static_cast<Real>(forest.base[margin]);
  Real sum = forest.base_first ? base : Real{0};
  for (std::size_t t = 0; t < forest.n_trees(); ++t) {
    if (forest.margins[t] == margin) sum += static_cast<Real>(leaf_of(forest, t, row));
  }
  if (forest.divisor != 1.0) sum /= static_cast<Real>(forest.divisor);
  if (!forest.base_first) sum += base;
  return static_cast<double>(sum);
}

inline std::vector<double> walk(const Forest& forest, const std::vector<double>& rows, std::size_t n_rows) {
  std::vector<double> margins;
  for (std::size_t i = 0; i < n_rows; ++i) {
    const double* row = rows.data() + i * forest.n_features;
    for (std::size_t k = 0; k < forest.n_margins; ++k) {
      margins.push_back(forest.float32_sums ? margin_of<float>(forest, k, row) : margin_of<double>(forest, k, row));
    }
  }
  return margins;
}

/// Thresholds and their neighbours, categories, NaN, infinities, zeros of both signs, subnormals, and values between.
inline std::vector<double> rows_for(const Forest& forest, std::size_t n_rows, std::uint64_t seed) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kOdd[] = {0.0,   -0.0, kInf, -kInf, 5e-324,       -5e-324,      1e308, -1e308,
                             -0.5,  31.0, 32.0, 95.5,  2147483647.0, 2147483648.0, kNaN,  -kNaN};
  std::vector<std::vector<double>> thresholds(forest.n_features);
  for (const Forest::Node& node : forest.nodes) {
    if (!node.leaf() && !node.categorical()) thresholds[node.feature()].push_back(node.value);
  }
  std::mt19937_64 random{seed};
  std::vector<double> rows;
  for (std::size_t i = 0; i < n_rows; ++i) {
    for (std::uint32_t f = 0; f < forest.n_features; ++f) {
      const std::uint64_t draw = random();
      const auto& grid = thresholds[f];
      const double near = grid.empty() ? 0.0 : grid[(draw >> 8U) % grid.size()];
      switch (draw % 8) {
        case 0: rows.push_back(kOdd[(draw >> 8U) % std::size(kOdd)]); break;
        case 1: rows.push_back(near); break;
        case 2: rows.push_back(std::nextafter(near, kInf)); break;
        case 3: rows.push_back(std::nextafter(near, -kInf)); break;
        case 4: rows.push_back(static_cast<double>((draw >> 8U) % 100)); break;
        default: rows.push_back(std::normal_distribution<double>{}(random));
      }
    }
  }
  return rows;
}

}  // namespace hft::model::testing
