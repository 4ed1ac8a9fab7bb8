#include "hft/feature/rsi.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "hft/base/bytes.hpp"

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

TEST(Rsi, inputs_beyond_2_to_the_40_leave_the_state_as_it_was) {
  Rsi rsi{2};
  for (double x : {1.0, 1.7e308, 2.0, -1.7e308, 1.0}) rsi.update(x);
  EXPECT_EQ(rsi.value(), 50.0);
}

TEST(Rsi, averages_that_are_no_numbers_are_not_loaded) {
  for (double bad : {std::nan(""), HUGE_VAL, -1.0}) {
    const std::uint32_t n_inputs = 3;
    const double state[] = {1.0, bad, 1.0};
    std::array<std::byte, sizeof n_inputs + sizeof state> bytes{};
    std::memcpy(bytes.data(), &n_inputs, sizeof n_inputs);
    std::memcpy(bytes.data() + sizeof n_inputs, state, sizeof state);
    base::ByteReader in{bytes};
    Rsi rsi{2};
    EXPECT_THROW(Rsi::archive(rsi, in), std::invalid_argument);
  }
}

}  // namespace
}  // namespace hft::feature
