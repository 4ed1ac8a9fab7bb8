#include "hft/feature/log_return.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "hft/feature/log_ratio.hpp"

namespace hft::feature {
namespace {

double ulps(double value, long double exact) {
  const double ulp = std::nextafter(std::fabs(value), HUGE_VAL) - std::fabs(value);
  return static_cast<double>(std::fabs(static_cast<long double>(value) - exact)) / ulp;
}

TEST(LogRatio, is_within_a_few_ulp_at_every_distance) {
  std::mt19937_64 rng{10};
  std::uniform_real_distribution<double> px{1.0, 1000.0};
  for (double spread : {1e-12, 1e-6, 1e-3, 0.05, 0.3, 0.45, 0.9, 20.0}) {
    std::uniform_real_distribution<double> distance{-spread, spread};
    double worst = 0.0;
    for (int i = 0; i < 50'000; ++i) {
      const double b = px(rng);
      const double a = b * std::exp(distance(rng));
      const long double wide = a;
      const long double exact =
          spread < 1.0 ? std::log1p((wide - b) / b) : std::log(wide) - std::log(static_cast<long double>(b));
      if (a != b) worst = std::max(worst, ulps(log_ratio(a, b), exact));
    }
    EXPECT_LT(worst, 6.0) << "distances up to " << spread;
  }
}

TEST(LogRatio, equal_inputs_give_zero_and_swapped_inputs_the_negative) {
  EXPECT_EQ(log_ratio(27.35, 27.35), 0.0);
  EXPECT_EQ(log_ratio(27.36, 27.35), -log_ratio(27.35, 27.36));
  EXPECT_DOUBLE_EQ(log_ratio(1e300, 1e-300), std::log(1e300) - std::log(1e-300));
  EXPECT_TRUE(std::isfinite(log_ratio(1.7e308, 1.7e308)));
}

TEST(LogReturn, looks_back_by_its_lag) {
  LogReturn lr{2};
  EXPECT_TRUE(std::isnan(lr.update(1.0)));
  EXPECT_TRUE(std::isnan(lr.update(2.0)));
  EXPECT_DOUBLE_EQ(lr.update(4.0), std::log(4.0));
  EXPECT_DOUBLE_EQ(lr.update(2.0), 0.0);
  EXPECT_EQ(lr.lookback(), 2U);
}

TEST(LogReturn, inputs_that_have_no_logarithm_leave_the_state_as_it_was) {
  LogReturn lr{1};
  lr.update(2.0);
  for (double bad : {0.0, -1.0, std::nan(""), HUGE_VAL}) lr.update(bad);
  EXPECT_DOUBLE_EQ(lr.update(4.0), std::log(2.0));
}

TEST(LogReturn, inputs_beyond_2_to_the_40_leave_the_state_as_it_was) {
  LogReturn r{1};
  for (double x : {1.0, 1.7e308, 0x1p40, 1.0}) r.update(x);
  EXPECT_EQ(r.value(), 0.0);
}

}  // namespace
}  // namespace hft::feature
