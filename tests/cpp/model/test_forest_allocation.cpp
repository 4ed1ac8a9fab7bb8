#include <gtest/gtest.h>

#include <vector>

#include "allocation_count.hpp"
#include "forest_bytes.hpp"
#include "forest_walk.hpp"
#include "hft/model/forest_model.hpp"

namespace hft::model {
namespace {

/// Shallow and deep trees, categories, and more slots than ranks may have, on every path.
TEST(ForestAllocation, PredictingAllocatesNothing) {
  const testing::Shape shapes[] = {
      {.n_features = 32, .n_margins = 3, .n_trees = 100},
      {.n_features = 8, .n_trees = 600, .max_depth = 12, .stop_frac = 0.3, .categorical_frac = 0.2},
      {.n_features = 400, .n_trees = 300, .max_depth = 6}};
  for (const testing::Shape& shape : shapes) {
    const Forest forest = testing::random_forest(shape, 1);
    const std::vector<std::byte> bytes = testing::bytes_of(forest);
    const std::vector<double> rows = testing::rows_for(forest, 9, 2);
    std::vector<double> scores(9 * shape.n_margins);
    for (const std::string& path : kernel_paths()) {
      const auto model = ForestModel::from_forest(bytes, shape.n_margins, OutputRule::kSoftmax, 1.0, path);
      const std::size_t before = hft::testing::n_allocations();
      for (int i = 0; i < 100; ++i) {
        model.predict_margins(rows, 9, scores);
        model.predict_probas(rows, 9, scores);
        model.predict_proba(std::span{rows}.first(shape.n_features), scores);
      }
      EXPECT_EQ(hft::testing::n_allocations(), before) << path;
    }
  }
}

}  // namespace
}  // namespace hft::model
