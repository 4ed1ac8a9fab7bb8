#include "hft/feature/fixed_point.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace hft::feature {
namespace {

double back(Int128 fixed) {
  return fixed_quotient(fixed, 1);
}

TEST(FixedPoint, doubles_from_2_to_the_minus_8_up_enter_exactly) {
  std::mt19937_64 rng{3};
  std::uniform_real_distribution<double> exponent{-8.0, 39.99};
  for (int i = 0; i < 100'000; ++i) {
    const double x = std::exp2(exponent(rng)) * (rng() % 2 != 0 ? 1.0 : -1.0);
    ASSERT_EQ(back(to_fixed(x)), x);
  }
}

TEST(FixedPoint, smaller_ones_round_to_the_nearest_multiple_with_ties_to_even) {
  EXPECT_EQ(to_fixed(0x1p-60), Int128{1});
  EXPECT_EQ(to_fixed(0x1p-61), Int128{0}) << "tie, 0 is even";
  EXPECT_EQ(to_fixed(0x1.8p-60), Int128{2}) << "tie, 2 is even";
  EXPECT_EQ(to_fixed(0x1.8000000000001p-61), Int128{1});
  EXPECT_EQ(to_fixed(-0x1.8p-60), Int128{-2});
  EXPECT_EQ(to_fixed(std::numeric_limits<double>::denorm_min()), Int128{0});
  EXPECT_EQ(to_fixed(-0.0), Int128{0});
}

TEST(FixedPoint, what_does_not_fit_is_told_apart) {
  EXPECT_TRUE(fits_fixed(0x1.fffffffffffffp39));
  EXPECT_FALSE(fits_fixed(0x1p40));
  EXPECT_FALSE(fits_fixed(-0x1p40));
  EXPECT_FALSE(fits_fixed(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(fits_fixed(-std::numeric_limits<double>::infinity()));
}

TEST(FixedPoint, mean_of_n_equal_inputs_is_that_input) {
  std::mt19937_64 rng{4};
  std::uniform_real_distribution<double> px{0.01, 1e9};
  for (int i = 0; i < 100'000; ++i) {
    const double x = px(rng);
    const auto n = static_cast<std::uint32_t>(rng() % (1U << 20) + 1);
    ASSERT_EQ(fixed_quotient(to_fixed(x) * n, n), x);
    ASSERT_EQ(fixed_quotient(-to_fixed(x) * n, n), -x);
  }
}

TEST(FixedPoint, quotient_is_the_nearest_double) {
  // One third of 2^-60 and its neighbours: compared with long double, which has 11 bits more.
  std::mt19937_64 rng{5};
  for (int i = 0; i < 100'000; ++i) {
    const auto fixed = static_cast<Int128>(rng() >> (rng() % 60));
    const auto n = static_cast<std::uint32_t>(rng() % 1'000'000 + 1);
    const long double exact = static_cast<long double>(static_cast<std::uint64_t>(fixed)) / n;
    const double value = fixed_quotient(fixed, n) * 0x1p60;
    ASSERT_LE(std::fabs(static_cast<double>(exact - static_cast<long double>(value))),
              0.5001 * (std::nextafter(value, INFINITY) - value));
  }
}

}  // namespace
}  // namespace hft::feature
