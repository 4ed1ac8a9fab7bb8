#include "hft/model/output_rule.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace hft::model {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(OutputRule, IdentityLeavesMarginsAlone) {
  std::array scores{-1.5, 0.0, 2.0};
  apply_output_rule(OutputRule::kIdentity, 1.0, scores);
  EXPECT_EQ(scores, (std::array{-1.5, 0.0, 2.0}));
}

TEST(OutputRule, SigmoidGivesBothClassesFromOneMargin) {
  std::array scores{0.75, 99.0};  // the second place is only room
  apply_output_rule(OutputRule::kSigmoid, 2.0, scores);
  EXPECT_NEAR(scores[1], 1.0 / (1.0 + std::exp(-1.5)), 1e-15);
  EXPECT_EQ(scores[0], 1.0 - scores[1]);
}

TEST(OutputRule, SoftmaxSurvivesMarginsWhoseExpOverflows) {
  std::array scores{1000.0, 999.0, -1000.0};
  apply_output_rule(OutputRule::kSoftmax, 1.0, scores);
  EXPECT_NEAR(scores[0], 1.0 / (1.0 + std::exp(-1.0)), 1e-15);
  EXPECT_EQ(scores[2], 0.0);
  EXPECT_NEAR(std::accumulate(scores.begin(), scores.end(), 0.0), 1.0, 1e-15);
}

TEST(OutputRule, OneVsRestIsSigmoidsOverTheirSum) {
  std::array scores{0.3, -0.2, 0.1};
  const std::array s{sigmoid(0.6), sigmoid(-0.4), sigmoid(0.2)};
  apply_output_rule(OutputRule::kOneVsRestNormalised, 2.0, scores);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(scores[k], s[k] / (0.0 + s[0] + s[1] + s[2]));
}

TEST(OutputRule, OneVsRestGivesEqualSharesWhereNoClassScores) {
  std::array scores{-kInf, -kInf, -1e6};
  apply_output_rule(OutputRule::kOneVsRestNormalised, 2.0, scores);
  EXPECT_EQ(scores, (std::array{1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0}));
}

TEST(OutputRule, NamesAreThoseOfTheManifest) {
  EXPECT_EQ(output_rule_named("softmax"), OutputRule::kSoftmax);
  EXPECT_EQ(output_rule_named("one_vs_rest_normalised"), OutputRule::kOneVsRestNormalised);
  EXPECT_THROW((void)output_rule_named("Softmax"), std::invalid_argument);
}

}  // namespace
}  // namespace hft::model
