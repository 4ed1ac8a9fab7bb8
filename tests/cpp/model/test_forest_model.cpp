#include "hft/model/forest_model.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "forest_bytes.hpp"
#include "forest_walk.hpp"

namespace hft::model {
namespace {

std::vector<std::byte> three_margins() {
  return testing::bytes_of(testing::random_forest({.n_features = 6, .n_margins = 3, .n_trees = 30}, 1));
}

ForestModel model_of(const std::vector<std::byte>& bytes, OutputRule rule = OutputRule::kSoftmax,
                     std::size_t n_classes = 3, double alpha = 1.0, std::string_view path = "") {
  return ForestModel::from_forest(bytes, n_classes, rule, alpha, path);
}

template <class Make>
void expect_error(const std::string& words, Make make) {
  try {
    (void)make();
    ADD_FAILURE() << "expected: " << words;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(words), std::string::npos) << error.what();
  }
}

/// Sets a variable of the environment for as long as it lives.
class Forced {
 public:
  explicit Forced(const char* path) { ::setenv("HFTCORE_KERNEL", path, 1); }
  ~Forced() { ::unsetenv("HFTCORE_KERNEL"); }
  Forced(const Forced&) = delete;
  Forced& operator=(const Forced&) = delete;
};

TEST(ForestModel, SaysWhatItIs) {
  const ForestModel model = model_of(three_margins(), OutputRule::kOneVsRestNormalised, 3, 2.0);
  EXPECT_EQ(model.n_features(), 6U);
  EXPECT_EQ(model.n_margins(), 3U);
  EXPECT_EQ(model.n_classes(), 3U);
  EXPECT_EQ(model.alpha(), 2.0);
  EXPECT_EQ(model.output_rule(), OutputRule::kOneVsRestNormalised);
  EXPECT_EQ(model.engine(), "kernel");
  EXPECT_EQ(model.path(), kernel_paths().front());
}

TEST(ForestModel, APathIsChosenByNameOrByTheEnvironment) {
  EXPECT_EQ(kernel_paths().back(), "scalar");
  for (const std::string& path : kernel_paths()) {
    EXPECT_EQ(model_of(three_margins(), OutputRule::kSoftmax, 3, 1.0, path).path(), path);
    const Forced forced{path.c_str()};
    EXPECT_EQ(model_of(three_margins()).path(), path);
  }
  const Forced forced{"abacus"};
  expect_error("HFTCORE_KERNEL must be one that this CPU can run", [] { return model_of(three_margins()); });
  EXPECT_EQ(model_of(three_margins(), OutputRule::kSoftmax, 3, 1.0, "scalar").path(), "scalar");
}

TEST(ForestModel, AForestThatNoPathHoldsIsWalkedAllTheSame) {
  const Forest wide = testing::random_forest({.n_features = 500, .n_trees = 100, .max_depth = 6}, 4);
  const std::vector<double> rows = testing::rows_for(wide, 5, 5);
  for (const std::string& path : kernel_paths()) {
    const ForestModel model = model_of(testing::bytes_of(wide), OutputRule::kIdentity, 1, 1.0, path);
    EXPECT_EQ(model.path(), "scalar");
    std::vector<double> margins(5);
    model.predict_margins(rows, 5, margins);
    EXPECT_EQ(margins, testing::walk(wide, rows, 5));
  }
}

TEST(ForestModel, ScoresOfRowsAreTheRuleAppliedToEach) {
  for (const OutputRule rule : {OutputRule::kIdentity, OutputRule::kSigmoid, OutputRule::kSoftmax,
                                OutputRule::kOneVsRestNormalised}) {
    const std::size_t n_classes = rule == OutputRule::kSigmoid ? 2 : 3;
    const auto n_margins = static_cast<std::uint32_t>(n_margins_of(rule, n_classes));
    const Forest forest = testing::random_forest({.n_features = 6, .n_margins = n_margins, .n_trees = 30}, 1);
    const ForestModel model = model_of(testing::bytes_of(forest), rule, n_classes, 1.5);
    for (const std::size_t n_rows : {1U, 2U, 5U, 64U}) {
      const std::vector<double> rows = testing::rows_for(forest, n_rows, n_rows);
      std::vector<double> together(n_rows * n_classes);
      model.predict_probas(rows, n_rows, together);
      for (std::size_t i = 0; i < n_rows; ++i) {
        std::vector<double> expected(n_classes);
        const auto row = std::span{rows}.subspan(i * 6, 6);
        model.predict_margin(row, expected);
        apply_output_rule(rule, 1.5, expected);
        const std::vector<double> found(together.begin() + static_cast<std::ptrdiff_t>(i * n_classes),
                                        together.begin() + static_cast<std::ptrdiff_t>((i + 1) * n_classes));
        EXPECT_EQ(found, expected);
        std::vector<double> alone(n_classes);
        model.predict_proba(row, alone);
        EXPECT_EQ(alone, expected);
      }
    }
  }
}

TEST(ForestModel, ErrorsNameWhatDoesNotFit) {
  expect_error("n_classes must be >= 1, was 0", [] { return model_of(three_margins(), OutputRule::kSoftmax, 0); });
  expect_error("n_classes under the rule sigmoid must be 2, was 3",
               [] { return model_of(three_margins(), OutputRule::kSigmoid, 3); });
  expect_error("n_margins of the forest must be 4 for the rule and 4 classes, was 3",
               [] { return model_of(three_margins(), OutputRule::kSoftmax, 4); });
  expect_error("alpha must be finite and > 0, was 0.0",
               [] { return model_of(three_margins(), OutputRule::kSoftmax, 3, 0.0); });
  expect_error("path must be one that this CPU can run",
               [] { return model_of(three_margins(), OutputRule::kSoftmax, 3, 1.0, "sse9"); });
  expect_error("must hold at least 64 bytes", [] { return model_of({}); });
}

}  // namespace
}  // namespace hft::model
