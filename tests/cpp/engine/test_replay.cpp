#include "hft/engine/replay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "scenario.hpp"

namespace {

using namespace hft::engine::testing;
using hft::engine::EngineConfig;
using hft::engine::Feed;
using hft::engine::Replay;
using hft::engine::ReplayConfig;
using hft::engine::ReplayControl;
using hft::engine::ReplayParts;
using hft::engine::ReplayResult;
using hft::engine::Stage;
using hft::engine::StageTimes;
using hft::ledger::FrameKind;
using hft::ledger::MemoryJournal;
using hft::ring::WaitKind;

EngineConfig busy_config() {
  EngineConfig config = open_config(30);
  config.strategy.hold_ns = 50'000'000;
  config.risk.max_open_positions = 2;
  config.risk.stop_loss_milli_bps = 50'000;
  config.risk.stop_out_pause_ns = 100'000'000;
  config.fees = {.milli_bps = 100, .nano_per_unit = 1000};
  return config;
}

struct Played {
  ReplayResult result;
  std::vector<std::byte> journal;
  std::unique_ptr<StageTimes> times = std::make_unique<StageTimes>();
};

template <bool Timed, class Journal = MemoryJournal>
Played replay(std::span<const std::byte> records, const ReplayConfig& config, Journal journal = Journal{}) {
  const auto spec = imbalance_spec();
  const auto instruments = three_instruments();
  const ImbalanceModel model;
  const auto engine_config = busy_config();
  Played played;
  ReplayControl control;
  Replay<Timed, ImbalanceModel, Journal> run(records, {spec, instruments, model, engine_config, R"({"run":"test"})"},
                                             config, journal, control);
  played.result = run.run(*played.times);
  if constexpr (requires { journal.bytes(); }) played.journal.assign(journal.bytes().begin(), journal.bytes().end());
  return played;
}

TEST(Replay, the_same_tape_gives_the_same_journal_bytes_however_it_is_fed) {
  const auto tape = random_tape(7, 30'000);
  const auto expected = replay<false>(tape.bytes(), {.feed = Feed::kEvents});
  ASSERT_GT(expected.result.counters.fills, 200U);
  ASSERT_GT(expected.result.counters.stop_losses, 0U);
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    for (const WaitKind wait : {WaitKind::kYield, WaitKind::kBlock}) {
      const auto untimed = replay<false>(tape.bytes(), {.feed = feed, .wait = wait});
      const auto timed = replay<true>(tape.bytes(), {.feed = feed, .wait = wait});
      EXPECT_EQ(untimed.journal, expected.journal);
      EXPECT_EQ(timed.journal, expected.journal);
    }
  }
}

TEST(Replay, pace_and_ring_size_leave_no_trace_in_the_journal) {
  const auto tape = random_tape(8, 3'000);
  const auto expected = replay<false>(tape.bytes(), {});
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    EXPECT_EQ(replay<true>(tape.bytes(), {.feed = feed, .rate_hz = 100'000.0}).journal, expected.journal);
  }
  EXPECT_EQ(replay<false>(tape.bytes(), {.ring_events = 2}).journal, expected.journal);
}

TEST(Replay, a_paced_replay_takes_as_long_as_its_schedule) {
  const auto tape = random_tape(9, 1'000);
  const auto played = replay<true>(tape.bytes(), {.rate_hz = 20'000.0});
  EXPECT_GE(played.result.elapsed_ns, 999 * 50'000);
}

TEST(Replay, every_stage_of_a_timed_replay_is_measured) {
  const auto tape = random_tape(10, 10'000);
  const auto played = replay<true>(tape.bytes(), {});
  const auto& times = *played.times;
  const auto& counters = played.result.counters;
  EXPECT_EQ(times[Stage::kDecode].count(), 10'000U);
  EXPECT_EQ(times[Stage::kRing].count(), counters.events);
  EXPECT_EQ(times[Stage::kFeatures].count(), counters.events);
  EXPECT_EQ(times[Stage::kModel].count(), counters.rows_scored);
  EXPECT_EQ(times[Stage::kDecision].count(), counters.rows_scored);
  EXPECT_EQ(times[Stage::kRisk].count(), counters.decisions);
  EXPECT_EQ(times[Stage::kJournal].count(), counters.decisions + counters.orders + counters.fills + 3);  // 3 marks
  EXPECT_EQ(times[Stage::kTickToDecision].count(), counters.rows_scored);
}

TEST(Replay, bad_records_are_counted_and_skipped) {
  auto tape = random_tape(11, 5'000);
  const auto clean = replay<false>(tape.bytes(), {});
  std::vector<std::byte> records;
  std::uint64_t n_bad = 0;
  for (std::size_t i = 0; i < tape.events().size(); ++i) {
    if (i % 7 == 0) {  // noise between the records
      std::byte noise[64];
      std::memset(noise, static_cast<int>(0x80 + i % 64), sizeof noise);
      records.insert(records.end(), noise, noise + 64);
      ++n_bad;
    }
    const auto bytes = tape.bytes().subspan(i * 64, 64);
    records.insert(records.end(), bytes.begin(), bytes.end());
  }
  records.resize(records.size() + 13);  // and a torn end
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    const auto noisy = replay<false>(records, {.feed = feed});
    std::uint64_t counted = 0;
    for (const auto n : noisy.result.counters.bad_records) counted += n;
    EXPECT_EQ(counted, n_bad + 1);
    EXPECT_FALSE(noisy.result.aborted);
    EXPECT_EQ(noisy.result.counters.events, clean.result.counters.events);
    EXPECT_EQ(records_of<hft::ledger::Fill>(noisy.journal, FrameKind::kFill).size(), clean.result.counters.fills);
  }
}

TEST(Replay, no_bytes_crash_it) {
  std::mt19937 random{12};
  std::vector<std::byte> noise(64 * 2'000);
  for (std::byte& b : noise) b = static_cast<std::byte>(random());
  for (std::size_t i = 0; i < noise.size(); i += 64) noise[i + 28] = static_cast<std::byte>(1 + i / 64 % 4);
  EXPECT_EQ(replay<false>(noise, {}).result.counters.fills, 0U);
  EXPECT_EQ(replay<false>({}, {}).result.counters.events, 0U);
}

TEST(Replay, the_journal_begins_with_the_header_and_ends_with_the_counters) {
  const auto played = replay<false>(random_tape(13, 100).bytes(), {});
  hft::ledger::FrameScanner scanner(played.journal, "memory");
  std::vector<std::pair<FrameKind, std::string>> frames;
  while (const auto frame = scanner.next()) frames.emplace_back(frame->kind, frame->text());
  EXPECT_EQ(frames.front().second, R"({"run":"test"})");
  EXPECT_EQ(frames.back().first, FrameKind::kRunEnd);
  EXPECT_EQ(frames.back().second, to_json(played.result.counters));
}

TEST(Replay, an_abort_ends_it_soon_and_leaves_no_run_end) {
  const auto tape = random_tape(14, 1'000);
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    const auto spec = imbalance_spec();
    const auto instruments = three_instruments();
    const ImbalanceModel model;
    const auto engine_config = busy_config();
    MemoryJournal journal;
    ReplayControl control;
    Replay<false, ImbalanceModel, MemoryJournal> run(tape.bytes(), {spec, instruments, model, engine_config, "{}"},
                                                     {.feed = feed, .rate_hz = 10.0}, journal, control);
    std::jthread other([&] {
      while (control.n_done.load() == 0) std::this_thread::yield();
      control.abort = true;
    });
    StageTimes times;
    const auto result = run.run(times);
    EXPECT_TRUE(result.aborted);
    EXPECT_LT(result.counters.events, 1'000U);
    EXPECT_LT(result.elapsed_ns, 10 * kSecondNs);
  }
}

/// Takes so many records and then none, like a disk that fills up with no buffer before it.
struct ShortJournal {
  int n_left = 0;
  std::uint64_t* n_orders = nullptr;  // taken
  bool append(const hft::ledger::JournalRecord& record) noexcept {
    if (n_left-- <= 0) return false;
    *n_orders += record.kind == FrameKind::kOrder ? 1U : 0U;
    return true;
  }
  bool append_text(FrameKind, std::string_view) noexcept { return n_left > 0; }
};

TEST(Replay, a_failed_journal_stops_trading_within_what_was_under_way_to_it_and_the_run_says_so) {
  const auto tape = random_tape(15, 20'000);
  const auto whole = replay<false>(tape.bytes(), {});
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    std::uint64_t n_recorded = 0;
    const auto cut = replay<false>(tape.bytes(), {.feed = feed, .ring_events = 64, .ring_records = 64},
                                   ShortJournal{50, &n_recorded});
    const auto n_sent = cut.result.counters.orders;
    constexpr std::uint64_t kBatch = Replay<false, ImbalanceModel, ShortJournal>::kBatch;
    const std::uint64_t n_under_way = feed == Feed::kThreads ? 64 + kBatch + 1 : 0;
    ASSERT_GT(whole.result.counters.orders, 50 + n_under_way) << "else the bound says nothing";
    EXPECT_GE(n_sent, n_recorded);
    EXPECT_LE(n_sent, n_recorded + n_under_way);
    EXPECT_TRUE(cut.result.journal_failed);
    EXPECT_EQ(cut.result.counters.events, whole.result.counters.events) << "market data is still followed";
    EXPECT_LT(cut.result.counters.orders, whole.result.counters.orders);
    EXPECT_GT(cut.result.counters.refusals[static_cast<std::size_t>(hft::ledger::Refusal::kJournalDown)], 0U);
  }
}

TEST(Replay, every_record_is_done_at_the_end_bad_ones_too) {
  auto tape = random_tape(16, 1'000);
  for (std::size_t i = 0; i < 1'000; i += 3) tape.events()[i].kind = static_cast<hft::event::EventKind>(77);
  std::vector<std::byte> records(tape.bytes().begin(), tape.bytes().end());
  records.resize(records.size() + 13);
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    const auto spec = imbalance_spec();
    const auto instruments = three_instruments();
    const ImbalanceModel model;
    const auto engine_config = busy_config();
    MemoryJournal journal;
    ReplayControl control;
    Replay<false, ImbalanceModel, MemoryJournal> run(records, {spec, instruments, model, engine_config, "{}"},
                                                     {.feed = feed}, journal, control);
    StageTimes times;
    EXPECT_FALSE(run.run(times).aborted);
    EXPECT_EQ(control.n_done.load(), 1'001U);
    EXPECT_EQ(hft::engine::RecordTape::n_records(records.size()), 1'001U);
  }
}

TEST(Replay, a_kill_from_another_thread_leaves_only_exits) {
  const auto tape = random_tape(17, 5'000);
  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    const auto spec = imbalance_spec();
    const auto instruments = three_instruments();
    const ImbalanceModel model;
    const auto engine_config = busy_config();
    MemoryJournal journal;
    ReplayControl control;
    control.kill = true;
    Replay<false, ImbalanceModel, MemoryJournal> run(tape.bytes(), {spec, instruments, model, engine_config, "{}"},
                                                     {.feed = feed}, journal, control);
    StageTimes times;
    const auto result = run.run(times);
    EXPECT_EQ(result.counters.orders, 0U);
    EXPECT_GT(result.counters.refusals[static_cast<std::size_t>(hft::ledger::Refusal::kKilled)], 0U);
  }
}

using hft::engine::Change;

/// A replay of `records` under changes, with any feed.
Played replay_with(std::span<const std::byte> records, std::span<const Change<ImbalanceModel>> changes, Feed feed) {
  const auto spec = imbalance_spec();
  const auto instruments = three_instruments();
  const ImbalanceModel model;
  const auto engine_config = busy_config();
  Played played;
  MemoryJournal journal;
  ReplayControl control;
  Replay<false, ImbalanceModel, MemoryJournal> run(
      records, {spec, instruments, model, engine_config, R"({"run":"test"})", changes},
      {.feed = feed}, journal, control);
  played.result = run.run(*played.times);
  played.journal.assign(journal.bytes().begin(), journal.bytes().end());
  return played;
}

TEST(Replay, changes_hold_from_their_record_on_as_if_the_engine_had_been_told_between_two_runs) {
  auto tape = random_tape(18, 6'000);
  for (std::size_t i = 0; i < tape.events().size(); i += 11) {
    tape.events()[i].kind = static_cast<hft::event::EventKind>(77);  // bad records count as records
  }
  const ImbalanceModel contrary{1, -1.0};
  const auto first = hft::engine::Settings{busy_config().strategy, busy_config().risk};
  auto narrow = first;
  narrow.limits.max_open_positions = 1;
  narrow.strategy.order_qty_lots = 7;
  const std::vector<Change<ImbalanceModel>> changes{{0, narrow, nullptr},
                                                    {1'100, first, &contrary},
                                                    {1'100, narrow, nullptr},
                                                    {4'003, first, nullptr},
                                                    {6'000, narrow, nullptr}};

  const auto spec = imbalance_spec();
  const auto instruments = three_instruments();
  const ImbalanceModel model;
  MemoryJournal expected;
  ASSERT_TRUE(expected.append_text(FrameKind::kRunHeader, R"({"run":"test"})"));
  hft::engine::Engine engine(spec, instruments, model, busy_config(), expected);
  const hft::event::PackedDecoder decoder{instruments};
  hft::engine::RecordTape records(tape.bytes(), decoder);
  std::uint64_t n_before_contrary = 0;
  std::uint64_t n_before_last = 0;
  while (!records.ended()) {
    if (records.n_taken() == 1'100) engine.swap_model(contrary), n_before_contrary = engine.counters().decisions;
    if (records.n_taken() == 0 || records.n_taken() == 1'100) engine.apply(narrow);
    if (records.n_taken() == 4'003) engine.apply(first), n_before_last = engine.counters().decisions;
    hft::event::Event event;
    if (records.take(event)) engine.step(event);
  }
  engine.finish();
  auto counters = engine.counters();
  counters.bad_records = records.bad_records();
  std::string end = to_json(counters);
  end.pop_back();  // the change behind the tape's end never came
  end += ",\"n_decisions_before_changes\":[0," + std::to_string(n_before_contrary) + "," +
         std::to_string(n_before_contrary) + "," + std::to_string(n_before_last) + "]}";
  ASSERT_TRUE(expected.append_text(FrameKind::kRunEnd, end));
  ASSERT_GT(counters.fills, 100U);
  ASSERT_LT(0U, n_before_contrary);
  ASSERT_LT(n_before_contrary, n_before_last);

  for (const Feed feed : {Feed::kEvents, Feed::kBatch, Feed::kThreads}) {
    const auto played = replay_with(tape.bytes(), changes, feed);
    EXPECT_TRUE(std::ranges::equal(played.journal, expected.bytes()));
  }
  EXPECT_FALSE(std::ranges::equal(replay_with(tape.bytes(), {}, Feed::kBatch).journal, expected.bytes()));
}

TEST(Replay, refuses_changes_that_do_not_fit) {
  const auto settings = hft::engine::Settings{busy_config().strategy, busy_config().risk};
  const auto refusal_of = [](std::vector<Change<ImbalanceModel>> changes) -> std::string {
    try {
      replay_with({}, changes, Feed::kEvents);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refusal_of({{5, settings, nullptr}, {4, settings, nullptr}}),
            "Replay: changes[1]: its record must not come before that of the change before it");
  const ImbalanceModel wider{2};
  EXPECT_EQ(refusal_of({{5, settings, &wider}}),
            "Replay: changes[0]: its model must have the features, classes and margins of the first one");
  auto bad = settings;
  bad.strategy.up_class = 3;
  EXPECT_NE(refusal_of({{5, bad, nullptr}}).find("up_class"), std::string::npos);
  EXPECT_EQ(refusal_of({{5, settings, nullptr}}), "taken");
}

TEST(Replay, a_tape_may_say_what_was_stale_when_it_came_in) {
  auto tape = TapeWriter{};
  tape.up(0).up(1);
  tape.events().back().flags = hft::event::kStale;
  const auto played = replay<false>(tape.bytes(), {});
  EXPECT_EQ(played.result.counters.orders, 1U);
  EXPECT_EQ(played.result.counters.refusals[static_cast<std::size_t>(hft::ledger::Refusal::kStale)], 1U);
}

TEST(Replay, refuses_a_rate_out_of_range) {
  for (const double rate_hz : {1e-4, 1e-300, 5e-324, 2e9, std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(hft::engine::validate({.rate_hz = rate_hz}), std::invalid_argument) << rate_hz;
  }
  EXPECT_NO_THROW(hft::engine::validate({.rate_hz = 1e-3}));
  EXPECT_THROW(replay<false>({}, {.rate_hz = -1.0}), std::invalid_argument);
  EXPECT_THROW(replay<false>({}, {.rate_hz = std::numeric_limits<double>::quiet_NaN()}), std::invalid_argument);
}

TEST(Pacer, the_slowest_rate_and_the_longest_tape_still_have_a_due_time) {
  const hft::engine::Pacer pacer(hft::engine::Pacer::kLeastRateHz, WaitKind::kYield);
  const std::atomic<bool> abort{true};  // else this would take decades
  EXPECT_GT(pacer.wait_for(std::uint64_t{1} << 58U, abort), pacer.wait_for(0, abort));
}

}  // namespace
