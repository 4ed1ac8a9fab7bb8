// The whole way of a quote in one process: its JSON bytes are decoded, 32 features step, 100 trees of depth 5 score the
// row, the strategy decides, risk answers, the record is written. The time from the first to the last is what a
// decision takes where nothing waits for anything. Rows spread over all leaves, so no branch is learnt.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hft/engine/engine.hpp"
#include "hft/event/json_decoder.hpp"
#include "hft/event/message_encoder.hpp"
#include "hft/gen/generator.hpp"
#include "hft/ledger/frame.hpp"
#include "hft/model/forest_model.hpp"
#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/tick_clock.hpp"
#include "random_forest.hpp"
#include "spec_of_32.hpp"

namespace {

using namespace hft;

gen::Config market() {
  gen::Config config{{{"AAA"}, {"BBB"}, {"CCC"}}};
  config.seconds = 30.0;
  return config;
}

const std::vector<event::Event>& tape() {
  static const std::vector<event::Event> kTape = [] {
    gen::Generator generator{market()};
    std::vector<event::Event> events(1U << 17U);
    events.resize(generator.next(events));
    return events;
  }();
  return kTape;
}

/// Rows of the tape that are ready, one after the other.
std::vector<double> ready_rows(const feature::Spec& spec) {
  feature::Pipeline pipeline{spec, market().instruments};
  std::vector<double> row(pipeline.n_features());
  std::vector<double> rows;
  for (const event::Event& event : tape()) {
    if (pipeline.update(event, row) != feature::Step::kRow || std::isnan(row.back())) continue;
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

model::ForestModel forest_for(const feature::Spec& spec) {
  const bench::ForestShape shape{100, 5, static_cast<std::uint32_t>(spec.features.size())};
  return model::ForestModel::from_forest(bench::random_forest(shape, ready_rows(spec), 7), 2,
                                         model::OutputRule::kSigmoid, 1.0);
}

engine::EngineConfig config_of_engine() {
  engine::EngineConfig config;
  config.strategy.up_class = 1;
  config.strategy.down_class = 0;
  config.strategy.threshold_frac = 0.75;
  config.risk.max_open_positions = 3;
  return config;
}

struct CountingSink {
  std::uint64_t n_records = 0;
  [[nodiscard]] bool append(const ledger::JournalRecord& record) noexcept {
    benchmark::DoNotOptimize(&record);
    ++n_records;
    return true;
  }
};

/// Tape times of a second lap must not lie before those of the first.
void move_on(std::vector<event::Event>& events) {
  const std::int64_t lap_ns = events.back().ts_event_ns - events.front().ts_event_ns + 1'000;
  for (event::Event& event : events) event.ts_event_ns += lap_ns, event.ts_recv_ns += lap_ns;
}

void BM_json_to_decision(benchmark::State& state) {
  const feature::Spec spec = bench::spec_of_32();
  const model::ForestModel forest = forest_for(spec);
  CountingSink sink;
  engine::Engine engine{spec, market().instruments, forest, config_of_engine(), sink};
  const event::JsonDecoder decoder{market().instruments};
  event::MessageEncoder encoder{event::Format::kJson, market().instruments};
  const auto& clock = telemetry::TickClock::instance();
  telemetry::LatencyHistogram times;
  std::vector<event::Event> events = tape();
  for (auto _ : state) {
    state.PauseTiming();
    std::string text;
    std::vector<std::size_t> ends;
    for (const event::Event& event : events) encoder.append(event, text), ends.push_back(text.size());
    move_on(events);
    state.ResumeTiming();
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      const std::uint64_t scored_before = engine.counters().rows_scored;
      const std::uint64_t begin_ticks = clock.ticks();
      event::Event event;
      if (decoder.decode(std::as_bytes(std::span{text}.subspan(begin, end - begin)), event) !=
          event::DecodeStatus::kOk) {
        state.SkipWithError("a good message was refused");
        break;
      }
      engine.step(event);
      const std::int64_t took_ns = clock.ns_between(begin_ticks, clock.ticks());
      if (engine.counters().rows_scored != scored_before) times.record(took_ns);
      begin = end;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events.size()) * state.iterations());
  state.counters["p50_ns"] = static_cast<double>(times.percentile_ns(0.5));
  state.counters["p99_ns"] = static_cast<double>(times.percentile_ns(0.99));
  state.counters["p99_9_ns"] = static_cast<double>(times.percentile_ns(0.999));
  state.counters["decisions"] = static_cast<double>(engine.counters().decisions);
  state.SetLabel(std::string{forest.path()});
}
BENCHMARK(BM_json_to_decision)->Unit(benchmark::kMillisecond);

/// The same engine over records in memory: what one core does in a second.
void BM_replay(benchmark::State& state) {
  const feature::Spec spec = bench::spec_of_32();
  const model::ForestModel forest = forest_for(spec);
  CountingSink sink;
  engine::Engine engine{spec, market().instruments, forest, config_of_engine(), sink};
  std::vector<event::Event> events = tape();
  for (auto _ : state) {
    engine.run(events);
    state.PauseTiming();
    move_on(events);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events.size()) * state.iterations());
  state.SetLabel(std::string{forest.path()});
}
BENCHMARK(BM_replay)->Unit(benchmark::kMillisecond);

}  // namespace
