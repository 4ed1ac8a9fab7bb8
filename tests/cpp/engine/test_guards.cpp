#include <gtest/gtest.h>

#include "rich_scenario.hpp"

// What an operator, the feed's gaps and old data may change: what is opened, never what is closed.

namespace {

using namespace hft::engine::testing;
using hft::engine::Settings;
using hft::ledger::Reason;
using hft::ledger::Refusal;
namespace event = hft::event;

std::uint64_t refused(const Shard& shard, Refusal refusal) {
  return shard.engine->counters().refusals[static_cast<std::size_t>(refusal)];
}

std::int64_t position(const Shard& shard, std::uint32_t symbol_id) {
  return shard.engine->positions()[symbol_id].qty_lots;
}

/// A shard whose scores follow from the touch alone.
Shard plain_shard() {
  Shard shard{open_config()};
  shard.spec = imbalance_spec();
  shard.model.features = 1;
  shard.restart();
  return shard;
}

TapeWriter later_tape(std::int64_t seconds) { return TapeWriter{kMidnightNs + kOpenNs + seconds * kSecondNs}; }

TEST(Guards, a_kill_lets_only_exits_pass_until_it_is_resumed) {
  Shard shard = plain_shard();
  shard.engine->run(TapeWriter{}.up(0).control(1).up(1).down(0).events());
  EXPECT_TRUE(shard.engine->killed());
  EXPECT_EQ(refused(shard, Refusal::kKilled), 1U);
  EXPECT_EQ(position(shard, 0), 0) << "closed all the same";
  shard.engine->run(later_tape(1).control(2).up(1).events());
  EXPECT_FALSE(shard.engine->killed());
  EXPECT_EQ(position(shard, 1), 5);
  EXPECT_EQ(shard.engine->counters().kills, 1U);
  EXPECT_EQ(shard.engine->counters().resumes, 1U);
  EXPECT_EQ(shard.engine->counters().no_row, 2U) << "they count as events that give no row";
}

TEST(Guards, an_unknown_control_is_counted_and_does_nothing) {
  Shard shard = plain_shard();
  shard.engine->run(TapeWriter{}.control(0).control(3).control(-1).up(0).events());
  EXPECT_EQ(shard.engine->counters().unknown_controls, 3U);
  EXPECT_EQ(position(shard, 0), 5);
}

TEST(Guards, nothing_is_opened_on_stale_data_and_everything_is_closed) {
  Shard shard = plain_shard();
  auto tape = TapeWriter{};
  tape.up(0).up(1);
  tape.events().back().flags = event::kStale;
  tape.down(0);
  tape.events().back().flags = event::kStale;
  shard.engine->run(tape.events());
  EXPECT_EQ(refused(shard, Refusal::kStale), 1U);
  EXPECT_EQ(position(shard, 1), 0);
  EXPECT_EQ(position(shard, 0), 0);
  EXPECT_EQ(shard.engine->counters().stale, 2U);
  EXPECT_EQ(shard.engine->counters().rows_scored, 3U) << "stale rows are scored";
}

TEST(Guards, a_stop_loss_fires_on_stale_data_too) {
  Shard shard = plain_shard();
  auto settings = shard.engine->settings();
  settings.limits.stop_loss_milli_bps = 50'000;
  shard.engine->apply(settings);
  auto tape = TapeWriter{};
  tape.up(0).calm(0, 900);
  tape.events().back().flags = event::kStale;
  shard.engine->run(tape.events());
  EXPECT_EQ(shard.engine->counters().stop_losses, 1U);
  EXPECT_EQ(position(shard, 0), 0);
}

TEST(Guards, after_a_gap_nothing_is_scored_until_the_features_are_warm_again) {
  Shard shard;
  auto tape = TapeWriter{};
  for (int i = 0; i < 30; ++i) tape.calm(0, 1000 + i % 3).calm(1, 500 + i % 2).trade(0, 1000, 5).trade(1, 500, 5);
  shard.engine->run(tape.events());
  const auto n_warm = shard.engine->counters().rows_scored;
  ASSERT_GT(n_warm, 40U);

  auto gap = later_tape(1);
  gap.calm(0, 1001);
  gap.events().back().flags = event::kGapBefore;
  gap.calm(0, 1002).calm(0, 1001).calm(1, 501);
  shard.engine->run(gap.events());
  EXPECT_EQ(shard.engine->counters().gaps, 1U);
  EXPECT_EQ(shard.engine->pipeline().counters().gaps, 1U);
  EXPECT_EQ(shard.engine->counters().rows_scored, n_warm + 1) << "the other symbol lost nothing";
  shard.engine->run(later_tape(2).trade(0, 1001, 5).calm(0, 1002).calm(0, 1003).calm(0, 1002).calm(0, 1003).events());
  EXPECT_GT(shard.engine->counters().rows_scored, n_warm + 1) << "warm again";
}

TEST(Guards, a_gap_holds_back_no_exit) {
  Shard shard = plain_shard();
  auto settings = shard.engine->settings();
  settings.strategy.hold_ns = 5'000'000;
  shard.engine->apply(settings);
  shard.engine->run(TapeWriter{}.up(0).events());
  ASSERT_EQ(position(shard, 0), 5);
  auto gap = later_tape(1);
  gap.calm(0);
  gap.events().back().flags = event::kGapBefore;
  shard.engine->run(gap.events());
  EXPECT_EQ(position(shard, 0), 0);
}

TEST(Guards, settings_hold_from_the_next_event_on) {
  Shard shard = plain_shard();
  Settings settings = shard.engine->settings();
  shard.engine->run(TapeWriter{}.up(0).events());
  settings.limits.max_open_positions = 1;
  settings.strategy.order_qty_lots = 9;
  shard.engine->apply(settings);
  shard.engine->run(later_tape(1).up(1).events());
  EXPECT_EQ(refused(shard, Refusal::kMaxOpenPositions), 1U) << "what is open counts against the new limit";
  EXPECT_EQ(position(shard, 0), 5) << "and stays";
  settings.limits.max_open_positions = 3;
  shard.engine->apply(settings);
  shard.engine->run(later_tape(2).up(1).events());
  EXPECT_EQ(position(shard, 1), 9);
}

TEST(Guards, the_kill_switch_follows_the_settings_only_where_they_change_it) {
  Shard shard = plain_shard();
  Settings settings = shard.engine->settings();
  shard.engine->kill();
  shard.engine->apply(settings);
  EXPECT_TRUE(shard.engine->killed()) << "the settings never said otherwise";
  settings.limits.killed = true;
  shard.engine->apply(settings);
  settings.limits.killed = false;
  shard.engine->apply(settings);
  EXPECT_FALSE(shard.engine->killed());
}

TEST(Guards, another_model_scores_from_the_next_event_on) {
  Shard shard = plain_shard();
  const ImbalanceModel contrary{1, -1.0};
  shard.engine->run(TapeWriter{}.up(0).events());
  ASSERT_TRUE(shard.engine->fits(contrary));
  shard.engine->swap_model(contrary);
  shard.engine->run(later_tape(1).up(1).events());
  EXPECT_EQ(position(shard, 0), 5);
  EXPECT_EQ(position(shard, 1), -5);
  EXPECT_FALSE(shard.engine->fits(ImbalanceModel{2}));
}

TEST(Guards, bad_settings_are_named_before_they_are_applied) {
  Settings settings = plain_shard().engine->settings();
  EXPECT_NO_THROW(validate(settings, 3));
  settings.strategy.up_class = 3;
  EXPECT_THROW(validate(settings, 3), std::invalid_argument);
  settings.strategy.up_class = 2;
  settings.strategy.threshold_frac = 1.5;
  EXPECT_THROW(validate(settings), std::invalid_argument);
  settings.strategy.threshold_frac = 0.5;
  settings.limits.max_order_qty_lots = 0;
  EXPECT_THROW(validate(settings), std::invalid_argument);
}

}  // namespace
