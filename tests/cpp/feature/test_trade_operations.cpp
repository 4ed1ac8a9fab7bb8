#include <gtest/gtest.h>

#include <cmath>

#include "hft/feature/trade_imbalance.hpp"
#include "hft/feature/vwap.hpp"
#include "market_of.hpp"

namespace hft::feature {
namespace {

using event::Side;
using testing::market_of;
using testing::trade;
using Aggressor = AggressorRule;

TEST(TradeImbalance, is_the_signed_share_of_the_volume) {
  Market m = market_of(100, 1, 102, 1);
  SignedVolume volume{WindowLength::count(2), Aggressor::kReported};
  const TradeImbalance read{};
  m.set_trade(trade(0, 101, 30, Side::kBuy)), volume.update(m);
  EXPECT_TRUE(std::isnan(read.of(volume, m)));
  m.set_trade(trade(0, 101, 10, Side::kSell)), volume.update(m);
  EXPECT_EQ(read.of(volume, m), 0.5);
  m.set_trade(trade(0, 101, 10, Side::kSell)), volume.update(m);
  EXPECT_EQ(read.of(volume, m), -1.0);
}

TEST(TradeImbalance, the_quote_rule_compares_in_half_ticks) {
  Market m = market_of(100, 1, 103, 1);  // mid 101.5
  SignedVolume volume{WindowLength::count(1), Aggressor::kQuoteRule};
  const TradeImbalance read{};
  m.set_trade(trade(0, 102, 5)), volume.update(m);
  EXPECT_EQ(read.of(volume, m), 1.0);
  m.set_trade(trade(0, 101, 5)), volume.update(m);
  EXPECT_EQ(read.of(volume, m), -1.0);
  m.set_trade(trade(0, 101, 5, Side::kBuy)), volume.update(m);
  EXPECT_EQ(read.of(volume, m), 1.0) << "reported wins";
}

TEST(TradeImbalance, a_side_that_stays_unknown_leaves_the_state_as_it_was) {
  Market m = market_of(100, 1, 102, 1);
  SignedVolume volume{WindowLength::count(1), Aggressor::kQuoteRule};
  m.set_trade(trade(0, 102, 5)), volume.update(m);
  m.set_trade(trade(0, 101, 5)), volume.update(m);  // at the mid
  m.set_trade(trade(0, 100, 0)), volume.update(m);  // no quantity
  EXPECT_EQ(TradeImbalance{}.of(volume, m), 1.0);
}

TEST(TradeImbalance, an_empty_time_window_has_the_value_of_the_parameter) {
  Market m = market_of(100, 1, 102, 1);
  SignedVolume volume{WindowLength::time(10), Aggressor::kReported};
  EXPECT_TRUE(std::isnan(TradeImbalance{}.of(volume, m)));
  m.set_trade(trade(0, 101, 5, Side::kSell)), volume.update(m);
  volume.advance(10);
  EXPECT_EQ(TradeImbalance{}.of(volume, m), 0.0);
  EXPECT_EQ(TradeImbalance{0.25}.of(volume, m), 0.25);
}

TEST(Vwap, weighs_prices_by_quantity) {
  Market m = market_of(9999, 1, 10001, 1);
  TradedValue traded{WindowLength::count(2)};
  m.set_trade(trade(0, 10000, 100)), traded.update(m);
  EXPECT_TRUE(std::isnan((Vwap{Vwap::Unit::kPx}.of(traded, m))));
  m.set_trade(trade(0, 10010, 300)), traded.update(m);
  EXPECT_EQ((Vwap{Vwap::Unit::kPx}.of(traded, m)), 100.075);
  EXPECT_EQ((Vwap{Vwap::Unit::kBps}.of(traded, m)), 7.5);
}

TEST(Vwap, a_trade_without_quantity_leaves_the_state_as_it_was) {
  Market m = market_of(9999, 1, 10001, 1);
  TradedValue traded{WindowLength::count(1)};
  m.set_trade(trade(0, 10000, 100)), traded.update(m);
  m.set_trade(trade(0, 1, 0)), traded.update(m);
  EXPECT_EQ((Vwap{Vwap::Unit::kPx}.of(traded, m)), 100.0);
}

TEST(Vwap, an_empty_time_window_has_no_price) {
  Market m = market_of(9999, 1, 10001, 1);
  TradedValue traded{WindowLength::time(10)};
  m.set_trade(trade(5, 10000, 100)), traded.update(m);
  traded.advance(15);
  EXPECT_TRUE(std::isnan((Vwap{Vwap::Unit::kPx}.of(traded, m))));
}

}  // namespace
}  // namespace hft::feature
