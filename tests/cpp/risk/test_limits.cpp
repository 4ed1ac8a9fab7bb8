#include "hft/risk/limits.hpp"

#include <gtest/gtest.h>

namespace {

using hft::risk::Limits;
using hft::risk::validate;

TEST(Limits, defaults_are_valid) { EXPECT_NO_THROW(validate(Limits{})); }

TEST(Limits, each_number_has_a_range) {
  EXPECT_THROW(validate({.max_order_qty_lots = 0}), std::invalid_argument);
  EXPECT_THROW(validate({.max_position_qty_lots = 0}), std::invalid_argument);
  EXPECT_THROW(validate({.stop_loss_milli_bps = -1}), std::invalid_argument);
  EXPECT_THROW(validate({.stop_loss_milli_bps = 10'000'001}), std::invalid_argument);
  EXPECT_THROW(validate({.stop_out_pause_ns = -1}), std::invalid_argument);
  EXPECT_THROW(validate({.max_reference_age_ns = -1}), std::invalid_argument);
}

TEST(Limits, an_order_may_not_be_larger_than_a_position_may) {
  EXPECT_THROW(validate({.max_order_qty_lots = 11, .max_position_qty_lots = 10}), std::invalid_argument);
  EXPECT_NO_THROW(validate({.max_order_qty_lots = 10, .max_position_qty_lots = 10}));
}

TEST(Limits, an_error_names_limit_rule_and_value) {
  try {
    validate({.stop_loss_milli_bps = -7});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "Limits: stop_loss_milli_bps must be in [0, 10000000], was -7");
  }
}

}  // namespace
