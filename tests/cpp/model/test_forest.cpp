#include "hft/model/forest.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "forest_bytes.hpp"

namespace hft::model {
namespace {

using testing::bytes_of;

/// Tree 0 splits feature 0 at 0.5 and feature 1 by a set; tree 1 is a leaf.
Forest small() {
  Forest forest;
  forest.n_features = 2, forest.n_margins = 2;
  forest.base = {0.5, -0.5};
  forest.first_nodes = {0, 5, 6};
  forest.margins = {1, 0};
  constexpr std::uint32_t kNone = Forest::kNone;
  forest.nodes = {{0.5, 1, 2, 0, 0},         {0.0, 3, 4, 1 | Forest::kCategorical, 0}, {3.0, kNone, kNone, 0, 0},
                  {4.0, kNone, kNone, 0, 0}, {5.0, kNone, kNone, 0, 0},                {6.0, kNone, kNone, 0, 0}};
  forest.category_words = {2, 5, 1};
  return forest;
}

void expect_refused(const std::vector<std::byte>& bytes, const std::string& words) {
  try {
    (void)parse_forest(bytes);
    ADD_FAILURE() << "expected: " << words;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(words), std::string::npos) << error.what();
  }
}

template <class Change>
void expect_refused_with(const std::string& words, Change change) {
  Forest forest = small();
  change(forest);
  expect_refused(bytes_of(forest), words);
}

template <class T>
std::vector<std::byte> with(std::size_t offset, T value) {
  std::vector<std::byte> bytes = bytes_of(small());
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

TEST(Forest, BytesGiveBackWhatWasWritten) {
  Forest before = small();
  before.float32_sums = before.base_first = before.whole_categories = true;
  before.divisor = 4.0;
  const Forest after = parse_forest(bytes_of(before));
  EXPECT_EQ(bytes_of(after), bytes_of(before));
  EXPECT_TRUE(after.float32_sums && after.base_first && after.whole_categories);
  EXPECT_EQ(after.tree(0).size(), 5U);
  EXPECT_EQ(after.tree(1)[0].value, 6.0);
  EXPECT_TRUE(after.tree(0)[1].categorical());
}

TEST(Forest, AForestMayHaveNoTree) {
  Forest forest;
  forest.n_features = forest.n_margins = 1;
  forest.base = {1.0};
  forest.first_nodes = {0};
  EXPECT_EQ(parse_forest(bytes_of(forest)).n_trees(), 0U);
}

TEST(Forest, SetsHoldWholeAndCutCategories) {
  Forest forest = small();
  EXPECT_TRUE(forest.in_set(0.0, 0) && forest.in_set(-0.0, 0) && forest.in_set(2.9, 0) && forest.in_set(32.0, 0));
  EXPECT_FALSE(forest.in_set(1.0, 0) || forest.in_set(-0.5, 0) || forest.in_set(33.0, 0) || forest.in_set(64.0, 0));
  EXPECT_FALSE(forest.in_set(2147483648.0, 0) || forest.in_set(std::numeric_limits<double>::infinity(), 0));
  forest.whole_categories = true;
  EXPECT_TRUE(forest.in_set(2.0, 0));
  EXPECT_FALSE(forest.in_set(2.9, 0));
}

TEST(Forest, AHeaderThatBreaksARuleIsNamed) {
  expect_refused({}, "must hold at least 64 bytes, holds 0");
  expect_refused(with(7, '2'), "must begin with HFTFRST1");
  expect_refused(with(8, 0U), "n_features must be 1 to 1048576, was 0");
  expect_refused(with(8, 1048577U), "n_features must be 1 to 1048576, was 1048577");
  expect_refused(with(12, 65537U), "n_margins must be 1 to 65536, was 65537");
  expect_refused(with(16, 16777217U), "n_trees must be 0 to 16777216");
  expect_refused(with(20, 8U), "flags must be 0 to 7, was 8");
  expect_refused(with(24, std::uint64_t{1}), "n_nodes must be 2 to");
  expect_refused(with(24, std::uint64_t{7}), "bytes by its header");
  expect_refused(with(24, ~std::uint64_t{0}), "n_nodes must be");
  expect_refused(with(32, ~std::uint64_t{0}), "n_category_words must be");
  expect_refused(with(40, 0.0), "divisor must be finite and > 0, was 0.0");
  expect_refused(with(40, std::numeric_limits<double>::quiet_NaN()), "divisor must be finite and > 0, was nan");
  expect_refused(with(48, '1'), "bytes 48 to 63 must be zero");
  expect_refused(with(64 + 16 + 12, '1'), "padding after first nodes must be zero");
}

TEST(Forest, ATreeThatBreaksARuleIsNamed) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  expect_refused_with("base of margin 1 must be finite, was inf", [](Forest& f) { f.base[1] = kInf; });
  expect_refused_with("first node of tree 0 must be 0, was 1", [](Forest& f) { f.first_nodes[0] = 1; });
  expect_refused_with("end of the last tree must be 6, was 5", [](Forest& f) { f.first_nodes[2] = 5; });
  expect_refused_with("tree 0: must end after its first node 0 and at most at 6, ends at 7",
                      [](Forest& f) { f.first_nodes[1] = 7; });
  expect_refused_with("tree 1: must end after", [](Forest& f) { f.first_nodes[1] = 6; });
  expect_refused_with("tree 1: margin must be below 2, was 2", [](Forest& f) { f.margins[1] = 2; });
  expect_refused_with("tree 0, node 1: child must be after its parent and below 5, was 1",
                      [](Forest& f) { f.nodes[1].left = 1; });
  expect_refused_with("tree 0, node 1: child must be after its parent and below 5, was 5",
                      [](Forest& f) { f.nodes[1].right = 5; });
  expect_refused_with("tree 0, node 0: child must be", [](Forest& f) { f.nodes[0].left = Forest::kNone; });
  expect_refused_with("tree 0, node 2 has two parents", [](Forest& f) { f.nodes[1].left = 2; });
  expect_refused_with("tree 0, node 3 has no parent before it", [](Forest& f) {
    f.nodes[1] = {1.0, Forest::kNone, Forest::kNone, 0, 0};
  });
  expect_refused_with("tree 0, node 0: feature must be below 2, was 2", [](Forest& f) { f.nodes[0].split = 2; });
  expect_refused_with("tree 0, node 0: threshold must not be NaN",
                      [](Forest& f) { f.nodes[0].value = std::numeric_limits<double>::quiet_NaN(); });
  expect_refused_with("tree 0, node 0: categories of a numerical split must be 0, was 1",
                      [](Forest& f) { f.nodes[0].categories = 1; });
  expect_refused_with("tree 0, node 1: value of a category split must be 0, was 0.5",
                      [](Forest& f) { f.nodes[1].value = 0.5; });
  expect_refused_with("tree 0, node 1: categories must be below 3, was 3",
                      [](Forest& f) { f.nodes[1].categories = 3; });
  expect_refused_with("tree 0, node 1: words of the category set must be 1 to 2, was 3",
                      [](Forest& f) { f.category_words[0] = 3; });
  expect_refused_with("tree 0, node 1: words of the category set must be 1 to 2, was 0",
                      [](Forest& f) { f.category_words[0] = 0; });
  expect_refused_with("tree 1, node 0: leaf must be finite, was -inf", [](Forest& f) { f.nodes[5].value = -kInf; });
  expect_refused_with("tree 1, node 0: a leaf has neither feature nor categories",
                      [](Forest& f) { f.nodes[5].split = 1; });
  expect_refused_with("tree 1, node 0: leaf must be a float32 under FLOAT32_SUMS, was 0.1", [](Forest& f) {
    f.float32_sums = true;
    f.nodes[5].value = 0.1;
  });
  expect_refused_with("base of margin 0 must be a float32 under FLOAT32_SUMS, was 1e+300", [](Forest& f) {
    f.float32_sums = true;
    f.base[0] = 1e300;
  });
}

TEST(Forest, ThresholdsMayBeInfinite) {
  Forest forest = small();
  forest.nodes[0].value = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(parse_forest(bytes_of(forest)).nodes[0].value, forest.nodes[0].value);
}

TEST(Forest, EveryOtherLengthIsRefused) {
  const std::vector<std::byte> whole = bytes_of(small());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_THROW((void)parse_forest(std::span{whole}.first(n)), std::invalid_argument) << n;
  }
  std::vector<std::byte> longer = whole;
  longer.resize(whole.size() + 8);
  expect_refused(longer, "bytes by its header");
}

TEST(Forest, ChangedBytesAreReadOrRefused) {
  std::mt19937_64 random{5};
  const std::vector<std::byte> whole =
      bytes_of(testing::random_forest({.n_trees = 6, .max_depth = 4, .categorical_frac = 0.3}, 3));
  std::size_t n_read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> bytes = whole;
    for (int flips = 0; flips <= i % 3; ++flips) bytes[random() % bytes.size()] ^= std::byte(1U << (random() % 8));
    try {
      const Forest forest = parse_forest(bytes);
      ASSERT_EQ(bytes_of(forest), bytes);
      ++n_read;
    } catch (const std::invalid_argument&) {  // may be refused, in no other way
    }
  }
  EXPECT_GT(n_read, 1'000U);
  EXPECT_LT(n_read, 19'000U);
}

}  // namespace
}  // namespace hft::model
