#include <gtest/gtest.h>

#include <cmath>

#include "hft/feature/microprice.hpp"
#include "hft/feature/mid.hpp"
#include "hft/feature/queue_imbalance.hpp"
#include "hft/feature/spread.hpp"
#include "hft/feature/time_since_trade.hpp"
#include "market_of.hpp"

namespace hft::feature {
namespace {

using testing::market_of;

TEST(Mid, is_rounded_once_from_half_ticks) {
  EXPECT_EQ(Mid{}.of(market_of(2735, 100, 2736, 300)), 27.355);
  EXPECT_EQ(Mid{}.of(market_of(2735, 100, 2737, 300)), 27.36);
}

TEST(Spread, comes_in_three_units) {
  const Market m = market_of(9999, 1, 10001, 1);
  EXPECT_EQ((Spread{Spread::Unit::kPx}.of(m)), 0.02);
  EXPECT_EQ((Spread{Spread::Unit::kTicks}.of(m)), 2.0);
  EXPECT_EQ((Spread{Spread::Unit::kBps}.of(m)), 2.0);
  EXPECT_EQ((Spread{Spread::Unit::kTicks}.of(market_of(10001, 1, 10000, 1))), -1.0) << "crossed";
}

TEST(Microprice, leans_to_the_thin_side) {
  const Market m = market_of(10000, 300, 10002, 100);
  EXPECT_EQ((Microprice{Microprice::Unit::kPx}.of(m)), 100.015);
  EXPECT_DOUBLE_EQ((Microprice{Microprice::Unit::kBps}.of(m)), 1e4 * 0.5 / 10001.0)
      << "half a tick over the mid in ticks";
}

TEST(Microprice, of_huge_queues_does_not_overflow) {
  const std::int64_t qty = Market::kMaxQtyLots - 1;
  Market m = market_of(Market::kMaxPxTicks - 2, qty, Market::kMaxPxTicks - 1, qty);
  m.tick = {Market::kMaxStepNum, 1};
  const double mid = (static_cast<double>(Market::kMaxPxTicks) - 1.5) * static_cast<double>(Market::kMaxStepNum);
  EXPECT_DOUBLE_EQ((Microprice{Microprice::Unit::kPx}.of(m)), mid);
  EXPECT_EQ((Microprice{Microprice::Unit::kBps}.of(m)), 0.0);
}

TEST(QueueImbalance, is_a_share) {
  EXPECT_EQ(QueueImbalance{}.of(market_of(1, 300, 2, 100)), 0.5);
  EXPECT_EQ(QueueImbalance{}.of(market_of(1, 300, 0, 0)), 1.0);
}

TEST(BookOperations, an_empty_side_has_no_price) {
  const Market m = market_of(10000, 300, 0, 0);
  EXPECT_TRUE(std::isnan(Mid{}.of(m)));
  EXPECT_TRUE(std::isnan(Spread{}.of(m)));
  EXPECT_TRUE(std::isnan(Microprice{}.of(m)));
  EXPECT_TRUE(std::isnan(QueueImbalance{}.of(market_of(0, 0, 0, 0))));
}

TEST(TimeSinceTrade, counts_from_the_last_trade) {
  Market m = market_of(1, 1, 2, 1);
  EXPECT_TRUE(std::isnan(TimeSinceTrade{}.of(m)));
  m.set_trade(testing::trade(1000, 1, 1));
  EXPECT_EQ(TimeSinceTrade{}.of(m), 0.0);
  m.set_quote(testing::quote(1250, 1, 1, 2, 1));
  EXPECT_EQ(TimeSinceTrade{}.of(m), 250.0);
}

}  // namespace
}  // namespace hft::feature
