#include <gtest/gtest.h>

#include <cmath>

#include "scenario.hpp"

// The ways out of a position: stop-loss, holding time, end of the session.

namespace {

using namespace hft::engine::testing;
using hft::engine::EngineConfig;
using hft::ledger::Reason;
using hft::ledger::Refusal;
using hft::ledger::Side;

EngineConfig with_stop(std::int64_t milli_bps, std::int64_t pause_ns = 0) {
  EngineConfig config = open_config();
  config.risk.stop_loss_milli_bps = milli_bps;
  config.risk.stop_out_pause_ns = pause_ns;
  return config;
}

TEST(EngineExits, a_stop_closes_at_the_touch_that_gapped_through_it) {
  const auto run = play(TapeWriter{}.up(0, 1000).calm(0, 900), with_stop(100'000));
  ASSERT_EQ(run.fills.size(), 2U);
  EXPECT_EQ(run.decisions[1].reason, Reason::kStopLoss);
  EXPECT_TRUE(std::isnan(run.decisions[1].up_frac));
  EXPECT_EQ(run.fills[1].px_ticks, 900);
  EXPECT_EQ(run.positions[0].realised_tick_lots, -505);
  EXPECT_EQ(run.counters.stop_losses, 1U);
}

TEST(EngineExits, a_stop_pauses_its_symbol_and_no_other) {
  TapeWriter tape;
  tape.up(0, 1000).up(0, 900).up(0, 901).up(1, 1000).later(kSecondNs).up(0, 902);
  const auto run = play(tape, with_stop(100'000, kSecondNs));
  ASSERT_EQ(run.decisions.size(), 6U);
  EXPECT_EQ(run.decisions[1].reason, Reason::kStopLoss);
  EXPECT_EQ(run.decisions[1].id.ordinal, 0U);
  EXPECT_EQ(run.decisions[2].refusal, Refusal::kStoppedOut) << "the row of the same event wanted in again";
  EXPECT_EQ(run.decisions[2].id.ordinal, 1U);
  EXPECT_EQ(run.decisions[3].refusal, Refusal::kStoppedOut);
  EXPECT_EQ(run.decisions[4].refusal, Refusal::kNone) << "another symbol";
  EXPECT_EQ(run.decisions[5].refusal, Refusal::kNone) << "the pause is over";
}

TEST(EngineExits, a_stop_waits_for_a_price_and_goes_on_until_flat) {
  TapeWriter tape;
  tape.up(0, 1000);
  tape.quote(0, 900, 0, 901, 50);    // no bid: nothing to sell to
  tape.quote(0, 902, 50, 901, 50);   // crossed: no price
  tape.quote(0, 899, 2, 900, 2);     // two lots of five
  tape.quote(0, 898, 50, 899, 50);   // the rest
  const auto run = play(tape, with_stop(100'000));
  ASSERT_EQ(run.fills.size(), 3U);
  EXPECT_EQ(run.fills[1].px_ticks, 899);
  EXPECT_EQ(run.fills[1].qty_lots, 2);
  EXPECT_EQ(run.fills[2].px_ticks, 898);
  EXPECT_EQ(run.fills[2].qty_lots, 3);
  EXPECT_EQ(run.positions[0].qty_lots, 0);
}

TEST(EngineExits, a_stop_closes_though_the_spec_drops_the_quote) {
  auto spec = imbalance_spec();
  spec.drop = hft::feature::kDropLocked;
  const auto run = play(TapeWriter{}.up(0, 1000).quote(0, 900, 50, 900, 50), with_stop(100'000), spec);
  EXPECT_EQ(run.counters.dropped, 1U);
  EXPECT_EQ(run.positions[0].qty_lots, 0);
}

TEST(EngineExits, a_position_is_closed_when_its_time_is_up) {
  EngineConfig config = open_config();
  config.strategy.hold_ns = 2'000'000;
  const auto run = play(TapeWriter{}.up(0).calm(0).calm(0).calm(0), config);
  ASSERT_EQ(run.fills.size(), 2U);
  EXPECT_EQ(run.decisions[1].reason, Reason::kHoldExpired);
  EXPECT_EQ(run.fills[1].ts_event_ns - run.fills[0].ts_event_ns, 2'000'000);
}

TEST(EngineExits, the_first_quote_after_the_close_ends_the_position_at_its_own_touch) {
  TapeWriter tape;
  tape.up(0, 1000).up(1, 1000).calm(0, 1005);
  tape.at(kMidnightNs + kCloseNs).trade(0, 2000, 1).calm(0, 2000);
  const auto run = play(tape, open_config());
  ASSERT_EQ(run.fills.size(), 3U);
  EXPECT_EQ(run.decisions[2].reason, Reason::kSessionEnd);
  EXPECT_EQ(run.fills[2].px_ticks, 2000) << "the touch before is gone when the end is seen";
  EXPECT_EQ(run.fills[2].id.source_seq, hft::event::make_source_seq(3, 4));
  EXPECT_EQ(run.positions[0].qty_lots, 0);
  EXPECT_EQ(run.positions[1].qty_lots, 5) << "that symbol has not been heard of since";
}

TEST(EngineExits, a_session_end_also_shows_in_the_first_quote_of_the_next_session) {
  TapeWriter tape;
  tape.up(0, 1000).at(kMidnightNs + 24 * 3600 * kSecondNs + kOpenNs).up(0, 1500);
  const auto run = play(tape, open_config());
  ASSERT_EQ(run.fills.size(), 3U);
  EXPECT_EQ(run.fills[1].px_ticks, 1500);
  EXPECT_EQ(run.decisions[1].reason, Reason::kSessionEnd);
  EXPECT_EQ(run.fills[2].px_ticks, 1501) << "and the same quote may open a new position";
  EXPECT_EQ(run.positions[0].qty_lots, 5);
}

TEST(EngineExits, a_session_end_without_a_bid_waits_for_one_and_needs_no_ask) {
  TapeWriter tape;
  tape.up(0, 1000);
  tape.at(kMidnightNs + kCloseNs).quote(0, 995, 0, 996, 50).quote(0, 990, 50, 0, 0).calm(0, 980);
  const auto run = play(tape, open_config());
  ASSERT_EQ(run.fills.size(), 2U);
  EXPECT_EQ(run.fills[1].px_ticks, 990);
  EXPECT_EQ(run.decisions.size(), 2U) << "no decision while there is nothing to sell to";
}

TEST(EngineExits, one_event_takes_no_quantity_twice) {
  EngineConfig config = with_stop(100'000);
  config.strategy.hold_ns = 1'000'000;
  TapeWriter tape;
  tape.up(0, 1000);                                                          // buys 5
  tape.at(kMidnightNs + kCloseNs).quote(0, 900, 2, 901, 50);                 // session end, stop and hold: 2 are there
  tape.quote(0, 899, 1, 900, 50).quote(0, 898, 50, 899, 50);                 // one more, then the rest
  const auto run = play(tape, config);
  ASSERT_EQ(run.fills.size(), 4U);
  EXPECT_EQ(run.decisions.size(), 4U);
  EXPECT_EQ(run.fills[1].qty_lots, 2);
  EXPECT_EQ(run.fills[2].qty_lots, 1);
  EXPECT_EQ(run.fills[3].qty_lots, 2);
}

TEST(EngineExits, an_exit_leaves_its_quantity_to_no_signal_of_the_same_event) {
  EngineConfig config = open_config();
  config.strategy.hold_ns = 1'000'000;
  const auto run = play(TapeWriter{}.up(0, 1000).quote(0, 1000, 6, 1001, 94), config);
  ASSERT_EQ(run.fills.size(), 3U);
  EXPECT_EQ(run.decisions[1].reason, Reason::kHoldExpired);
  EXPECT_EQ(run.fills[1].qty_lots, 5);
  EXPECT_EQ(run.decisions[2].reason, Reason::kSignal);
  EXPECT_EQ(run.fills[2].qty_lots, 1) << "what the exit left of 6";
}

TEST(EngineExits, what_was_taken_is_back_with_the_next_quote) {
  auto spec = imbalance_spec();
  spec.row_on = hft::feature::RowOn::kTrade;
  TapeWriter tape;
  tape.up(0, 1000).trade(0, 1001, 1).trade(0, 1001, 1).up(0, 1000).trade(0, 1001, 1);
  EngineConfig config = open_config(6);
  const auto run = play(tape, config, spec);
  ASSERT_EQ(run.fills.size(), 1U);
  EXPECT_EQ(run.fills[0].qty_lots, 6);

  TapeWriter sells;  // buys 8, sells them again to a bid of 10, sells 2 more to what is left of it; then a new quote
  sells.up(0, 1000).trade(0, 1001, 1);
  sells.down(0, 1000).trade(0, 1000, 1).trade(0, 1000, 1).down(0, 1000).trade(0, 1000, 1);
  const auto again = play(sells, open_config(8), spec);
  ASSERT_EQ(again.fills.size(), 3U);
  EXPECT_EQ(again.fills[1].qty_lots, 8);
  EXPECT_EQ(again.fills[2].qty_lots, 2);
}

/// One trade of the year 2033 among quotes of 2013.
TapeWriter with_a_trade_far_ahead(std::uint16_t flags) {
  TapeWriter tape;
  tape.up(0, 1000);
  tape.trade(0, 1000, 1).events().back().ts_event_ns += std::int64_t{20} * 365 * 24 * 3600 * kSecondNs;
  tape.events().back().flags = flags;
  return tape;
}

TEST(EngineExits, a_trade_far_ahead_does_not_disarm_the_stop) {
  for (const std::uint16_t flags : {std::uint16_t{0}, std::uint16_t{hft::event::kSuspicious}}) {
    const auto run = play(with_a_trade_far_ahead(flags).calm(0, 500).calm(0, 500).calm(0, 499), with_stop(100'000));
    ASSERT_EQ(run.fills.size(), 2U);
    EXPECT_EQ(run.decisions[1].reason, Reason::kStopLoss);
    EXPECT_EQ(run.fills[1].px_ticks, 500);
    EXPECT_EQ(run.fills[1].id.source_seq, hft::event::make_source_seq(3, 2)) << "at the first quote";
    EXPECT_EQ(run.positions[0].qty_lots, 0);
    EXPECT_EQ(run.marks[0].mid_half_ticks, 2 * 499 + 1) << "and what is open is valued at what is quoted";
  }
}

TEST(EngineExits, a_trade_far_ahead_disarms_neither_holding_time_nor_session_end_nor_hastens_them) {
  EngineConfig config = open_config();
  config.strategy.hold_ns = kSecondNs;
  const auto held = play(with_a_trade_far_ahead(0).calm(0, 1001).later(kSecondNs).calm(0, 1002), config);
  ASSERT_EQ(held.fills.size(), 2U);
  EXPECT_EQ(held.decisions[1].reason, Reason::kHoldExpired);
  EXPECT_EQ(held.fills[1].px_ticks, 1002);

  const auto ended =
      play(with_a_trade_far_ahead(0).calm(0, 1001).at(kMidnightNs + kCloseNs).calm(0, 1002), open_config());
  ASSERT_EQ(ended.fills.size(), 2U);
  EXPECT_EQ(ended.decisions[1].reason, Reason::kSessionEnd);
  EXPECT_EQ(ended.fills[1].px_ticks, 1002);
}

TEST(EngineExits, a_quote_out_of_order_opens_nothing) {
  TapeWriter tape;
  tape.calm(0, 1000).up(0, 1000);
  tape.events().back().ts_event_ns -= kSecondNs;
  const auto run = play(tape, open_config());
  EXPECT_EQ(run.counters.out_of_order, 1U);
  EXPECT_TRUE(run.decisions.empty());
}

TEST(EngineExits, an_exit_by_a_late_quote_is_not_dated_before_what_was_seen) {
  TapeWriter tape;
  tape.up(0, 1000).calm(0, 1000).calm(0, 900);
  tape.events().back().ts_event_ns -= kSecondNs;
  const auto run = play(tape, with_stop(100'000));
  ASSERT_EQ(run.fills.size(), 2U);
  EXPECT_EQ(run.fills[1].ts_event_ns, tape.events()[1].ts_event_ns);
}

TEST(EngineExits, the_end_of_a_tape_marks_what_is_open) {
  const auto run = play(TapeWriter{}.up(0, 1000).calm(0, 1010), open_config());
  EXPECT_EQ(run.positions[0].qty_lots, 5);
  ASSERT_EQ(run.marks.size(), 1U);
  EXPECT_EQ(run.marks[0].mid_half_ticks, 2021);
  EXPECT_EQ(run.positions[0].unrealised_half_tick_lots(run.marks[0].mid_half_ticks), 5 * (2021 - 2 * 1001));
}

}  // namespace
