#include "hft/feature/wide_int.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace hft::feature {
namespace {

Uint128 random_wide(std::mt19937_64& rng) {
  return ((Uint128{rng()} << 64) | rng()) >> (rng() % 128);
}

TEST(WideInt, square_of_a_sum_is_the_sum_of_squares_and_products) {
  std::mt19937_64 rng{1};
  for (int i = 0; i < 100'000; ++i) {
    const Uint128 a = random_wide(rng) >> 1;
    const std::uint64_t b = rng() >> (rng() % 63 + 1);
    // (a + b)^2 = a^2 + 2 a b + b^2, with a b^2 and 2 a b made in other ways
    Uint256 expected = Uint256::square(a);
    expected += Uint256{0, a}.times(b);
    expected += Uint256{0, a}.times(b);
    expected += Uint256{0, Uint128{b} * b};
    ASSERT_EQ(Uint256::square(a + b), expected);
  }
}

TEST(WideInt, square_of_the_largest_value) {
  const Uint128 max = ~Uint128{0};  // (2^128 - 1)^2 = 2^256 - 2^129 + 1
  EXPECT_EQ(Uint256::square(max), (Uint256{max - 1, 1}));
}

TEST(WideInt, subtraction_undoes_addition_across_the_carry) {
  std::mt19937_64 rng{2};
  for (int i = 0; i < 100'000; ++i) {
    const Uint256 a{random_wide(rng) >> 1, random_wide(rng)};
    const Uint256 b{random_wide(rng) >> 1, random_wide(rng)};
    Uint256 sum = a;
    sum += b;
    sum -= b;
    ASSERT_EQ(sum, a);
  }
}

TEST(WideInt, times_is_repeated_addition) {
  const Uint256 x{Uint128{7}, ~Uint128{0}};
  Uint256 sum;
  for (int i = 0; i < 1000; ++i) sum += x;
  EXPECT_EQ(x.times(1000), sum);
}

TEST(WideInt, conversion_of_small_integers_is_exact) {
  for (std::uint64_t n : {0ULL, 1ULL, 3ULL, (1ULL << 53) - 1, 1ULL << 63}) {
    EXPECT_EQ(round_to_double(n, 0), static_cast<double>(n));
    EXPECT_EQ((Uint256{0, n}.to_double()), static_cast<double>(n));
    EXPECT_EQ((Uint256{n, 0}.to_double(-128)), static_cast<double>(n));
  }
}

TEST(WideInt, conversion_rounds_once_with_ties_to_even) {
  const std::uint64_t even = 1ULL << 53;  // neighbours among doubles: even, even + 2
  for (int up : {0, 20, 70, 74}) {
    EXPECT_EQ(round_to_double(Uint128{even + 1} << up, -up), static_cast<double>(even));
    EXPECT_EQ(round_to_double(Uint128{even + 3} << up, -up), static_cast<double>(even + 4));
  }
  EXPECT_EQ(round_to_double((Uint128{even + 1} << 70) + 1, -70), static_cast<double>(even + 2))
      << "a bit far below decides";
  EXPECT_EQ((Uint256{Uint128{even + 1} << 70, 1}.to_double(-198)), static_cast<double>(even + 2));
  EXPECT_EQ(round_to_double(Uint128{even + 1} << 20, -20, true), static_cast<double>(even + 2))
      << "and one cut off before";
}

TEST(WideInt, signed_conversion_keeps_the_sign) {
  const Int128 big = Int128{1} << 100;
  EXPECT_EQ(to_double(big), 0x1p100);
  EXPECT_EQ(to_double(-big), -0x1p100);
  EXPECT_EQ(to_double(Int128{-5}), -5.0);
}

}  // namespace
}  // namespace hft::feature
