#include "hft/ledger/positions.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>

namespace hft::ledger {
namespace {

Fill fill_of(Side side, std::int64_t qty_lots, std::int64_t px_ticks, std::uint32_t symbol_id = 0,
             std::int64_t fee_nano = 0) {
  Fill fill{};
  fill.side = side;
  fill.qty_lots = qty_lots;
  fill.px_ticks = px_ticks;
  fill.symbol_id = symbol_id;
  fill.fee_nano = fee_nano;
  return fill;
}

TEST(Positions, LongRoundTripRealisesTheDifference) {
  Positions positions{1};
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, 10, 100)));
  EXPECT_EQ(positions[0].qty_lots, 10);
  EXPECT_TRUE(positions[0].unrealised_half_tick_lots(2 * 103) == 60);
  ASSERT_TRUE(positions.apply(fill_of(Side::kSell, 10, 105)));
  EXPECT_EQ(positions[0].qty_lots, 0);
  EXPECT_TRUE(positions[0].realised_tick_lots == 50);
  EXPECT_TRUE(positions[0].open_cost_tick_lots == 0);
}

TEST(Positions, ShortRoundTripRealisesTheDifference) {
  Positions positions{1};
  ASSERT_TRUE(positions.apply(fill_of(Side::kSell, 10, 100)));
  EXPECT_TRUE(positions[0].unrealised_half_tick_lots(2 * 103) == -60);
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, 4, 90)));
  EXPECT_EQ(positions[0].qty_lots, -6);
  EXPECT_TRUE(positions[0].realised_tick_lots == 40);
}

TEST(Positions, FillThroughZeroClosesThenOpensAtItsOwnPrice) {
  Positions positions{1};
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, 3, 100)));
  ASSERT_TRUE(positions.apply(fill_of(Side::kSell, 5, 110)));
  EXPECT_EQ(positions[0].qty_lots, -2);
  EXPECT_TRUE(positions[0].realised_tick_lots == 30);
  EXPECT_TRUE(positions[0].open_cost_tick_lots == -220);
}

TEST(Positions, AverageCostKeepsTheRestOfItsDivision) {
  Positions positions{1};
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, 1, 100)));
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, 2, 101)));  // 302 for 3: the average is no integer
  ASSERT_TRUE(positions.apply(fill_of(Side::kSell, 1, 200)));
  EXPECT_TRUE(positions[0].realised_tick_lots == 100);  // released trunc(302 / 3) = 100
  EXPECT_TRUE(positions[0].open_cost_tick_lots == 202);
  ASSERT_TRUE(positions.apply(fill_of(Side::kSell, 2, 200)));
  EXPECT_TRUE(positions[0].realised_tick_lots == 600 - 302) << "flat: all of the cash, to the last tick-lot";
}

TEST(Positions, ImpossibleFillsChangeNothing) {
  Positions positions{2};
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, 5, 100, 1)));
  EXPECT_FALSE(positions.apply(fill_of(Side::kBuy, 5, 100, 2)));
  EXPECT_FALSE(positions.apply(fill_of(Side::kBuy, 0, 100, 1)));
  EXPECT_FALSE(positions.apply(fill_of(Side::kSell, -5, 100, 1)));
  EXPECT_FALSE(positions.apply(fill_of(static_cast<Side>(0), 5, 100, 1)));
  EXPECT_FALSE(positions.apply(fill_of(Side::kBuy, std::numeric_limits<std::int64_t>::max(), 100, 1)));
  EXPECT_EQ(positions[1].qty_lots, 5);
  EXPECT_EQ(positions[1].n_fills, 1U);
  EXPECT_EQ(positions[0].n_fills, 0U);
}

TEST(Positions, LargestQuantitiesAndPricesAreExact) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max() / 2;
  Positions positions{1};
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, kHuge, kHuge - 1)));
  ASSERT_TRUE(positions.apply(fill_of(Side::kBuy, kHuge, kHuge)));
  ASSERT_TRUE(positions.apply(fill_of(Side::kSell, kHuge - 3, kHuge)));
  const Position& p = positions[0];
  EXPECT_TRUE(p.realised_tick_lots - p.open_cost_tick_lots == p.cash_tick_lots);
  EXPECT_EQ(p.qty_lots, kHuge + 3);
}

/// Any fills at any mark: earned and open together are the cash and what the position is worth, per symbol, exactly.
TEST(Positions, RealisedPlusUnrealisedMinusFeesIsCashPlusPositionValue) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random{seed};
    const std::int64_t px_scale = seed % 2 == 0 ? 20 : 1'000'000'000'000;
    std::uniform_int_distribution<std::int64_t> qty{1, seed % 3 == 0 ? 3 : 1'000'000'000};
    std::uniform_int_distribution<std::int64_t> px{-px_scale / 10, px_scale};  // spreads and oil may trade below zero
    std::uniform_int_distribution<std::int64_t> fee{-1'000, 5'000};
    Positions positions{3};
    Int128 qty_sum[3] = {};
    Int128 cash[3] = {};
    Int128 fees[3] = {};
    for (int i = 0; i < 300; ++i) {
      const auto symbol = static_cast<std::uint32_t>(random() % 3);
      const Fill fill =
          fill_of(random() % 2 == 0 ? Side::kBuy : Side::kSell, qty(random), px(random), symbol, fee(random));
      ASSERT_TRUE(positions.apply(fill));
      const Int128 signed_qty = fill.side == Side::kBuy ? fill.qty_lots : -fill.qty_lots;
      qty_sum[symbol] += signed_qty;
      cash[symbol] -= signed_qty * fill.px_ticks;
      fees[symbol] += fill.fee_nano;

      const Position& p = positions[symbol];
      const std::int64_t mid_half_ticks = px(random);
      ASSERT_TRUE(p.qty_lots == qty_sum[symbol] && p.cash_tick_lots == cash[symbol] && p.fees_nano == fees[symbol]);
      ASSERT_TRUE(2 * p.realised_tick_lots + p.unrealised_half_tick_lots(mid_half_ticks) ==
                  2 * cash[symbol] + qty_sum[symbol] * mid_half_ticks);
      ASSERT_TRUE(p.qty_lots != 0 || (p.realised_tick_lots == cash[symbol] && p.open_cost_tick_lots == 0));
      ASSERT_EQ(p.bought_lots - p.sold_lots, p.qty_lots);
    }
  }
}

}  // namespace
}  // namespace hft::ledger
