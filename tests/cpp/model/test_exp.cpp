#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>

#include "hft/model/exp.hpp"
#include "hft/model/output_rule.hpp"

namespace hft::model {
namespace {

std::int64_t ulps_apart(double a, double b) {
  return std::llabs(std::bit_cast<std::int64_t>(a) - std::bit_cast<std::int64_t>(b));
}

TEST(Exp, IsWithinTwoUlpOfTheLibraryOverTheNormalRange) {
  std::mt19937_64 random{7};
  for (const double scale : {1e-9, 0.1, 1.0, 30.0, 700.0}) {
    std::uniform_real_distribution<double> x_of{-scale, scale};
    for (int i = 0; i < 200'000; ++i) {
      const double x = x_of(random);
      ASSERT_LE(ulps_apart(exp_fixed(x), std::exp(x)), 2) << x;
    }
  }
}

TEST(Exp, EdgesAreThoseOfTheLibrary) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(exp_fixed(0.0), 1.0);
  EXPECT_EQ(exp_fixed(kInf), kInf);
  EXPECT_EQ(exp_fixed(-kInf), 0.0);
  EXPECT_EQ(exp_fixed(710.0), kInf);
  EXPECT_EQ(exp_fixed(-746.0), 0.0);
  EXPECT_TRUE(std::isnan(exp_fixed(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_LE(ulps_apart(exp_fixed(709.78), std::exp(709.78)), 2);
  EXPECT_NEAR(exp_fixed(-740.0), std::exp(-740.0), 1e-322);  // subnormal: two roundings
}

TEST(Exp, BitsAreThoseOfThisTable) {
  // A CPU or compiler that gives others would decide otherwise on the same tape.
  constexpr std::array<std::array<std::uint64_t, 2>, 4> kTable{{{0x3FF0000000000000, 0x4005BF0A8B14576A},
                                                               {0xBFE0000000000000, 0x3FE368B2FC6F960A},
                                                               {0x3FB999999999999A, 0x3FF1AEC7B35A00D4},
                                                               {0xC034000000000000, 0x3E21B48655F37267}}};
  for (const auto& [x, y] : kTable) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(exp_fixed(std::bit_cast<double>(x))), y) << std::bit_cast<double>(x);
  }
}

}  // namespace
}  // namespace hft::model
