#include <gtest/gtest.h>

#include <new>
#include <type_traits>

#include "allocation_count.hpp"
#include "hft/engine/record_tape.hpp"
#include "hft/ring/channel.hpp"
#include "rich_scenario.hpp"

// A million events go through decode, ring, features, model, decision, risk, exchange and journal; after warm-up none
// of them may allocate.

namespace {

using namespace hft::engine::testing;
using hft::engine::Counters;
using hft::engine::Engine;
using hft::engine::RecordTape;
using hft::engine::Stopwatch;

constexpr std::size_t kWarmUp = 50'000;
constexpr std::size_t kMeasured = 1'000'000;

hft::feature::Spec broad_spec() {
  auto spec = imbalance_spec();
  const auto add = [&spec](const char* op, const char* input, std::map<std::string, hft::feature::ParamValue> params) {
    const std::string name = std::string{op} + "_" + std::to_string(spec.features.size());
    spec.features.push_back({name, op, input, std::move(params)});
  };
  add("ema", "mid_px", {{"period", std::int64_t{20}}});
  add("rsi", "mid_px", {{"period", std::int64_t{14}}});
  add("rolling_std", "mid_px", {{"window", std::int64_t{50}}});
  add("rolling_max", "mid_px", {{"window", std::int64_t{50}}});
  return spec;
}

template <bool Timed>
Counters count_allocations(std::uint64_t& n_allocations) {
  const auto tape = random_tape(21, kWarmUp + kMeasured);
  const auto instruments = three_instruments();
  const auto spec = broad_spec();
  const ImbalanceModel model{spec.features.size()};
  hft::engine::EngineConfig config = open_config(30);
  config.risk.stop_loss_milli_bps = 50'000;
  config.strategy.hold_ns = 100'000'000;
  hft::ledger::MemoryJournal journal(4 * tape.events().size());
  const auto times = std::make_unique<hft::engine::StageTimes>();
  std::optional<Stopwatch<Timed>> watch;
  if constexpr (Timed) watch.emplace(*times);
  else watch.emplace();
  const auto engine = std::make_unique<Engine<ImbalanceModel, hft::ledger::MemoryJournal, Timed>>(
      spec, instruments, model, config, journal, *watch);
  const hft::event::PackedDecoder decoder{instruments};
  hft::ring::Channel<hft::event::Event> ring(1024, hft::ring::Overflow::kBlock, hft::ring::WaitKind::kYield);
  RecordTape records(tape.bytes(), decoder);

  const auto through_the_ring = [&](std::size_t n_events) {
    hft::event::Event event;
    for (std::size_t i = 0; i < n_events && !records.ended(); ++i) {
      if (!records.take(event)) continue;
      if (ring.push(event) != hft::ring::Pushed::kStored) std::abort();
      const auto items = ring.peek();
      for (const auto& item : items) engine->step(item);
      ring.consume(items.size());
    }
  };
  through_the_ring(kWarmUp);
  const std::uint64_t before = hft::testing::n_allocations();
  through_the_ring(kMeasured);
  n_allocations = hft::testing::n_allocations() - before;
  return engine->counters();
}

TEST(NoAllocation, a_million_events_after_warm_up_allocate_nothing) {
  std::uint64_t n_allocations = 0;
  const Counters counters = count_allocations<false>(n_allocations);
  EXPECT_EQ(n_allocations, 0U);
  EXPECT_GT(counters.rows_scored, 500'000U);
  EXPECT_GT(counters.fills, 10'000U) << "the whole path was walked";
}

TEST(NoAllocation, neither_do_timed_ones) {
  std::uint64_t n_allocations = 0;
  const Counters counters = count_allocations<true>(n_allocations);
  EXPECT_EQ(n_allocations, 0U);
  EXPECT_GT(counters.fills, 10'000U);
}

TEST(NoAllocation, neither_does_a_copy_of_the_state_taken_meanwhile_nor_a_change_of_settings) {
  Shard shard;
  const auto tape = rich_tape(22, kWarmUp + 100'000);
  auto copy = shard.engine->make_copy();
  hft::engine::StateCopy small = shard.engine->make_copy(64);  // one that fails
  shard.journal = hft::ledger::MemoryJournal(4 * tape.events().size());
  shard.engine->run(std::span{tape.events()}.first(kWarmUp));
  const std::uint64_t before = hft::testing::n_allocations();
  std::uint64_t n_copies = 0;
  for (std::size_t i = kWarmUp; i < tape.events().size(); ++i) {
    if (i % 8 == 0) shard.engine->begin_copy(i % 16 == 0 ? copy : small);
    shard.engine->step(tape.events()[i]);
    if (i % 100 == 0) shard.engine->apply(shard.engine->settings());
    if (i % 4 == 3 && shard.engine->copy_some(2)) n_copies += copy.complete() ? 1U : 0U;
  }
  EXPECT_EQ(hft::testing::n_allocations() - before, 0U);
  EXPECT_GT(n_copies, 5'000U);
  EXPECT_GT(shard.engine->counters().fills, 1'000U);
}

TEST(NoAllocation, the_counter_counts) {
  const std::uint64_t before = hft::testing::n_allocations();
  ::operator delete(::operator new(sizeof(int)));  // calls, unlike `delete new int`, may not be left out
  EXPECT_EQ(hft::testing::n_allocations() - before, 1U);
}

}  // namespace
