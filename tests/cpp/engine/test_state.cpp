#include "hft/engine/state.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "hft/base/crc32c.hpp"
#include "rich_scenario.hpp"

// An engine that is saved, thrown away and loaded again goes on as if nothing had happened: in the bytes of the
// journal.

namespace {

using namespace hft::engine::testing;
using hft::base::ByteReader;

TEST(State, saved_and_loaded_at_every_event_the_journal_has_the_same_bytes) {
  const auto tape = rich_tape(31, 1'500);
  Shard whole;
  whole.engine->run(tape.events());
  whole.engine->finish();
  ASSERT_GT(whole.engine->counters().fills, 30U);
  ASSERT_GT(whole.engine->counters().stop_losses, 0U);

  Shard shard;
  for (const auto& event : tape.events()) {
    const auto state = saved(*shard.engine);
    shard.restart();
    load(*shard.engine, state);
    ASSERT_EQ(saved(*shard.engine), state) << "the same state gives the same bytes";
    shard.engine->step(event);
  }
  shard.engine->finish();
  EXPECT_EQ(shard.bytes(), whole.bytes());
  EXPECT_EQ(to_json(shard.engine->counters()), to_json(whole.engine->counters()));
}

TEST(State, what_was_there_before_a_load_leaves_no_trace) {
  const auto tape = rich_tape(32, 2'000);
  Shard first;
  first.engine->run(std::span{tape.events()}.first(700));
  const auto state = saved(*first.engine);

  Shard used;
  used.engine->run(rich_tape(33, 3'000).events());
  used.engine->kill();
  load(*used.engine, state);
  EXPECT_EQ(saved(*used.engine), state);
  EXPECT_FALSE(used.engine->killed());
  first.engine->run(std::span{tape.events()}.subspan(700));
  used.engine->run(std::span{tape.events()}.subspan(700));
  EXPECT_EQ(saved(*used.engine), saved(*first.engine));
}

TEST(State, settings_and_kill_switch_are_part_of_it) {
  Shard shard;
  auto settings = shard.engine->settings();
  settings.strategy.threshold_frac = 0.93;
  settings.limits.max_open_positions = 1;
  shard.engine->apply(settings);
  shard.engine->kill();
  Shard other;
  load(*other.engine, saved(*shard.engine));
  EXPECT_EQ(other.engine->settings().strategy.threshold_frac, 0.93);
  EXPECT_EQ(other.engine->settings().limits.max_open_positions, 1U);
  EXPECT_TRUE(other.engine->killed());
}

TEST(State, every_flipped_byte_is_noticed_and_changes_nothing) {
  Shard shard;
  shard.engine->run(rich_tape(34, 300).events());
  const auto state = saved(*shard.engine);
  Shard other;
  const auto before = saved(*other.engine);
  for (std::size_t i = 0; i < state.size(); i += 7) {
    auto bad = state;
    bad[i] ^= std::byte{0x20};
    ASSERT_THROW(load(*other.engine, bad), std::invalid_argument) << "byte " << i;
  }
  for (std::size_t n = 0; n < state.size(); n += 101) {
    ASSERT_THROW(load(*other.engine, std::span{state}.first(n)), std::invalid_argument) << n << " bytes";
  }
  EXPECT_EQ(saved(*other.engine), before);
}

TEST(State, a_false_byte_under_a_right_checksum_is_refused_or_harmless) {
  Shard shard;
  shard.engine->run(rich_tape(35, 600).events());
  const auto state = saved(*shard.engine);
  const auto tape = rich_tape(36, 300);
  constexpr std::size_t kHeader = 24;
  std::mt19937_64 random{37};
  Shard other;
  int n_accepted = 0;
  for (int trial = 0; trial < 4'000; ++trial) {
    auto bad = state;
    for (int k = 0; k < 2; ++k) bad[kHeader + random() % (bad.size() - kHeader)] = static_cast<std::byte>(random());
    const std::uint32_t crc = hft::base::crc32c(std::span{bad}.subspan(kHeader));
    std::memcpy(bad.data() + 20, &crc, sizeof crc);
    const auto before = saved(*other.engine);
    try {
      load(*other.engine, bad);
      other.engine->run(tape.events());  // whatever it decides, the sanitizers find nothing
      ++n_accepted;
    } catch (const std::invalid_argument&) {
      ASSERT_EQ(saved(*other.engine), before) << "a refused state changes nothing";
    }
  }
  EXPECT_GT(n_accepted, 0);
}

std::string refusal_of(hft::engine::EngineConfig config, std::vector<hft::event::Instrument> instruments) {
  Shard shard;
  const auto state = saved(*shard.engine);
  Shard other{config, std::move(instruments)};
  try {
    load(*other.engine, state);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(State, another_epoch_fee_or_instrument_is_named) {
  auto config = rich_config();
  config.config_epoch = 7;
  EXPECT_EQ(refusal_of(config, three_instruments()), "engine state: the config epoch is 1 in the state and 7 here");
  config = rich_config();
  config.fees.milli_bps += 1;
  EXPECT_EQ(refusal_of(config, three_instruments()),
            "engine state: the fee in milli-bps is 100 in the state and 101 here");
  auto instruments = three_instruments();
  instruments[2].symbol = "DDD";
  EXPECT_EQ(refusal_of(rich_config(), instruments),
            "snapshot: instrument 2 is 'CCC' in the snapshot and 'DDD' here");
  EXPECT_EQ(refusal_of(rich_config(), three_instruments()), "accepted");
}

TEST(State, other_settings_in_the_configuration_do_not_matter) {
  auto config = rich_config();
  config.risk.max_open_positions = 1;
  config.strategy.threshold_frac = 0.99;
  EXPECT_EQ(refusal_of(config, three_instruments()), "accepted")
      << "those of the state go on, until others are applied";
}

TEST(State, a_failed_journal_stays_failed) {
  struct NoJournal {
    bool append(const hft::ledger::JournalRecord&) noexcept { return false; }
  } nowhere;
  const auto spec = rich_spec();
  const auto instruments = three_instruments();
  const ImbalanceModel model{spec.features.size()};
  hft::engine::Engine engine(spec, instruments, model, rich_config(), nowhere);
  const auto state = saved(engine);
  engine.run(rich_tape(38, 1'500).events());
  ASSERT_GT(engine.counters().refusals[static_cast<std::size_t>(hft::ledger::Refusal::kJournalDown)], 0U);
  load(engine, state);
  engine.run(rich_tape(38, 1'500).events());
  EXPECT_EQ(engine.counters().orders, 0U);
}

}  // namespace
