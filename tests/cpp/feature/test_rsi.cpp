#include "hft/feature/rsi.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace hft::feature {
namespace {

TEST(Rsi, first_value_is_the_ratio_of_the_first_changes) {
  Rsi rsi{3};
  for (double x : {10.0, 11.0, 10.0}) EXPECT_TRUE(std::isnan(rsi.update(x)));
  EXPECT_DOUBLE_EQ(rsi.update(13.0), 100.0 * 4.0 / 5.0);  // ups 1 + 3, downs 1
  EXPECT_EQ(rsi.lookback(), 3U);
}

TEST(Rsi, later_values_follow_wilder) {
  Rsi rsi{2};
  rsi.update(1.0), rsi.update(2.0), rsi.update(4.0);  // U = 1.5, D = 0
  EXPECT_EQ(rsi.value(), 100.0);
  rsi.update(3.0);  // U = 0.75, D = 0.5
  EXPECT_DOUBLE_EQ(rsi.value(), 60.0);
}

TEST(Rsi, a_flat_series_has_the_value_of_the_parameter) {
  Rsi fifty{3};
  Rsi zero{3, 0.0};
  for (int i = 0; i < 10; ++i) fifty.update(7.0), zero.update(7.0);
  EXPECT_EQ(fifty.value(), 50.0);
  EXPECT_EQ(zero.value(), 0.0);
}

TEST(Rsi, nan_is_skipped_and_the_next_change_is_from_the_last_input) {
  Rsi a{2}, b{2};
  for (double x : {1.0, 2.0, 1.5, 3.0}) a.update(x), b.update(x), b.update(std::nan(""));
  EXPECT_EQ(a.value(), b.value());
}

TEST(Rsi, parameters_out_of_range_are_refused) {
  EXPECT_THROW(Rsi{0}, std::invalid_argument);
  EXPECT_THROW((Rsi{14, 101.0}), std::invalid_argument);
  EXPECT_THROW((Rsi{14, std::nan("")}), std::invalid_argument);
}

}  // namespace
}  // namespace hft::feature
