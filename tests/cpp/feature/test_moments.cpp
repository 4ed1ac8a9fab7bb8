#include "hft/feature/moments.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/zscore.hpp"

namespace hft::feature {
namespace {

TEST(Moments, a_constant_window_has_exactly_no_variance) {
  std::mt19937_64 rng{6};
  std::uniform_real_distribution<double> px{1e-9, 1e12};
  RollingStd std_dev{WindowLength::count(7)};
  RollingMean mean{WindowLength::count(7)};
  for (int level = 0; level < 1000; ++level) {
    const double x = px(rng);
    for (int i = 0; i < 7; ++i) std_dev.update(x), mean.update(x);
    ASSERT_EQ(std_dev.value(), 0.0);
    if (x >= 0x1p-8) {
      ASSERT_EQ(mean.value(), x);
    }
  }
}

TEST(Moments, an_offset_of_1e9_loses_nothing) {
  RollingStd near{WindowLength::count(4)};
  RollingStd far{WindowLength::count(4)};
  for (double x : {0.25, 0.5, 0.75, 1.0, 4.25, 0.125}) {  // exact beside 1e9, too
    near.update(x);
    far.update(1e9 + x);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(near.value()), std::bit_cast<std::uint64_t>(far.value()));
  }
}

TEST(Moments, same_window_and_different_past_give_the_same_bits) {
  std::mt19937_64 rng{7};
  std::normal_distribution<double> wild{0.0, 1e8};
  std::normal_distribution<double> calm{100.0, 0.01};
  for (int trial = 0; trial < 200; ++trial) {
    RollingStd a{WindowLength::count(20)}, b{WindowLength::count(20)};
    RollingMean c{WindowLength::count(20)}, d{WindowLength::count(20)};
    ZScore e{WindowLength::count(20)}, f{WindowLength::count(20)};
    for (int i = 0; i < 500; ++i) {
      const double x = wild(rng);
      b.update(x), d.update(x), f.update(x);
    }
    for (int i = 0; i < 20; ++i) {
      const double x = calm(rng);
      a.update(x), b.update(x), c.update(x), d.update(x), e.update(x), f.update(x);
    }
    ASSERT_EQ(std::bit_cast<std::uint64_t>(a.value()), std::bit_cast<std::uint64_t>(b.value()));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(c.value()), std::bit_cast<std::uint64_t>(d.value()));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(e.value()), std::bit_cast<std::uint64_t>(f.value()));
  }
}

TEST(Moments, the_largest_window_of_the_largest_inputs_does_not_overflow) {
  constexpr std::uint32_t n = 1U << 20;
  Moments m{WindowLength::count(n)};
  const double x = 0x1.fffffffffffffp39;
  for (std::uint32_t i = 0; i < n; ++i) m.update(i % 2 == 0 ? x : -x);
  EXPECT_EQ(m.mean(), 0.0);
  EXPECT_NEAR(m.variance() / (x * x), n / (n - 1.0), 1e-15);
  for (std::uint32_t i = 0; i < n; ++i) m.update(x);
  EXPECT_EQ(m.mean(), x);
  EXPECT_EQ(m.variance(), 0.0);
}

TEST(Moments, unusable_inputs_leave_the_state_as_it_was) {
  RollingMean mean{WindowLength::count(2)};
  mean.update(1.0);
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL, 0x1p40, -1e300}) mean.update(bad);
  EXPECT_EQ(mean.update(3.0), 2.0);
}

TEST(Moments, an_older_time_leaves_the_state_as_it_was) {
  RollingMean mean{WindowLength::time(100)};
  mean.update(1.0, 50);
  EXPECT_EQ(mean.update(9.0, 49), 1.0);
  EXPECT_EQ(mean.update(3.0, 50), 2.0);
}

TEST(Moments, a_time_window_is_ready_by_content) {
  RollingStd std_dev{WindowLength::time(10)};
  EXPECT_TRUE(std::isnan(std_dev.update(1.0, 0)));
  EXPECT_EQ(std_dev.update(3.0, 5), std::sqrt(2.0));
  std_dev.advance(10);
  EXPECT_TRUE(std::isnan(std_dev.value()));
  EXPECT_EQ(std_dev.lookback(), 1U);
}

TEST(Moments, zscore_of_a_flat_window_is_the_parameter) {
  ZScore z{WindowLength::count(3), ZScoreReading{-7.0}};
  for (int i = 0; i < 3; ++i) z.update(5.0);
  EXPECT_EQ(z.value(), -7.0);
  EXPECT_NEAR(z.update(8.0), (8.0 - 6.0) / std::sqrt(3.0), 1e-15);
}

TEST(Moments, reset_equals_new) {
  RollingStd used{WindowLength::count(3)}, fresh{WindowLength::count(3)};
  for (double x : {1.0, 4.0, 9.0, 16.0}) used.update(x);
  used.reset();
  for (double x : {2.0, 3.0, 5.0, 7.0}) {
    const double a = used.update(x);
    const double b = fresh.update(x);
    ASSERT_TRUE(a == b || (std::isnan(a) && std::isnan(b)));
  }
}

TEST(Moments, an_earlier_time_does_not_empty_the_window) {
  Moments m{WindowLength::time(10)};
  m.update(5.0, 100);
  m.advance(99);
  m.update(7.0, 99);
  EXPECT_EQ(m.mean(), 5.0);
  m.update(std::nan(""), 110);
  EXPECT_FALSE(m.ready(1)) << "time passes with an unusable input, too";
}

TEST(Moments, near_sums_are_wide_sums_in_every_bit) {
  std::mt19937_64 rng{8};
  const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
  for (int trial = 0; trial < 2000; ++trial) {
    const double size = std::ldexp(1.0 + 0x1p-40 * static_cast<double>(rng() % 3), static_cast<int>(rng() % 46) - 6);
    const double base = (rng() % 2 == 0 ? size : -size) * (rng() % 2 == 0 ? 1.0 : 1.999);
    std::uniform_real_distribution<double> spread{-size / 16, size / 16};
    NearSums near;
    WideSums wide;
    near.start(base);
    std::vector<double> window;
    const auto n = trial % 50 == 0 ? NearScale::kMaxInputs : static_cast<std::uint32_t>(2 + rng() % 9);
    for (std::uint32_t i = 0; i < 2 * n; ++i) {
      const double x = rng() % 4 == 0 ? base : base + spread(rng);
      if (!near.reaches(x)) continue;
      if (window.size() == n) {
        near.leave(window.front()), wide.leave(window.front());
        window.erase(window.begin());
      }
      near.enter(x), wide.enter(x), window.push_back(x);
    }
    const auto size_now = static_cast<std::uint32_t>(window.size());
    if (size_now < 2) continue;
    ASSERT_EQ(bits(near.sum(size_now)), bits(wide.sum())) << base;
    ASSERT_EQ(bits(near.mean(size_now)), bits(wide.mean(size_now))) << base;
    ASSERT_EQ(bits(near.variance(size_now)), bits(wide.variance(size_now))) << base;
    ASSERT_EQ(bits(near.above_mean(window.back(), size_now)), bits(wide.above_mean(window.back(), size_now))) << base;
  }
}

TEST(Moments, a_window_whose_inputs_jump_has_the_bits_of_one_that_saw_nothing_else) {
  std::mt19937_64 rng{9};
  for (const std::uint32_t n : {2U, 7U, 30U}) {
    Moments used{WindowLength::count(n)};
    std::vector<double> past;
    for (int i = 0; i < 3000; ++i) {
      const double level = i / 300 % 3 == 0 ? 100.0 : i / 300 % 3 == 1 ? 0.001 : 64.0 - 1e-9;
      past.push_back(i % 97 == 0 ? 1e9 : level + 0.01 * static_cast<double>(rng() % 100));
      used.update(past.back());
      if (past.size() < n) continue;
      Moments fresh{WindowLength::count(n)};
      for (std::size_t k = past.size() - n; k < past.size(); ++k) fresh.update(past[k]);
      ASSERT_EQ(used.mean(), fresh.mean()) << i;
      ASSERT_EQ(used.variance(), fresh.variance()) << i;
      ASSERT_EQ(used.zscore(0.0), fresh.zscore(0.0)) << i;
    }
  }
}

}  // namespace
}  // namespace hft::feature
