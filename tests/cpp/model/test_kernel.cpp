#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "lanes_emulated.hpp"
// After the attribute that it needs:
#include "forest_bytes.hpp"
#include "forest_walk.hpp"
#include "hft/model/forest_model.hpp"
#include "lane_walk.hpp"
#include "plain_walk.hpp"
#include "ranked_walk.hpp"

namespace hft::model {
namespace {

using testing::Shape;

template <std::size_t Width>
std::span<const KernelPath> emulated_paths() {
  static constexpr std::array<KernelPath, 1> kPaths{
      lane_path<EmulatedLanes<Width>, SearchByCounts<EmulatedCount>, 6>(RankTable::kMaxSlots)};
  return kPaths;
}

std::size_t first_difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::size_t i = 0;
  while (i < a.size() && std::bit_cast<std::uint64_t>(a[i]) == std::bit_cast<std::uint64_t>(b[i])) ++i;
  return i;
}

template <class Walk>
void expect_same(const Walk& walk, const std::string& name, const std::vector<double>& rows, std::size_t n_rows,
                 std::size_t n_features, std::size_t n_margins, const std::vector<double>& expected) {
  std::vector<double> together(n_rows * n_margins, 7.0);
  walk.predict(rows.data(), n_rows, together.data());
  const std::size_t at = first_difference(together, expected);
  ASSERT_EQ(at, expected.size()) << name << ": row " << at / n_margins << " gave " << together[at] << ", expected "
                                 << expected[at];
  std::vector<double> alone(n_rows * n_margins, 7.0);
  for (std::size_t i = 0; i < n_rows; ++i) {
    walk.predict(rows.data() + i * n_features, 1, alone.data() + i * n_margins);
  }
  ASSERT_EQ(first_difference(alone, expected), expected.size()) << name << ", one by one";
}

/// Every path that this CPU has, the emulated ones and the plain walk give the bits of the slow twin.
void check(const Shape& shape, std::uint64_t seed, std::size_t n_rows) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(shape.n_trees) + " trees of depth " +
               std::to_string(shape.max_depth) + ", " + std::to_string(shape.n_features) + " features");
  const Forest forest = parse_forest(testing::bytes_of(testing::random_forest(shape, seed)));
  const std::vector<double> rows = testing::rows_for(forest, n_rows, seed + 1);
  const std::vector<double> expected = testing::walk(forest, rows, n_rows);
  const auto same = [&](const auto& walk, const std::string& name) {
    expect_same(walk, name, rows, n_rows, forest.n_features, forest.n_margins, expected);
  };
  same(PlainWalk{forest}, "plain");
  const std::pair<const char*, std::span<const KernelPath>> paths[] = {
      {"scalar", scalar_paths()}, {"avx2", avx2_paths()}, {"avx512", avx512_paths()}, {"vbmi", vbmi_paths()},
      {"emulated 32", emulated_paths<32>()}, {"emulated 64", emulated_paths<64>()}};
  const auto plan = RankPlan::of(forest);
  if (!plan) return;  // more slots than there may be: the plain walk's alone
  for (const auto& [name, variants] : paths) {
    // Every variant that holds the forest, not the first alone.
    for (std::size_t i = 0; i < variants.size(); ++i) {
      if (const auto walk = RankedWalk::of(forest, *plan, variants.subspan(i, 1))) {
        same(*walk, name + (" up to " + std::to_string(variants[i].max_slots) + " slots"));
      }
    }
  }
}

TEST(Kernel, CompleteTreesOfEveryDepth) {
  for (std::uint32_t depth = 0; depth <= 10; ++depth) {
    for (const std::size_t n_trees : {1U, 2U, 31U, 33U, 100U}) {
      check({.n_features = 5, .n_trees = n_trees, .max_depth = depth}, depth * 100 + n_trees, 37);
    }
  }
}

TEST(Kernel, UnevenTrees) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    check({.n_features = 1 + static_cast<std::uint32_t>(seed * 3),
           .n_trees = 1 + (seed * 37) % 160,
           .max_depth = static_cast<std::uint32_t>(seed % 21),
           .stop_frac = 0.35},
          seed, 50);
  }
}

TEST(Kernel, ManyTrees) {
  check({.n_features = 60, .n_trees = 600, .max_depth = 7, .stop_frac = 0.1}, 1, 20);
  check({.n_features = 60, .n_trees = 1'100, .max_depth = 12, .stop_frac = 0.4}, 2, 20);
}

TEST(Kernel, FewThresholdsAndMany) {
  for (const std::size_t n_thresholds : {1U, 2U, 3U, 4U, 7U, 8U, 15U, 16U, 31U, 32U, 63U, 64U, 127U, 128U, 255U, 256U,
                                         400U, 1'000U}) {
    check({.n_features = 3, .n_trees = 60, .max_depth = 6, .n_thresholds = n_thresholds}, n_thresholds, 60);
    check({.n_features = 3, .n_trees = 60, .max_depth = 6, .n_thresholds = n_thresholds, .both_defaults = false},
          n_thresholds, 60);
  }
  check({.n_features = 2, .n_trees = 300, .max_depth = 8, .n_thresholds = 0}, 5, 30);  // more slots than there may be
}

TEST(Kernel, NanAboveAllPivotsReadsNothingPastTheThresholds) {
  for (const std::size_t n_trees : {15U, 16U, 31U, 32U, 63U, 64U}) {
    Forest forest = testing::random_forest({.n_features = 1, .n_trees = n_trees, .max_depth = 1}, n_trees);
    double threshold = 0.0;
    for (Forest::Node& node : forest.nodes) {
      if (node.leaf()) continue;
      node.split = 0;  // missing goes right
      node.value = threshold++;
    }
    forest = parse_forest(testing::bytes_of(forest));
    const std::vector<double> rows{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()};
    const std::vector<double> expected = testing::walk(forest, rows, 2);
    const auto plan = RankPlan::of(forest);
    for (const auto& variants : {scalar_paths(), avx2_paths(), avx512_paths(), vbmi_paths(), emulated_paths<64>()}) {
      if (variants.empty()) continue;
      expect_same(*RankedWalk::of(forest, *plan, variants), "stumps", rows, 2, 1, forest.n_margins, expected);
    }
  }
}

TEST(Kernel, ManyFeatures) {
  for (const std::uint32_t n_features : {16U, 17U, 32U, 33U, 64U, 65U, 100U, 128U, 129U, 200U, 256U, 257U, 300U}) {
    check({.n_features = n_features, .n_trees = 200, .max_depth = 6, .both_defaults = false}, n_features, 25);
  }
}

TEST(Kernel, SeveralMargins) {
  for (const std::uint32_t n_margins : {2U, 3U, 4U, 5U, 9U}) {
    for (const std::size_t n_trees : {1U, 2U, 7U, 30U, 89U, 96U, 180U, 600U}) {
      check({.n_margins = n_margins, .n_trees = n_trees, .max_depth = 4}, n_margins * 1'000 + n_trees, 21);
      check({.n_margins = n_margins, .n_trees = n_trees, .max_depth = 9, .stop_frac = 0.3}, n_margins + n_trees, 21);
    }
  }
}

TEST(Kernel, OrdersOfSums) {
  for (unsigned flags = 0; flags < 8; ++flags) {
    for (const double divisor : {1.0, 3.0}) {
      for (const std::uint32_t n_margins : {1U, 3U}) {
        check({.n_margins = n_margins, .n_trees = 90, .categorical_frac = 0.2, .float32_sums = (flags & 1U) != 0,
               .base_first = (flags & 2U) != 0, .whole_categories = (flags & 4U) != 0, .divisor = divisor},
              flags, 40);
      }
    }
  }
}

TEST(Kernel, Categories) {
  for (const double frac : {0.1, 0.5, 1.0}) {
    check({.n_features = 6, .n_trees = 50, .max_depth = 6, .categorical_frac = frac}, 11, 200);
    check({.n_features = 6, .n_trees = 50, .max_depth = 12, .stop_frac = 0.3, .categorical_frac = frac}, 12, 200);
  }
}

TEST(Kernel, AnyNumberOfRows) {
  for (std::size_t n_rows = 1; n_rows <= 20; ++n_rows) check({.n_trees = 40}, n_rows, n_rows);
  check({.n_trees = 40}, 3, 1'000);
}

TEST(Kernel, AForestWithoutTreesIsItsBase) {
  check({.n_margins = 2, .n_trees = 0}, 4, 9);
  check({.n_margins = 1, .n_trees = 0, .base_first = true}, 4, 9);
}

TEST(Kernel, MinusZeroIsTheSumsZero) {
  Forest forest = testing::random_forest({.n_trees = 1, .max_depth = 0}, 1);
  forest.nodes[0].value = -0.0;
  forest.base[0] = -0.0;
  const std::vector<std::byte> bytes = testing::bytes_of(forest);
  forest.base_first = true;
  const std::vector<std::byte> base_first = testing::bytes_of(forest);
  for (const std::string& path : kernel_paths()) {
    double margin = 1.0;
    const std::vector<double> row(forest.n_features);
    ForestModel::from_forest(bytes, 1, OutputRule::kIdentity, 1.0, path).predict_margin(row, {&margin, 1});
    EXPECT_FALSE(std::signbit(margin)) << path;
    ForestModel::from_forest(base_first, 1, OutputRule::kIdentity, 1.0, path).predict_margin(row, {&margin, 1});
    EXPECT_TRUE(std::signbit(margin)) << path;
  }
}

}  // namespace
}  // namespace hft::model
