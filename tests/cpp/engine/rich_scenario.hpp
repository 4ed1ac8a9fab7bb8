#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "hft/base/bytes.hpp"
#include "scenario.hpp"

// An engine whose state has every kind of part, and tapes that move all of them.

namespace hft::engine::testing {

/// Warm soon, so that short tapes trade: windows by count and by time, recursive operations, chained ones.
inline feature::Spec rich_spec() {
  auto spec = imbalance_spec();
  spec.row_on = feature::RowOn::kAny;
  const auto add = [&spec](const char* name, const char* op, const char* input,
                           std::map<std::string, feature::ParamValue> params) {
    spec.features.push_back({name, op, input, std::move(params)});
  };
  add("fast", "ema", "mid_px", {{"period", std::int64_t{4}}});
  add("rsi", "rsi", "mid_px", {{"period", std::int64_t{5}}});
  add("flow", "order_flow_imbalance", "", {{"window", "20ms"}, {"unit", "depths"}});
  add("std", "rolling_std", "mid_px", {{"window", std::int64_t{6}}});
  add("low", "rolling_min", "fast", {{"window", "50ms"}});
  add("back", "log_return", "mid_px", {{"lag", std::int64_t{3}}});
  add("taken", "trade_imbalance", "", {{"window", "1s"}, {"aggressor", "quote_rule"}, {"max_events", std::int64_t{8}}});
  return spec;
}

inline EngineConfig rich_config() {
  EngineConfig config = open_config(30);
  config.strategy.hold_ns = 50'000'000;
  config.strategy.cooldown_ns = 3'000'000;
  config.risk.max_open_positions = 2;
  config.risk.stop_loss_milli_bps = 50'000;
  config.risk.stop_out_pause_ns = 100'000'000;
  config.fees = {.milli_bps = 100, .nano_per_unit = 1000};
  return config;
}

/// A random market with gaps, stale records and an operator who kills and resumes.
inline TapeWriter rich_tape(std::uint32_t seed, std::size_t n_events) {
  TapeWriter tape = random_tape(seed, n_events);
  std::mt19937 random{seed + 1};
  for (event::Event& e : tape.events()) {
    if (random() % 300 == 0) e.flags |= event::kGapBefore;
    if (random() % 500 == 0) e.flags |= event::kSequenceReset;
    if (random() % 20 == 0) e.flags |= event::kStale;
    if (random() % 200 != 0) continue;
    e.kind = event::EventKind::kControl;
    e.control = {static_cast<std::int64_t>(random() % 4), {}};
  }
  return tape;
}

/// An engine and its journal, which outlives it as a file does.
struct Shard {
  using ItsEngine = Engine<ImbalanceModel, ledger::MemoryJournal>;

  explicit Shard(EngineConfig its_config = rich_config(),
                 std::vector<event::Instrument> its_instruments = three_instruments())
      : config{its_config}, instruments{std::move(its_instruments)} {
    restart();
  }

  void restart() { engine = std::make_unique<ItsEngine>(spec, instruments, model, config, journal); }
  [[nodiscard]] std::vector<std::byte> bytes() const { return {journal.bytes().begin(), journal.bytes().end()}; }

  feature::Spec spec = rich_spec();
  EngineConfig config;
  std::vector<event::Instrument> instruments;
  ImbalanceModel model{spec.features.size()};
  ledger::MemoryJournal journal;
  std::unique_ptr<ItsEngine> engine;
};

template <class AnEngine>
std::vector<std::byte> saved(const AnEngine& engine) {
  base::ByteWriter out;
  engine.save(out);
  return {out.bytes().begin(), out.bytes().end()};
}

template <class AnEngine>
void load(AnEngine& engine, std::span<const std::byte> state) {
  base::ByteReader in{state};
  engine.load(in);
}

}  // namespace hft::engine::testing
