#include "hft/feature/ema.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "hft/base/bytes.hpp"
#include "hft/feature/ema_deviation.hpp"

namespace hft::feature {
namespace {

TEST(Ema, is_seeded_with_the_mean_of_the_first_period) {
  Ema ema{3};
  EXPECT_TRUE(std::isnan(ema.update(1.0)));
  EXPECT_TRUE(std::isnan(ema.update(2.0)));
  EXPECT_EQ(ema.update(6.0), 3.0);
  EXPECT_EQ(ema.update(5.0), 4.0);  // a = 1/2
  EXPECT_EQ(ema.lookback(), 2U);
}

TEST(Ema, a_period_of_one_is_the_input) {
  Ema ema{1};
  for (double x : {3.0, -2.0, 1e9}) EXPECT_EQ(ema.update(x), x);
}

TEST(Ema, nan_and_infinity_leave_the_state_as_it_was) {
  Ema ema{2};
  ema.update(1.0);
  ema.update(std::nan(""));
  EXPECT_EQ(ema.update(3.0), 2.0);
  EXPECT_EQ(ema.update(HUGE_VAL), 2.0);
}

TEST(Ema, inputs_beyond_2_to_the_40_leave_the_state_as_it_was) {
  Ema ema{2};
  EmaDeviation deviation{2};
  for (double x : {1e308, 1.0, -1.7e308, 3.0, 0x1p40}) ema.update(x), deviation.update(x);
  EXPECT_EQ(ema.value(), 2.0);
  EXPECT_EQ(deviation.value(), 5000.0);
}

TEST(Ema, a_level_that_is_no_number_is_not_loaded) {
  for (double level : {std::nan(""), HUGE_VAL, 1e300}) {
    base::ByteWriter out;
    out(std::uint32_t{1}), out(level);
    base::ByteReader in{out.bytes()};
    Ema ema{2};
    EXPECT_THROW(Ema::archive(ema, in), std::invalid_argument);
  }
}

TEST(Ema, the_error_names_parameter_rule_and_value) {
  try {
    Ema{0};
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(std::string{e.what()}, "Ema: period must be >= 1, was 0");
  }
}

TEST(EmaDeviation, is_the_distance_from_the_average_in_bps) {
  EmaDeviation deviation{2};
  EXPECT_TRUE(std::isnan(deviation.update(100.0)));
  EXPECT_EQ(deviation.update(100.0), 0.0);
  Ema ema{2};
  ema.update(100.0), ema.update(100.0);
  const double level = ema.update(101.0);
  EXPECT_EQ(deviation.update(101.0), 1e4 * (101.0 - level) / level);
  EXPECT_EQ(deviation.update(std::nan("")), deviation.value());
}

TEST(EmaDeviation, an_average_of_zero_has_no_scale) {
  EmaDeviation deviation{1};
  EXPECT_TRUE(std::isnan(deviation.update(0.0)));
}

}  // namespace
}  // namespace hft::feature
