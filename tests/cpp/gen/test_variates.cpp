#include "hft/gen/variates.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "hft/gen/alias_table.hpp"
#include "hft/gen/rng.hpp"

namespace {

using namespace hft::gen;

TEST(Rng, IsXoshiro256StarStar) {
  // Seed 0 gives SplitMix64's well-known first word 0xE220A8397B1DCDAF; the outputs follow from the published code.
  Rng rng{0};
  EXPECT_EQ(rng(), 0x99EC5F36CB75F2B4U);
  EXPECT_EQ(rng(), 0xBF6E1F784956452AU);
}

TEST(Exponential, IsMinusTheLogarithm) {
  Rng rng{1};
  for (int n = 0; n < 100'000; ++n) {
    const std::uint64_t bits = rng();
    const double u = static_cast<double>((bits >> 11) + 1) * 0x1.0p-53;
    ASSERT_NEAR(exponential(bits), -std::log(u), 1e-11);
  }
  EXPECT_EQ(exponential(~std::uint64_t{0}), 0.0);
  EXPECT_NEAR(exponential(0), 53 * std::log(2.0), 1e-11);
}

TEST(Uniform, StaysBelowOne) {
  EXPECT_EQ(uniform(0), 0.0);
  EXPECT_LT(uniform(~std::uint64_t{0}), 1.0);
  EXPECT_EQ(below(~std::uint64_t{0}, 7), 6U);
  EXPECT_EQ(below(0, 7), 0U);
}

TEST(NearNormal, HasMeanZeroAndDeviationOne) {
  Rng rng{2};
  double sum = 0.0, squares = 0.0;
  constexpr int kDraws = 200'000;
  for (int n = 0; n < kDraws; ++n) {
    const double z = near_normal(rng());
    sum += z;
    squares += z * z;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.01);
}

TEST(AliasTable, PicksByWeight) {
  const std::array<double, 4> weights{8.0, 4.0, 3.0, 1.0};
  const AliasTable table{weights};
  Rng rng{3};
  std::array<int, 4> counts{};
  constexpr int kDraws = 160'000;
  for (int n = 0; n < kDraws; ++n) ++counts[table.pick(rng())];
  for (std::size_t i = 0; i < counts.size(); ++i) EXPECT_NEAR(counts[i], weights[i] / 16.0 * kDraws, 800) << i;
}

static_assert(exponential(std::uint64_t{1} << 63) > 0.69 && exponential(std::uint64_t{1} << 63) < 0.70);

}  // namespace
