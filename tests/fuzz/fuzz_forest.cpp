#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "fuzz_messages.hpp"
#include "hft/model/forest.hpp"
#include "hft/model/forest_model.hpp"

namespace {

using namespace hft;
using model::Forest;

/// Each feature at a threshold of its own, beside it, at a small whole number, or missing.
std::vector<double> rows_of(const Forest& forest, std::size_t n_rows) {
  std::vector<double> rows(n_rows * forest.n_features, std::numeric_limits<double>::quiet_NaN());
  std::size_t turn = 0;
  for (const Forest::Node& node : forest.nodes) {
    if (node.leaf()) continue;
    const double beside[] = {node.value, std::nextafter(node.value, HUGE_VAL), std::nextafter(node.value, -HUGE_VAL),
                             static_cast<double>(turn % 70), static_cast<double>(turn % 70) + 0.5};
    rows[turn % n_rows * forest.n_features + node.feature()] = beside[turn % std::size(beside)];
    ++turn;
  }
  return rows;
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

double leaf_of(const Forest& forest, std::size_t tree, const double* row) {
  const auto nodes = forest.tree(tree);
  std::size_t at = 0;
  while (!nodes[at].leaf()) {
    const double x = row[nodes[at].feature()];
    const bool left = nodes[at].categorical() ? forest.in_set(x, nodes[at].categories) : x <= nodes[at].value;
    at = (std::isnan(x) ? nodes[at].default_left() : left) ? nodes[at].left : nodes[at].right;
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
  return static_cast<double>(forest.base_first ? sum : sum + base);
}

}  // namespace

/// Bytes are refused, or a forest that every path of the kernel gives the same margins.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  const auto bytes = std::as_bytes(std::span{data, n_bytes});
  Forest forest;
  try {
    forest = model::parse_forest(bytes);
  } catch (const std::invalid_argument&) {  // may be refused, in no other way
    return 0;
  }
  if (forest.n_features > 4'096 || forest.n_margins > 64) return 0;  // long rows alone
  constexpr std::size_t kRows = 7;
  const std::vector<double> rows = rows_of(forest, kRows);
  std::vector<double> margins(kRows * forest.n_margins);
  for (const std::string& path : model::kernel_paths()) {
    const auto walked =
        model::ForestModel::from_forest(bytes, forest.n_margins, model::OutputRule::kIdentity, 1.0, path);
    walked.predict_margins(rows, kRows, margins);
    for (std::size_t i = 0; i < margins.size(); ++i) {
      const double* row = rows.data() + i / forest.n_margins * forest.n_features;
      const double expected = forest.float32_sums ? margin_of<float>(forest, i % forest.n_margins, row)
                                                  : margin_of<double>(forest, i % forest.n_margins, row);
      fuzz::require(same(margins[i], expected), "a path gives other bits");
    }
  }
  return 0;
}
