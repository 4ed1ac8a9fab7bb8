#include "hft/model/compiled_library.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <stdexcept>
#include <string>

#include "hft/model/forest_model.hpp"

namespace hft::model {
namespace {

ForestModel whole(OutputRule rule = OutputRule::kIdentity) {
  return ForestModel::from_library(FOREST_WHOLE, 2, 3, rule, 1.0);
}

void expect_error(const std::string& path, std::size_t n_features, std::size_t n_classes, OutputRule rule,
                  double alpha, const std::string& words) {
  try {
    (void)ForestModel::from_library(path, n_features, n_classes, rule, alpha);
    FAIL() << "expected: " << words;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(words), std::string::npos) << error.what();
  }
}

TEST(CompiledLibrary, MarginsStartFromZeroWhateverTheBufferHeld) {
  const ForestModel model = whole();
  std::array margins{7.0, 7.0, 7.0};
  for (int again = 0; again < 2; ++again) {
    model.predict_margin(std::array{0.5, 2.0}, margins);
    EXPECT_EQ(margins, (std::array{-1.0, 0.5, 2.0}));
  }
}

TEST(CompiledLibrary, NanGoesWhereTheForestSendsIt) {
  std::array margins{0.0, 0.0, 0.0};
  whole().predict_margin(std::array{std::numeric_limits<double>::quiet_NaN(), -1.0}, margins);
  EXPECT_EQ(margins[0], 1.0);
}

TEST(CompiledLibrary, ProbaIsTheRuleAppliedToMargins) {
  const std::array row{0.1, 0.2};
  std::array<double, 3> margins{};
  std::array<double, 3> proba{};
  whole().predict_margin(row, margins);
  whole(OutputRule::kSoftmax).predict_proba(row, proba);
  apply_output_rule(OutputRule::kSoftmax, 1.0, margins);
  EXPECT_EQ(proba, margins);
}

TEST(CompiledLibrary, AMovedModelStillPredicts) {
  ForestModel first = whole();
  const ForestModel second = std::move(first);
  std::array<double, 3> margins{};
  second.predict_margin(std::array{1.0, 0.0}, margins);
  EXPECT_EQ(margins, (std::array{1.0, 0.25, 0.0}));
}

TEST(CompiledLibrary, RowsTogetherAreRowsOneByOne) {
  const ForestModel model = whole();
  EXPECT_EQ(model.engine(), "compiled");
  EXPECT_EQ(model.path(), "compiled");
  std::array<double, 6> margins{};
  model.predict_margins(std::array{0.1, 2.0, 0.9, -3.0}, 2, margins);
  EXPECT_EQ(margins, (std::array{-1.0, 0.5, 2.0, 1.0, 0.25, -3.0}));
}

TEST(CompiledLibrary, ErrorsNameThePathAndWhatDoesNotFit) {
  expect_error("/nowhere/forest.so", 2, 3, OutputRule::kIdentity, 1.0, "/nowhere/forest.so");
  expect_error(FOREST_NO_SYMBOL, 2, 3, OutputRule::kIdentity, 1.0, "has no symbol hft_forest");
  expect_error(FOREST_WRONG_ABI, 2, 3, OutputRule::kIdentity, 1.0, "abi must be 1, was 99");
  expect_error(FOREST_WHOLE, 5, 3, OutputRule::kIdentity, 1.0, "n_features must be 5, was 2");
  expect_error(FOREST_WHOLE, 2, 4, OutputRule::kSoftmax, 1.0, "n_margins must be 4, was 3");
  expect_error(FOREST_WHOLE, 2, 3, OutputRule::kSigmoid, 1.0, "n_classes under the rule sigmoid must be 2, was 3");
  expect_error(FOREST_WHOLE, 2, 3, OutputRule::kIdentity, 0.0, "alpha must be finite and > 0");
}

}  // namespace
}  // namespace hft::model
