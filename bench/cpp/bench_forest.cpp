// Every decision waits for one row of a forest, and every batch of scores is many: a slower number here is latency of
// the daemon or time of a Spark job. No row comes twice in a short time, so branches are not learnt. Rival: the walk
// that one writes first, a tree after the other, with a branch at each node.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "hft/model/forest.hpp"
#include "hft/model/forest_model.hpp"

namespace {

using hft::model::Forest;
using hft::model::ForestModel;

constexpr std::size_t kRows = 1 << 15;

/// Trees as boosting grows them: on histograms of 254 thresholds a feature; complete, or leaf by leaf.
Forest make_forest(std::size_t n_trees, std::size_t n_leaves, std::uint32_t n_features, std::uint32_t n_margins,
                   bool leaf_wise) {
  std::mt19937_64 random{7};
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> grid(n_features, std::vector<double>(254));
  for (auto& thresholds : grid) std::ranges::generate(thresholds, [&] { return normal(random); });
  Forest forest;
  forest.n_features = n_features, forest.n_margins = n_margins;
  forest.base.assign(n_margins, 0.25);
  forest.first_nodes = {0};
  for (std::size_t t = 0; t < n_trees; ++t) {
    const std::size_t first = forest.nodes.size();
    std::vector<std::uint32_t> open{0};  // leaves so far
    forest.nodes.push_back({normal(random), Forest::kNone, Forest::kNone, 0, 0});
    for (std::size_t n = 1; n < n_leaves; ++n) {
      // Leaf by leaf: of three leaves drawn, the first made, because splits near the root gain most.
      std::size_t at = 0;
      if (leaf_wise) at = std::min({random() % open.size(), random() % open.size(), random() % open.size()});
      Forest::Node& node = forest.nodes[first + open[at]];
      const auto feature = static_cast<std::uint32_t>(random() % n_features);
      node.left = static_cast<std::uint32_t>(forest.nodes.size() - first);
      node.right = node.left + 1;
      node.value = grid[feature][random() % 254];
      node.split = feature | (feature % 2 == 0 ? Forest::kDefaultLeft : 0);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      open.insert(open.end(), {node.left, node.right});
      for (int side = 0; side < 2; ++side) forest.nodes.push_back({normal(random), Forest::kNone, Forest::kNone, 0, 0});
    }
    forest.first_nodes.push_back(static_cast<std::uint32_t>(forest.nodes.size()));
    forest.margins.push_back(static_cast<std::uint32_t>(t % n_margins));
  }
  return forest;
}

template <class T>
void append(std::vector<std::byte>& bytes, const T* items, std::size_t n) {
  const std::size_t at = bytes.size();
  bytes.resize((at + n * sizeof(T) + 7) / 8 * 8);
  std::memcpy(bytes.data() + at, items, n * sizeof(T));
}

std::vector<std::byte> bytes_of(const Forest& forest) {
  std::vector<std::byte> bytes;
  append(bytes, "HFTFRST1", 8);
  const std::uint32_t counts[] = {forest.n_features, forest.n_margins, static_cast<std::uint32_t>(forest.n_trees()), 0};
  const std::uint64_t sizes[] = {forest.nodes.size(), 0};
  append(bytes, counts, 4), append(bytes, sizes, 2), append(bytes, &forest.divisor, 1);
  bytes.resize(64);
  append(bytes, forest.base.data(), forest.base.size());
  append(bytes, forest.first_nodes.data(), forest.first_nodes.size());
  append(bytes, forest.margins.data(), forest.margins.size());
  append(bytes, forest.nodes.data(), forest.nodes.size());
  return bytes;
}

/// The rival.
void walk(const Forest& forest, const double* row, double* margins) {
  std::fill_n(margins, forest.n_margins, 0.0);
  for (std::size_t t = 0; t < forest.n_trees(); ++t) {
    const Forest::Node* tree = forest.nodes.data() + forest.first_nodes[t];
    const Forest::Node* node = tree;
    while (!node->leaf()) {
      const double x = row[node->feature()];
      node = tree + ((x <= node->value || (x != x && node->default_left())) ? node->left : node->right);
    }
    margins[forest.margins[t]] += node->value;
  }
  for (std::size_t k = 0; k < forest.n_margins; ++k) margins[k] += forest.base[k];
}

struct Case {
  Forest forest;
  std::vector<double> rows;
  std::vector<double> expected;

  explicit Case(Forest made) : forest{std::move(made)} {
    std::mt19937_64 random{11};
    std::normal_distribution<double> normal;
    rows.resize(kRows * forest.n_features);
    std::ranges::generate(rows, [&] { return random() % 64 == 0 ? __builtin_nan("") : normal(random); });
    expected.resize(kRows * forest.n_margins);
    for (std::size_t i = 0; i < kRows; ++i) {
      walk(forest, &rows[i * forest.n_features], &expected[i * forest.n_margins]);
    }
  }
};

const Case& case_of(std::int64_t number) {
  switch (number) {
    case 0: {
      static const Case kCase{make_forest(100, 32, 32, 1, false)};
      return kCase;
    }
    case 1: {
      static const Case kCase{make_forest(300, 32, 32, 3, false)};
      return kCase;
    }
    default: {
      static const Case kCase{make_forest(500, 64, 64, 1, true)};
      return kCase;
    }
  }
}
constexpr const char* kCases[] = {"100_trees_x_32_leaves_x_32_features", "300_trees_x_32_leaves_3_margins",
                                  "500_trees_x_64_leaves_x_64_features"};

/// One row after the other, each timed: the median, and the row that one in a hundred is slower than. The clock's own
/// time, measured in the same loop, is taken off.
template <class Predict>
void one_row(benchmark::State& state, const Case& c, Predict predict) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  std::vector<double> times_ns;
  double clock_ns = 1e9;
  std::vector<double> margins(c.forest.n_margins);
  std::size_t i = 0;
  for (auto _ : state) {
    const auto before = now();
    predict(&c.rows[i * c.forest.n_features], margins.data());
    benchmark::DoNotOptimize(margins.data());
    benchmark::ClobberMemory();
    const auto after = now();
    times_ns.push_back(std::chrono::duration<double, std::nano>(after - before).count());
    clock_ns = std::min(clock_ns, std::chrono::duration<double, std::nano>(now() - after).count());
    if (std::memcmp(margins.data(), &c.expected[i * c.forest.n_margins], sizeof(double) * margins.size()) != 0) {
      state.SkipWithError("other bits");
      break;
    }
    i = (i + 1) % kRows;
  }
  std::ranges::sort(times_ns);
  if (times_ns.empty()) return;
  state.counters["p50_ns"] = times_ns[times_ns.size() / 2] - clock_ns;
  state.counters["p99_ns"] = times_ns[times_ns.size() * 99 / 100] - clock_ns;
}

void BM_one_row(benchmark::State& state, const std::string& path, std::int64_t number) {
  const Case& c = case_of(number);
  const auto model = ForestModel::from_forest(bytes_of(c.forest), c.forest.n_margins,
                                              hft::model::OutputRule::kIdentity, 1.0, path);
  if (model.path() != path) return state.SkipWithError("the path does not hold this forest");
  one_row(state, c, [&](const double* row, double* margins) {
    model.predict_margin({row, c.forest.n_features}, {margins, c.forest.n_margins});
  });
}

void BM_batch(benchmark::State& state, const std::string& path, std::int64_t number) {
  const Case& c = case_of(number);
  const auto model = ForestModel::from_forest(bytes_of(c.forest), c.forest.n_margins,
                                              hft::model::OutputRule::kIdentity, 1.0, path);
  std::vector<double> margins(c.expected.size());
  const auto began = std::chrono::steady_clock::now();
  for (auto _ : state) {
    model.predict_margins(c.rows, kRows, margins);
    benchmark::DoNotOptimize(margins.data());
    benchmark::ClobberMemory();
  }
  if (std::memcmp(margins.data(), c.expected.data(), sizeof(double) * margins.size()) != 0) {
    state.SkipWithError("other bits");
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  state.counters["row_ns"] = took.count() / static_cast<double>(kRows) / static_cast<double>(state.iterations());
}

void BM_rival(benchmark::State& state, std::int64_t number) {
  const Case& c = case_of(number);
  one_row(state, c, [&](const double* row, double* margins) { walk(c.forest, row, margins); });
}

const bool kRegistered = [] {
  for (std::int64_t number = 0; number < 3; ++number) {
    const std::string name = kCases[number];
    for (const std::string& path : hft::model::kernel_paths()) {
      benchmark::RegisterBenchmark(("one_row/" + name + "/" + path).c_str(), BM_one_row, path, number);
      benchmark::RegisterBenchmark(("batch/" + name + "/" + path).c_str(), BM_batch, path, number);
    }
    benchmark::RegisterBenchmark(("one_row/" + name + "/rival_plain_walk").c_str(), BM_rival, number);
  }
  return true;
}();

}  // namespace
