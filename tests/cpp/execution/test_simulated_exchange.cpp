#include "hft/execution/simulated_exchange.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace {

using hft::event::Instrument;
using hft::event::TopOfBook;
using hft::execution::Fees;
using hft::execution::SimulatedExchange;
using hft::ledger::Order;
using hft::ledger::Reason;
using hft::ledger::Side;

constexpr TopOfBook kBook{1000, 5, 1002, 7, 0};

const std::vector<Instrument>& instruments() {
  static const std::vector<Instrument> table{
      {"CENT", {1, 100}, {1, 1}},             // 0.01 per tick, 1 share per lot
      {"COIN", {1, 2}, {1, 1'000}},           // 0.50 per tick, 0.001 coin per lot
      {"BOND", {1, 32}, {100, 1}},            // 1/32 per tick, 100 units per lot
  };
  return table;
}

Order order(Side side, std::int64_t qty_lots, std::int64_t limit_px_ticks, std::uint32_t symbol_id = 0) {
  return {{9, 1, 0}, 123, limit_px_ticks, qty_lots, symbol_id, side, Reason::kSignal, 0};
}

TEST(SimulatedExchange, buys_at_the_ask_and_sells_at_the_bid) {
  const SimulatedExchange exchange({}, instruments());
  const auto bought = exchange.execute(order(Side::kBuy, 3, 1002), kBook);
  ASSERT_TRUE(bought);
  EXPECT_EQ(bought->px_ticks, 1002);
  EXPECT_EQ(bought->qty_lots, 3);
  EXPECT_EQ(bought->ts_event_ns, 123);
  EXPECT_EQ(bought->id, (hft::ledger::DecisionId{9, 1, 0}));
  const auto sold = exchange.execute(order(Side::kSell, 3, 1000), kBook);
  ASSERT_TRUE(sold);
  EXPECT_EQ(sold->px_ticks, 1000);
}

TEST(SimulatedExchange, fills_no_more_than_the_touch_holds) {
  const SimulatedExchange exchange({}, instruments());
  EXPECT_EQ(exchange.execute(order(Side::kBuy, 100, 1002), kBook)->qty_lots, 7);
  EXPECT_EQ(exchange.execute(order(Side::kSell, 100, 1000), kBook)->qty_lots, 5);
}

TEST(SimulatedExchange, never_fills_beyond_the_limit_or_against_an_empty_side) {
  const SimulatedExchange exchange({}, instruments());
  EXPECT_FALSE(exchange.execute(order(Side::kBuy, 1, 1001), kBook));
  EXPECT_FALSE(exchange.execute(order(Side::kSell, 1, 1001), kBook));
  EXPECT_FALSE(exchange.execute(order(Side::kBuy, 1, 1002), {1000, 5, 1002, 0, 0}));
  EXPECT_FALSE(exchange.execute(order(Side::kSell, 1, 1000), {1000, 0, 1002, 7, 0}));
}

TEST(SimulatedExchange, charges_basis_points_of_the_notional) {
  // 1002 ticks of 0.01 x 5 shares = 50.10; 0.2 bps of it = 0.001002 = 1,002,000 nano
  EXPECT_EQ(SimulatedExchange({.milli_bps = 200}, instruments()).fee_nano(0, 1002, 5), 1'002'000);
  // 80,001 ticks of 0.50 x 3 lots of 0.001 = 120.0015; 5 bps = 0.06000075
  EXPECT_EQ(SimulatedExchange({.milli_bps = 5'000}, instruments()).fee_nano(1, 80'001, 3), 60'000'750);
  // 1 tick of 1/32 x 100 = 3.125; 0.001 bps = 3.125e-7 = 312.5 nano, rounded up
  EXPECT_EQ(SimulatedExchange({.milli_bps = 1}, instruments()).fee_nano(2, 1, 1), 313);
}

TEST(SimulatedExchange, charges_per_unit_and_adds_both_kinds) {
  EXPECT_EQ(SimulatedExchange({.nano_per_unit = 3'500'000}, instruments()).fee_nano(0, 1002, 5), 17'500'000);
  EXPECT_EQ(SimulatedExchange({.nano_per_unit = 1}, instruments()).fee_nano(1, 1, 1), 1);  // 0.001 units, rounded up
  EXPECT_EQ(SimulatedExchange({.milli_bps = 200, .nano_per_unit = 3'500'000}, instruments()).fee_nano(0, 1002, 5),
            1'002'000 + 17'500'000);
}

TEST(SimulatedExchange, rounds_a_rebate_against_us_too) {
  EXPECT_EQ(SimulatedExchange({.milli_bps = -1}, instruments()).fee_nano(2, 1, 1), -312);
  EXPECT_EQ(SimulatedExchange({.milli_bps = -200}, instruments()).fee_nano(0, 1002, 5), -1'002'000);
}

TEST(SimulatedExchange, a_fee_too_large_for_the_ledger_saturates) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(SimulatedExchange({.milli_bps = 10'000'000}, instruments()).fee_nano(2, kMost, kMost), kMost);
}

TEST(SimulatedExchange, refuses_absurd_fees) {
  EXPECT_THROW(SimulatedExchange({.milli_bps = 10'000'001}, instruments()), std::invalid_argument);
  EXPECT_THROW(SimulatedExchange({.nano_per_unit = -1'000'000'000'000'001}, instruments()), std::invalid_argument);
}

TEST(SimulatedExchange, refuses_instruments_whose_fee_rate_does_not_fit) {
  const std::vector<Instrument> huge{{"HUGE", {1'000'000'007, 1}, {1'000'000'009, 1}}};
  EXPECT_THROW(SimulatedExchange({.milli_bps = 9'999'999}, huge), std::invalid_argument);
}

TEST(SimulatedExchange, says_what_its_fills_take_for_granted) {
  for (const auto line : SimulatedExchange::kAssumptions) EXPECT_FALSE(line.empty());
}

}  // namespace
