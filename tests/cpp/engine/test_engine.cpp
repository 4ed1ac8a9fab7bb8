#include "hft/engine/engine.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "scenario.hpp"

namespace {

using namespace hft::engine::testing;
using hft::engine::EngineConfig;
using hft::ledger::DecisionId;
using hft::ledger::Reason;
using hft::ledger::Refusal;
using hft::ledger::Side;

TEST(Engine, a_signal_becomes_decision_order_and_fill_at_the_touch) {
  const auto run = play(TapeWriter{}.calm(0).up(0), open_config());
  ASSERT_EQ(run.decisions.size(), 1U);
  ASSERT_EQ(run.orders.size(), 1U);
  ASSERT_EQ(run.fills.size(), 1U);
  const auto& decision = run.decisions[0];
  EXPECT_EQ(decision.id, (DecisionId{hft::event::make_source_seq(3, 1), 1, 0}));
  EXPECT_EQ(decision.side, Side::kBuy);
  EXPECT_EQ(decision.reason, Reason::kSignal);
  EXPECT_EQ(decision.refusal, Refusal::kNone);
  EXPECT_DOUBLE_EQ(decision.up_frac, 0.9);
  EXPECT_EQ(run.orders[0].limit_px_ticks, 1001);
  EXPECT_EQ(run.fills[0].px_ticks, 1001);
  EXPECT_EQ(run.fills[0].qty_lots, 5);
  EXPECT_EQ(run.fills[0].id, decision.id);
  EXPECT_EQ(run.positions[0].qty_lots, 5);
}

TEST(Engine, without_a_signal_nothing_is_recorded_but_the_marks) {
  const auto run = play(TapeWriter{}.calm(0).calm(1, 2000).trade(0, 1000, 5), open_config());
  EXPECT_TRUE(run.decisions.empty());
  ASSERT_EQ(run.marks.size(), 2U);
  EXPECT_EQ(run.marks[1].symbol_id, 1U);
  EXPECT_EQ(run.marks[1].mid_half_ticks, 4001);
  EXPECT_EQ(run.counters.rows_scored, 2U);
  EXPECT_EQ(run.counters.no_row, 1U);
}

TEST(Engine, a_signal_against_the_position_closes_it_and_the_next_one_opens_the_other_way) {
  const auto run = play(TapeWriter{}.up(0).down(0).down(0, 1001), open_config());
  ASSERT_EQ(run.fills.size(), 3U);
  EXPECT_EQ(run.fills[1].side, Side::kSell);
  EXPECT_EQ(run.fills[1].px_ticks, 1000);
  EXPECT_EQ(run.fills[2].side, Side::kSell);
  EXPECT_EQ(run.positions[0].qty_lots, -5);
  EXPECT_EQ(run.positions[0].realised_tick_lots, -5);
}

TEST(Engine, an_order_larger_than_the_touch_is_filled_in_part) {
  const auto run = play(TapeWriter{}.up(0).calm(1), open_config(30));
  EXPECT_EQ(run.orders[0].qty_lots, 30);
  EXPECT_EQ(run.fills[0].qty_lots, 10);
  EXPECT_EQ(run.positions[0].qty_lots, 10);
}

TEST(Engine, a_refusal_is_recorded_with_its_reason_and_sends_nothing) {
  EngineConfig config = open_config();
  config.risk.max_open_positions = 1;
  const auto run = play(TapeWriter{}.up(0).up(1), config);
  ASSERT_EQ(run.decisions.size(), 2U);
  EXPECT_EQ(run.decisions[1].refusal, Refusal::kMaxOpenPositions);
  EXPECT_EQ(run.orders.size(), 1U);
  EXPECT_EQ(run.counters.refusals[static_cast<std::size_t>(Refusal::kMaxOpenPositions)], 1U);
}

TEST(Engine, a_crossed_or_one_sided_book_trades_nothing) {
  const auto run = play(TapeWriter{}.quote(0, 1002, 90, 1001, 10).quote(1, 1000, 90, 1001, 0), open_config());
  ASSERT_EQ(run.decisions.size(), 2U);
  for (const auto& decision : run.decisions) EXPECT_EQ(decision.refusal, Refusal::kNoReference);
  EXPECT_TRUE(run.orders.empty());
  EXPECT_TRUE(run.marks.empty()) << "a crossed or one-sided book has no mid to mark at";
}

TEST(Engine, a_suspicious_quote_is_no_touch) {
  TapeWriter tape;
  tape.calm(0, 1000).quote(0, 5000, 90, 5001, 10, hft::event::kSuspicious);
  const auto run = play(tape, open_config());
  ASSERT_EQ(run.decisions.size(), 1U);
  EXPECT_EQ(run.decisions[0].limit_px_ticks, 1001) << "the features saw it, the exchange did not";
}

TEST(Engine, a_row_that_is_not_ready_is_not_scored) {
  auto spec = imbalance_spec();
  spec.features.push_back({"rsi", "rsi", "mid_px", {{"period", std::int64_t{3}}}});
  const auto run = play(TapeWriter{}.up(0).up(0, 1001).up(0, 1002).up(0, 1003).up(0, 1004), open_config(), spec);
  EXPECT_EQ(run.counters.rows_not_ready, 3U);
  EXPECT_EQ(run.counters.rows_scored, 2U);
  EXPECT_EQ(run.fills.size(), 1U);
}

TEST(Engine, an_event_out_of_order_or_of_an_unknown_symbol_gives_no_row) {
  TapeWriter tape;
  tape.up(0).down(0).up(9).calm(0);
  tape.events()[1].ts_event_ns -= 10 * kSecondNs;
  const auto run = play(tape, open_config());
  EXPECT_EQ(run.counters.out_of_order, 1U);
  EXPECT_EQ(run.counters.unknown_symbol, 1U);
  EXPECT_EQ(run.fills.size(), 1U);
}

TEST(Engine, every_event_and_every_decision_is_accounted_for) {
  EngineConfig config = open_config(30);
  config.risk.max_open_positions = 1;
  config.risk.stop_loss_milli_bps = 5'000;
  const auto tape = random_tape(1, 20'000);
  const auto run = play(tape, config);
  const auto& c = run.counters;
  EXPECT_EQ(c.events, tape.events().size());
  EXPECT_EQ(c.events, c.unknown_symbol + c.out_of_order + c.dropped + c.no_row + c.rows_not_ready + c.rows_scored);
  std::uint64_t refused = 0;
  for (const auto n : c.refusals) refused += n;
  EXPECT_EQ(c.decisions, refused + c.orders);
  EXPECT_EQ(c.orders, c.fills + c.orders_unfilled);
  EXPECT_EQ(c.decisions, run.decisions.size());
  EXPECT_EQ(c.orders, run.orders.size());
  EXPECT_EQ(c.fills, run.fills.size());
  EXPECT_GT(c.fills, 100U);
  EXPECT_GT(refused, 100U);
  EXPECT_GT(c.stop_losses, 0U);
}

TEST(Engine, a_kill_leaves_only_exits) {
  const auto instruments = three_instruments();
  const auto spec = imbalance_spec();
  const ImbalanceModel model;
  hft::ledger::MemoryJournal journal;
  hft::engine::Engine engine(spec, instruments, model, open_config(), journal);
  engine.run(TapeWriter{}.up(0).events());
  engine.kill();
  engine.run(TapeWriter{kMidnightNs + kOpenNs + kSecondNs}.up(1).down(0).events());
  EXPECT_EQ(engine.counters().refusals[static_cast<std::size_t>(Refusal::kKilled)], 1U);
  EXPECT_EQ(engine.positions()[0].qty_lots, 0);
}

TEST(Engine, a_close_with_nothing_left_decides_nothing) {
  const auto instruments = three_instruments();
  hft::ledger::MemoryJournal journal;
  hft::engine::Memory memory(open_config(), instruments.size());
  hft::engine::Stopwatch<false> watch;
  hft::engine::Desk<hft::ledger::MemoryJournal, false> desk(open_config(), instruments, memory, journal, watch);
  hft::event::TopOfBook book{1000, 5, 1001, 5, 0};
  const auto n_bytes = journal.bytes().size();
  desk.close(0, Reason::kSessionEnd, book);
  EXPECT_EQ(memory.counters.decisions, 0U);
  EXPECT_EQ(journal.bytes().size(), n_bytes);
}

struct FailingJournal {
  int n_left;
  bool append(const hft::ledger::JournalRecord&) noexcept { return n_left-- > 0; }
};

TEST(Engine, a_failed_journal_stops_trading) {
  for (const int n_records : {0, 1, 2, 3, 4}) {
    const auto instruments = three_instruments();
    const auto spec = imbalance_spec();
    const ImbalanceModel model;
    FailingJournal journal{n_records};
    hft::engine::Engine engine(spec, instruments, model, open_config(), journal);
    engine.run(TapeWriter{}.up(0).up(1).down(0).down(1).events());
    const auto& counters = engine.counters();
    EXPECT_EQ(counters.orders, n_records >= 2 ? 1U : 0U) << n_records << " records";
    EXPECT_EQ(counters.refusals[static_cast<std::size_t>(Refusal::kJournalDown)], 4U - counters.orders);
  }
}

TEST(Engine, refuses_parts_that_do_not_fit) {
  const auto instruments = three_instruments();
  const auto spec = imbalance_spec();
  hft::ledger::MemoryJournal journal;
  const ImbalanceModel two_features{2};
  EXPECT_THROW(hft::engine::Engine(spec, instruments, two_features, open_config(), journal), std::invalid_argument);
  const ImbalanceModel model;
  EngineConfig config = open_config();
  config.strategy.up_class = 3;
  EXPECT_THROW(hft::engine::Engine(spec, instruments, model, config, journal), std::invalid_argument);
}

}  // namespace
