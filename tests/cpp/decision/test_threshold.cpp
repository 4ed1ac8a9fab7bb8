#include "hft/decision/threshold.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace {

using hft::decision::Holding;
using hft::decision::Intent;
using hft::decision::Scores;
using hft::decision::Threshold;
using hft::decision::ThresholdParams;
using hft::decision::Why;
using hft::event::Side;
using hft::event::TopOfBook;

constexpr TopOfBook kBook{1000, 5, 1001, 7, 0};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Row {
  std::int64_t position_lots;
  Scores scores;
  Side side;
  std::int64_t qty_lots;
};

TEST(Threshold, follows_its_decision_table) {
  constexpr Side kNone = Side::kUnknown;
  constexpr std::array kTable{
      Row{0, {0.70, 0.10}, Side::kBuy, 3},   Row{0, {0.10, 0.70}, Side::kSell, 3}, Row{0, {0.69, 0.31}, kNone, 0},
      Row{0, {0.70, 0.70}, kNone, 0},        Row{0, {0.90, 0.80}, Side::kBuy, 3},  Row{0, {0.80, 0.90}, Side::kSell, 3},
      Row{5, {0.90, 0.00}, kNone, 0},        Row{5, {0.00, 0.90}, Side::kSell, 5}, Row{-5, {0.00, 0.90}, kNone, 0},
      Row{-5, {0.90, 0.00}, Side::kBuy, 5},  Row{0, {kNan, 0.90}, kNone, 0},       Row{0, {0.90, kNan}, kNone, 0},
      Row{0, {kNan, kNan}, kNone, 0},        Row{5, {kNan, 0.90}, kNone, 0},       Row{0, {1.00, 0.00}, Side::kBuy, 3},
  };
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    Threshold strategy({.order_qty_lots = 3}, 1);
    const Row& row = kTable[i];
    const Intent intent = strategy.on_scores(0, row.scores, kBook, {row.position_lots, 0}, 0);
    EXPECT_EQ(intent.side, row.side) << "row " << i;
    EXPECT_EQ(intent.qty_lots, row.qty_lots) << "row " << i;
    EXPECT_EQ(intent.abstains(), row.side == kNone) << "row " << i;
  }
}

TEST(Threshold, asks_for_the_touch_of_the_side_that_it_takes) {
  Threshold strategy({}, 1);
  EXPECT_EQ(strategy.on_scores(0, {0.9, 0.0}, kBook, {}, 0).limit_px_ticks, 1001);
  EXPECT_EQ(strategy.on_scores(0, {0.0, 0.9}, kBook, {}, 0).limit_px_ticks, 1000);
}

TEST(Threshold, takes_the_scores_of_the_classes_it_was_told) {
  const Threshold strategy({.up_class = 0, .down_class = 1}, 1);
  constexpr std::array proba{0.1, 0.2, 0.7};
  EXPECT_EQ(strategy.scores(proba).up_frac, 0.1);
  EXPECT_EQ(strategy.scores(proba).down_frac, 0.2);
}

TEST(Threshold, cooldown_holds_back_entries_of_that_symbol_only) {
  Threshold strategy({.cooldown_ns = 100}, 2);
  EXPECT_FALSE(strategy.on_scores(0, {0.9, 0.0}, kBook, {}, 1000).abstains());
  EXPECT_TRUE(strategy.on_scores(0, {0.9, 0.0}, kBook, {}, 1099).abstains());
  EXPECT_FALSE(strategy.on_scores(1, {0.9, 0.0}, kBook, {}, 1099).abstains());
  EXPECT_FALSE(strategy.on_scores(0, {0.9, 0.0}, kBook, {}, 1100).abstains());
}

TEST(Threshold, cooldown_never_holds_back_a_close) {
  Threshold strategy({.cooldown_ns = 100}, 1);
  EXPECT_FALSE(strategy.on_scores(0, {0.9, 0.0}, kBook, {}, 1000).abstains());
  EXPECT_FALSE(strategy.on_scores(0, {0.0, 0.9}, kBook, {1, 1000}, 1001).abstains());
}

TEST(Threshold, closes_a_position_when_its_time_is_up) {
  Threshold strategy({.hold_ns = 50}, 1);
  EXPECT_TRUE(strategy.on_quote(0, kBook, {4, 1000}, 1049).abstains());
  const Intent intent = strategy.on_quote(0, kBook, {4, 1000}, 1050);
  EXPECT_EQ(intent.why, Why::kHoldExpired);
  EXPECT_EQ(intent.side, Side::kSell);
  EXPECT_EQ(intent.qty_lots, 4);
  EXPECT_TRUE(strategy.on_quote(0, kBook, {0, 1000}, 9999).abstains());
}

TEST(Threshold, a_close_waits_for_the_side_that_it_takes_in_an_uncrossed_book) {
  Threshold strategy({.hold_ns = 50}, 1);
  EXPECT_TRUE(strategy.on_quote(0, {1000, 0, 1001, 7, 0}, {4, 1000}, 1050).abstains());
  EXPECT_TRUE(strategy.on_quote(0, {1002, 5, 1001, 7, 0}, {4, 1000}, 1051).abstains());
  EXPECT_FALSE(strategy.on_quote(0, {1001, 5, 1001, 7, 0}, {4, 1000}, 1052).abstains()) << "locked is a price";
  EXPECT_FALSE(strategy.on_quote(0, {1000, 5, 0, 0, 0}, {4, 1000}, 1053).abstains()) << "a sale needs no ask";
  EXPECT_FALSE(strategy.on_quote(0, {0, 0, 1001, 5, 0}, {-4, 1000}, 1054).abstains()) << "a purchase needs no bid";
  EXPECT_TRUE(strategy.on_quote(0, {1000, 5, 0, 0, 0}, {-4, 1000}, 1055).abstains());
}

TEST(Threshold, without_a_holding_time_keeps_a_position_for_ever) {
  Threshold strategy({}, 1);
  EXPECT_TRUE(strategy.on_quote(0, kBook, {4, 0}, std::numeric_limits<std::int64_t>::max()).abstains());
}

TEST(Threshold, refuses_parameters_out_of_range) {
  for (const double threshold : {0.0, -0.1, 1.0001, kNan}) {
    EXPECT_THROW(Threshold({.threshold_frac = threshold}, 1), std::invalid_argument) << threshold;
  }
  EXPECT_THROW(Threshold({.order_qty_lots = 0}, 1), std::invalid_argument);
  EXPECT_THROW(Threshold({.cooldown_ns = -1}, 1), std::invalid_argument);
  EXPECT_THROW(Threshold({.hold_ns = -1}, 1), std::invalid_argument);
  EXPECT_THROW(Threshold({.up_class = 1, .down_class = 1}, 1), std::invalid_argument);
  EXPECT_NO_THROW(Threshold({.threshold_frac = 1.0}, 1));
}

}  // namespace
