#include "hft/risk/gate.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using hft::ledger::Fill;
using hft::ledger::Refusal;
using hft::ledger::Side;
using hft::risk::Gate;
using hft::risk::Limits;
using hft::risk::Reference;

constexpr Reference kBook{1000, 50, 1001, 50, 0};

Limits limits() {
  return {.max_open_positions = 2, .max_order_qty_lots = 10, .max_position_qty_lots = 20};
}

Refusal send(Gate& gate, std::uint32_t symbol_id, Side side, std::int64_t qty_lots, std::int64_t now_ns = 0,
             const Reference& reference = kBook) {
  return gate.submit({symbol_id, side, qty_lots, now_ns}, reference);
}

Fill fill(std::uint32_t symbol_id, Side side, std::int64_t qty_lots, std::int64_t px_ticks = 1000) {
  return {{}, 0, px_ticks, qty_lots, 0, symbol_id, side, {}};
}

// Sends and fills at once, as the simulated exchange does.
void trade(Gate& gate, std::uint32_t symbol_id, Side side, std::int64_t qty_lots, std::int64_t px_ticks = 1000) {
  ASSERT_EQ(send(gate, symbol_id, side, qty_lots), Refusal::kNone);
  gate.on_fill(fill(symbol_id, side, qty_lots, px_ticks), qty_lots);
}

TEST(Gate, accepts_an_order_within_all_limits) {
  Gate gate(limits(), 3);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 10), Refusal::kNone);
  EXPECT_EQ(gate.n_open(), 1U);
}

TEST(Gate, refuses_without_a_usable_reference) {
  const std::vector<Reference> unusable{
      {}, {1000, 0, 1001, 50, 0}, {1000, 50, 1001, 0, 0}, {1002, 50, 1001, 50, 0}, {0, 50, 1001, 50, 0},
      {-5, 50, 1001, 50, 0}, {1000, -1, 1001, 50, 0}};
  for (std::size_t i = 0; i < unusable.size(); ++i) {
    Gate gate(limits(), 1);
    EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 0, unusable[i]), Refusal::kNoReference) << i;
    EXPECT_EQ(gate.n_open(), 0U) << i;
  }
}

TEST(Gate, an_exit_needs_only_the_side_that_it_takes) {
  Gate gate(limits(), 2);
  trade(gate, 0, Side::kBuy, 4);
  trade(gate, 1, Side::kSell, 4);
  EXPECT_EQ(send(gate, 0, Side::kSell, 1, 0, {1000, 0, 1001, 50, 0}), Refusal::kNoReference) << "no bid";
  EXPECT_EQ(send(gate, 1, Side::kBuy, 1, 0, {1000, 50, 1001, 0, 0}), Refusal::kNoReference) << "no ask";
  EXPECT_EQ(send(gate, 0, Side::kSell, 1, 0, {1002, 50, 1001, 50, 0}), Refusal::kNoReference) << "crossed";
  EXPECT_EQ(send(gate, 0, Side::kSell, 1, 0, {1000, 50, 0, 0, 0}), Refusal::kNone) << "no ask, and none needed";
  EXPECT_EQ(send(gate, 1, Side::kBuy, 1, 0, {0, 0, 1001, 50, 0}), Refusal::kNone) << "no bid, and none needed";
  EXPECT_EQ(send(gate, 0, Side::kSell, 1, 0, {-3, 50, -2, 50, 0}), Refusal::kNone) << "a price below zero is one";
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 0, {1000, 0, 1001, 50, 0}), Refusal::kNoReference) << "an entry needs both";
}

TEST(Gate, a_stop_needs_only_the_side_that_it_takes) {
  Limits with_stop = limits();
  with_stop.stop_loss_milli_bps = 100'000;  // 1 %
  Gate gate(with_stop, 2);
  trade(gate, 0, Side::kBuy, 4);
  trade(gate, 1, Side::kSell, 4);
  EXPECT_TRUE(gate.stop_hit(0, {500, 1, 0, 0, 0}));
  EXPECT_TRUE(gate.stop_hit(0, {0, 1, 1, 1, 0}));
  EXPECT_TRUE(gate.stop_hit(0, {-7, 1, -6, 1, 0}));
  EXPECT_TRUE(gate.stop_hit(1, {0, 0, 2000, 1, 0}));
  EXPECT_FALSE(gate.stop_hit(1, {2000, 1, 0, 0, 0})) << "nobody sells";
}

TEST(Gate, accepts_a_locked_reference) {
  Gate gate(limits(), 1);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 0, {1000, 1, 1000, 1, 0}), Refusal::kNone);
}

TEST(Gate, refuses_an_entry_against_a_stale_reference_but_not_an_exit) {
  Limits with_age = limits();
  with_age.max_reference_age_ns = 100;
  Gate gate(with_age, 1);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 101), Refusal::kNoReference);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 100), Refusal::kNone);
  gate.on_fill(fill(0, Side::kBuy, 1), 1);
  EXPECT_EQ(send(gate, 0, Side::kSell, 1, 1'000'000), Refusal::kNone);
}

TEST(Gate, refuses_an_unknown_symbol_and_a_quantity_below_one) {
  Gate gate(limits(), 1);
  EXPECT_EQ(send(gate, 1, Side::kBuy, 1), Refusal::kNoReference);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 0), Refusal::kQtyNotPositive);
  EXPECT_EQ(send(gate, 0, Side::kBuy, std::numeric_limits<std::int64_t>::min()), Refusal::kQtyNotPositive);
}

TEST(Gate, refuses_by_size_position_and_number) {
  Gate gate(limits(), 3);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 11), Refusal::kMaxOrderQty);
  EXPECT_EQ(send(gate, 0, Side::kBuy, std::numeric_limits<std::int64_t>::max()), Refusal::kMaxOrderQty);
  trade(gate, 0, Side::kBuy, 10);
  trade(gate, 0, Side::kBuy, 10);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kMaxPositionQty);
  trade(gate, 1, Side::kSell, 10);
  EXPECT_EQ(send(gate, 2, Side::kBuy, 1), Refusal::kMaxOpenPositions);
  EXPECT_EQ(send(gate, 1, Side::kSell, 1), Refusal::kNone) << "the symbol is already open";
}

TEST(Gate, a_sent_order_counts_before_its_fill) {
  Gate gate(limits(), 3);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 10), Refusal::kNone);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 10), Refusal::kNone);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kMaxPositionQty);
  EXPECT_EQ(send(gate, 1, Side::kBuy, 1), Refusal::kNone);
  EXPECT_EQ(send(gate, 2, Side::kBuy, 1), Refusal::kMaxOpenPositions);
  gate.on_cancel(1, Side::kBuy, 1);
  EXPECT_EQ(send(gate, 2, Side::kBuy, 1), Refusal::kNone) << "a cancelled order gives its place back";
}

TEST(Gate, a_reducing_order_is_held_back_by_no_limit) {
  Limits wide = limits();
  wide.max_order_qty_lots = 20;
  wide.stop_out_pause_ns = 1000;
  Gate gate(wide, 3);
  trade(gate, 0, Side::kBuy, 20);
  trade(gate, 1, Side::kSell, 20);
  gate.pause(0, 0);
  gate.pause(1, 0);
  gate.kill();
  EXPECT_EQ(send(gate, 0, Side::kSell, 20), Refusal::kNone);
  EXPECT_EQ(send(gate, 1, Side::kBuy, 20), Refusal::kNone);
}

TEST(Gate, nothing_flips_a_position_through_zero) {
  Gate gate(limits(), 1);
  trade(gate, 0, Side::kBuy, 5);
  EXPECT_EQ(send(gate, 0, Side::kSell, 6), Refusal::kWouldFlip);
  EXPECT_EQ(send(gate, 0, Side::kSell, 4), Refusal::kNone);
  EXPECT_EQ(send(gate, 0, Side::kSell, 2), Refusal::kWouldFlip) << "only one lot is left to close";
  EXPECT_EQ(gate.closable_lots(0), 1);
}

TEST(Gate, two_entries_under_way_may_not_cross_zero_together) {
  Gate gate(limits(), 1);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 5), Refusal::kNone);
  EXPECT_EQ(send(gate, 0, Side::kSell, 5), Refusal::kWouldFlip);
}

TEST(Gate, the_kill_switch_leaves_only_exits) {
  Limits killed = limits();
  killed.killed = true;
  Gate born_dead(killed, 1);
  EXPECT_EQ(send(born_dead, 0, Side::kBuy, 1), Refusal::kKilled);
  Gate gate(limits(), 1);
  trade(gate, 0, Side::kBuy, 5);
  gate.kill();
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kKilled);
  EXPECT_EQ(send(gate, 0, Side::kSell, 5), Refusal::kNone);
}

TEST(Gate, a_fill_that_cannot_be_kills) {
  for (const Fill& impossible : {fill(7, Side::kBuy, 1), fill(0, Side::kBuy, 0), fill(0, Side{9}, 1)}) {
    Gate gate(limits(), 1);
    gate.on_fill(impossible, 1);
    EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kKilled);
  }
}

TEST(Gate, an_overfill_kills_and_releases_only_what_its_own_order_reserved) {
  Gate gate(limits(), 1);
  ASSERT_EQ(send(gate, 0, Side::kBuy, 10), Refusal::kNone);
  gate.on_fill(fill(0, Side::kBuy, 10), 10);
  ASSERT_EQ(send(gate, 0, Side::kSell, 4), Refusal::kNone);
  ASSERT_EQ(send(gate, 0, Side::kSell, 4), Refusal::kNone);
  gate.on_fill(fill(0, Side::kSell, 6), 4);
  EXPECT_EQ(gate.position_lots(0), 4) << "it happened";
  EXPECT_EQ(gate.closable_lots(0), 0) << "the other order still closes 4";
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kKilled);
  gate.on_cancel(0, Side::kSell, 4);
  EXPECT_EQ(send(gate, 0, Side::kSell, 4), Refusal::kNone) << "exits pass a kill";
}

TEST(Gate, a_fill_of_an_order_that_was_never_sent_kills) {
  Gate gate(limits(), 1);
  gate.on_fill(fill(0, Side::kBuy, 1), 1);
  EXPECT_EQ(gate.position_lots(0), 1);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kKilled);
}

TEST(Gate, without_a_journal_nothing_passes) {
  Gate gate(limits(), 1);
  trade(gate, 0, Side::kBuy, 5);
  gate.journal_down();
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kJournalDown);
  EXPECT_EQ(send(gate, 0, Side::kSell, 5), Refusal::kJournalDown);
}

TEST(Gate, a_stop_fires_at_its_loss_and_not_before) {
  Limits with_stop = limits();
  with_stop.stop_loss_milli_bps = 20'000;  // 20 bps of 10,000 ticks: 20 ticks
  Gate gate(with_stop, 2);
  EXPECT_FALSE(gate.stop_hit(0, {9'000, 1, 9'001, 1, 0})) << "flat";
  trade(gate, 0, Side::kBuy, 4, 10'000);
  trade(gate, 1, Side::kSell, 4, 10'000);
  EXPECT_FALSE(gate.stop_hit(0, {9'981, 1, 9'990, 1, 0}));
  EXPECT_TRUE(gate.stop_hit(0, {9'980, 1, 9'990, 1, 0})) << "a long position leaves at the bid";
  EXPECT_TRUE(gate.stop_hit(0, {5'000, 1, 5'001, 1, 0})) << "gapped through";
  EXPECT_FALSE(gate.stop_hit(1, {9'000, 1, 10'019, 1, 0}));
  EXPECT_TRUE(gate.stop_hit(1, {9'000, 1, 10'020, 1, 0})) << "a short position leaves at the ask";
}

TEST(Gate, a_stop_measures_against_the_average_entry) {
  Limits with_stop = limits();
  with_stop.stop_loss_milli_bps = 100'000;  // 1 %
  Gate gate(with_stop, 1);
  trade(gate, 0, Side::kBuy, 1, 10'000);
  trade(gate, 0, Side::kBuy, 3, 10'400);  // average 10,300: the stop lies at 10,197
  EXPECT_FALSE(gate.stop_hit(0, {10'198, 1, 10'200, 1, 0}));
  EXPECT_TRUE(gate.stop_hit(0, {10'197, 1, 10'200, 1, 0}));
}

TEST(Gate, a_stop_waits_for_a_price_and_does_not_fire_twice_for_one_exit) {
  Limits with_stop = limits();
  with_stop.stop_loss_milli_bps = 10'000;
  Gate gate(with_stop, 1);
  trade(gate, 0, Side::kBuy, 4, 10'000);
  EXPECT_FALSE(gate.stop_hit(0, {5'000, 0, 5'001, 1, 0}));
  EXPECT_FALSE(gate.stop_hit(0, {5'002, 1, 5'001, 1, 0}));
  EXPECT_EQ(send(gate, 0, Side::kSell, 4), Refusal::kNone);
  EXPECT_FALSE(gate.stop_hit(0, {5'000, 1, 5'001, 1, 0})) << "the exit is under way";
}

TEST(Gate, a_pause_refuses_entries_until_it_ends) {
  Limits with_pause = limits();
  with_pause.stop_out_pause_ns = 100;
  Gate gate(with_pause, 2);
  gate.pause(0, 1000);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 1099), Refusal::kStoppedOut);
  EXPECT_EQ(send(gate, 1, Side::kBuy, 1, 1099), Refusal::kNone);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1, 1100), Refusal::kNone);
}

TEST(Gate, refuses_limits_that_break_a_rule) {
  EXPECT_THROW(Gate({.max_order_qty_lots = 2, .max_position_qty_lots = 1}, 1), std::invalid_argument);
}

Refusal send_stale(Gate& gate, std::uint32_t symbol_id, Side side, std::int64_t qty_lots) {
  return gate.submit({symbol_id, side, qty_lots, 0, true}, kBook);
}

TEST(Gate, stale_data_opens_nothing_and_closes_everything) {
  Gate gate(limits(), 2);
  trade(gate, 0, Side::kBuy, 4);
  EXPECT_EQ(send_stale(gate, 1, Side::kBuy, 1), Refusal::kStale);
  EXPECT_EQ(send_stale(gate, 0, Side::kBuy, 1), Refusal::kStale) << "adds";
  EXPECT_EQ(send_stale(gate, 0, Side::kSell, 5), Refusal::kWouldFlip) << "named before";
  EXPECT_EQ(send_stale(gate, 0, Side::kSell, 4), Refusal::kNone);
  gate.kill();
  EXPECT_EQ(send_stale(gate, 1, Side::kBuy, 1), Refusal::kKilled) << "named before";
}

TEST(Gate, other_limits_hold_for_the_next_order_and_leave_what_is_open) {
  Gate gate(limits(), 3);
  trade(gate, 0, Side::kBuy, 10);
  Limits narrow = limits();
  narrow.max_open_positions = 1;
  narrow.max_order_qty_lots = 2;
  gate.apply(narrow);
  EXPECT_EQ(send(gate, 1, Side::kBuy, 1), Refusal::kMaxOpenPositions);
  EXPECT_EQ(send(gate, 0, Side::kBuy, 3), Refusal::kMaxOrderQty);
  EXPECT_EQ(gate.position_lots(0), 10);
  EXPECT_EQ(send(gate, 0, Side::kSell, 10), Refusal::kNone) << "an exit has no size limit";
}

TEST(Gate, a_kill_outlives_limits_that_say_the_same_as_before) {
  Gate gate(limits(), 1);
  gate.kill();
  gate.apply(limits());
  EXPECT_TRUE(gate.killed());
  gate.resume();
  EXPECT_EQ(send(gate, 0, Side::kBuy, 1), Refusal::kNone);
  Limits killed = limits();
  killed.killed = true;
  gate.apply(killed);
  EXPECT_TRUE(gate.killed());
}

}  // namespace
