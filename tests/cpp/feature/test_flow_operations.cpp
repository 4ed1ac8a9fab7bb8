#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/feature/intensity.hpp"
#include "hft/feature/kyle_lambda.hpp"
#include "hft/feature/signed_flow.hpp"
#include "hft/feature/time_since_quote.hpp"
#include "hft/feature/trade_side.hpp"
#include "market_of.hpp"

namespace hft::feature {
namespace {

using event::Side;
using testing::market_of;
using testing::quote;
using testing::trade;

template <class State>
std::vector<std::byte> saved(const State& state) {
  base::ByteWriter out;
  State::archive(state, out);
  return {out.bytes().begin(), out.bytes().end()};
}

/// Every byte as 0xFF in its turn: refused, or a state that comes back from its own bytes.
template <class State>
std::size_t n_refused(const State& state, const State& fresh) {
  const std::vector<std::byte> good = saved(state);
  std::size_t n = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] = std::byte{0xFF};
    State other = fresh;
    base::ByteReader in{bad};
    try {
      State::archive(other, in);
      EXPECT_EQ(saved(other), bad);
    } catch (const std::invalid_argument&) {
      ++n;
    }
  }
  return n;
}

TEST(Aggressor, lee_ready_asks_the_ticks_at_the_mid) {
  Market m = market_of(100, 1, 102, 1);  // mid 101
  AggressorClassifier who{AggressorRule::kLeeReady};
  const auto of = [&](std::int64_t px, Side side = Side::kUnknown) {
    m.set_trade(trade(0, px, 5, side));
    return who.update(m);
  };
  EXPECT_EQ(of(101), 0) << "at the mid, and no price before";
  EXPECT_EQ(of(102), 1);
  EXPECT_EQ(of(101), -1) << "at the mid, a price lower than before";
  EXPECT_EQ(of(101), -1) << "the same price: as before";
  EXPECT_EQ(of(100, Side::kBuy), 1) << "reported wins";
  EXPECT_EQ(of(101), 1) << "but its price counts: above 100";
  m.set_quote(quote(0, 100, 0, 102, 1));
  EXPECT_EQ(of(90), -1) << "no mid: the tick rule";
  who.reset();
  EXPECT_EQ(of(90), 0);
}

TEST(Aggressor, an_unknown_name_is_refused) {
  EXPECT_EQ(aggressor_rule("tick_rule"), AggressorRule::kTickRule);
  EXPECT_THROW((void)aggressor_rule("bulk"), std::invalid_argument);
}

TEST(KyleLambda, is_the_slope_of_the_mid_on_the_flow) {
  Market m = market_of(100, 1, 102, 1);
  PriceImpact impact{WindowLength::count(2), AggressorRule::kReported};
  const KyleLambda read{-1.0};
  const auto step = [&](std::int64_t bid, std::int64_t lots, Side side) {
    m.set_quote(quote(0, bid, 1, bid + 2, 1));
    m.set_trade(trade(0, bid, lots, side)), impact.update(m);
  };
  step(100, 10, Side::kBuy);
  step(103, 20, Side::kSell);  // +10 moved it by 3 cents
  EXPECT_TRUE(std::isnan(read.of(impact, m)));
  step(94, 20, Side::kSell);  // -20 by -9
  EXPECT_DOUBLE_EQ(read.of(impact, m), 0.12 / 30);
  step(94, 1, Side::kUnknown);
  EXPECT_DOUBLE_EQ(read.of(impact, m), 0.12 / 30) << "left out";
  step(90, 5, Side::kBuy);  // -20 and -20: no slope
  EXPECT_EQ(read.of(impact, m), -1.0);
}

TEST(Intensity, needs_a_time) {
  EXPECT_THROW((Intensity{WindowLength::count(9), "TradeIntensity"}), std::invalid_argument);
}

TEST(MidChange, remembers_the_mid_over_an_empty_side) {
  Market m = market_of(100, 1, 102, 1);
  MidChange change;
  const TimeSinceMidChange read;
  change.update(m);
  m.set_quote(quote(7, 100, 0, 102, 1)), change.update(m);
  EXPECT_TRUE(std::isnan(read.of(change, m)));
  m.set_quote(quote(9, 100, 5, 102, 1)), change.update(m);
  EXPECT_EQ(read.of(change, m), 9.0) << "the same mid";
  m.set_quote(quote(11, 101, 5, 102, 1)), change.update(m);
  EXPECT_EQ(read.of(change, m), 0.0);
}

TEST(FlowSnapshots, that_no_market_gives_are_refused) {
  Market m = market_of(100, 1, 102, 1);
  PriceImpact impact{WindowLength::count(4), AggressorRule::kLeeReady};
  SignedVolume volume{WindowLength::time(50), AggressorRule::kTickRule};
  TradeSide side{AggressorRule::kTickRule};
  Intensity intensity{WindowLength::time(50), "TradeIntensity"};
  MidChange change;
  for (std::int64_t i = 0; i < 3; ++i) {
    m.set_trade(trade(i, 100 + i, 5 + i));
    impact.update(m), volume.update(m), side.update(m), intensity.update(m), change.update(m);
  }
  EXPECT_GT(n_refused(impact, PriceImpact{WindowLength::count(4), AggressorRule::kLeeReady}), 10U);
  EXPECT_GT(n_refused(volume, SignedVolume{WindowLength::time(50), AggressorRule::kTickRule}), 5U);
  EXPECT_GT(n_refused(side, TradeSide{AggressorRule::kTickRule}), 2U);
  EXPECT_GT(n_refused(intensity, Intensity{WindowLength::time(50), "TradeIntensity"}), 3U);
  EXPECT_GT(n_refused(change, MidChange{}), 2U);
}

}  // namespace
}  // namespace hft::feature
