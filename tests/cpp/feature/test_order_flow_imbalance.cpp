#include "hft/feature/order_flow_imbalance.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "market_of.hpp"

namespace hft::feature {
namespace {

using testing::quote;

class OrderFlowTest : public ::testing::Test {
 protected:
  void see(std::int64_t bid_px, std::int64_t bid_qty, std::int64_t ask_px, std::int64_t ask_qty,
           std::int64_t ts_ns = 0) {
    market.set_quote(quote(ts_ns, bid_px, bid_qty, ask_px, ask_qty));
    flow.update(market);
    flow.advance(ts_ns);
  }
  double qty() const { return OrderFlowImbalance{}.of(flow, market); }
  double depths() const { return OrderFlowImbalance{OrderFlowImbalance::Unit::kDepths}.of(flow, market); }

  Market market{.tick = {1, 100}, .lot = {1, 1}};
  OrderFlow flow{WindowLength::count(1)};
};

TEST_F(OrderFlowTest, the_first_quote_is_no_change) {
  see(100, 10, 101, 20);
  EXPECT_TRUE(std::isnan(qty()));
  see(100, 10, 101, 20);
  EXPECT_EQ(qty(), 0.0);
}

TEST_F(OrderFlowTest, each_of_the_six_moves_has_its_sign) {
  see(100, 10, 102, 20);
  see(100, 14, 102, 20);
  EXPECT_EQ(qty(), 4.0) << "bid queue grows";
  see(101, 5, 102, 20);
  EXPECT_EQ(qty(), 5.0) << "bid rises: the new queue";
  see(100, 9, 102, 20);
  EXPECT_EQ(qty(), -5.0) << "bid falls: the old queue";
  see(100, 9, 102, 23);
  EXPECT_EQ(qty(), -3.0) << "ask queue grows";
  see(100, 9, 101, 7);
  EXPECT_EQ(qty(), -7.0) << "ask falls: the new queue";
  see(100, 9, 103, 8);
  EXPECT_EQ(qty(), 7.0) << "ask rises: the old queue";
}

TEST_F(OrderFlowTest, an_empty_side_is_the_worst_price) {
  see(100, 10, 102, 20);
  see(0, 0, 102, 20);
  EXPECT_EQ(qty(), -10.0);
  see(99, 4, 102, 20);
  EXPECT_EQ(qty(), 4.0);
  see(99, 4, 0, 0);
  EXPECT_EQ(qty(), 20.0);
}

TEST_F(OrderFlowTest, depths_are_multiples_of_the_mean_queue) {
  flow = OrderFlow{WindowLength::count(2)};
  see(100, 10, 102, 10);
  see(100, 20, 102, 20);  // e = 10 - 10, depth 20
  see(100, 50, 102, 10);  // e = 30 + 10, depth 30
  EXPECT_EQ(qty(), 40.0);
  EXPECT_EQ(depths(), 40.0 / 25.0);
}

TEST_F(OrderFlowTest, an_empty_time_window_has_no_flow) {
  flow = OrderFlow{WindowLength::time(10)};
  see(100, 10, 102, 10, 0);
  EXPECT_TRUE(std::isnan(qty()));
  see(100, 15, 102, 10, 1);
  EXPECT_EQ(qty(), 5.0);
  flow.advance(11);
  EXPECT_EQ(qty(), 0.0);
  EXPECT_EQ(depths(), 0.0);
}

TEST_F(OrderFlowTest, lots_become_units) {
  market.lot = {1, 1000};
  see(100, 10, 102, 20);
  see(100, 14, 102, 20);
  EXPECT_EQ(qty(), 0.004);
}

}  // namespace
}  // namespace hft::feature
