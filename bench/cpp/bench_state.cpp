// What a restart costs, and what it costs to be ready for one. A slower load means that a daemon of many symbols is
// blind for longer after a crash; a slower copy means that one event in a snapshot interval waits for it. The rival of
// both is a memcpy of the same bytes. "idle" is an event while no copy is under way: what everyone pays always.

#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hft/engine/engine.hpp"

namespace {

using namespace hft;

enum Shape : std::int64_t { kModest = 0, kDemo = 1 };  // of the spec

feature::Spec spec_of(std::int64_t shape) {
  feature::Spec spec;
  spec.name = "bench";
  spec.sha256 = std::string(64, '0');
  const auto add = [&spec](const char* op, const char* input, std::map<std::string, feature::ParamValue> params) {
    spec.features.push_back({"f" + std::to_string(spec.features.size()), op, input, std::move(params)});
    return spec.features.back().name;
  };
  const auto n = [](std::int64_t x) { return feature::ParamValue{x}; };
  add("queue_imbalance", "", {});
  add("microprice", "", {{"unit", "bps"}});
  add("spread", "", {{"unit", "bps"}});
  add("order_flow_imbalance", "", {{"window", n(50)}, {"unit", "depths"}});
  add("ema", "queue_imbalance_frac", {{"period", n(10)}});
  const std::string back = add("log_return", "mid_px", {{"lag", n(1)}});
  add("rsi", "mid_px", {{"period", n(50)}});
  add("zscore", "mid_px", {{"window", n(200)}});
  add("rolling_std", back.c_str(), {{"window", n(100)}});
  if (shape == kModest) return spec;
  // The rest of python/hftcore/specs/demo.toml: windows by time, which have room for thousands of entries.
  add("spread", "", {{"unit", "ticks"}});
  add("order_flow_imbalance", "", {{"window", n(10)}, {"unit", "depths"}});
  add("order_flow_imbalance", "", {{"window", n(200)}, {"unit", "depths"}});
  add("order_flow_imbalance", "", {{"window", "1s"}, {"unit", "depths"}});
  add("order_flow_imbalance", "", {{"window", "10s"}, {"unit", "depths"}, {"max_events", n(16'384)}});
  add("ema", "queue_imbalance_frac", {{"period", n(50)}});
  for (const std::int64_t lag : {10, 50, 200}) add("log_return", "mid_px", {{"lag", n(lag)}});
  add("ema_deviation", "microprice_px", {{"period", n(20)}});
  add("ema_deviation", "mid_px", {{"period", n(100)}});
  add("zscore", "spread_px", {{"window", n(200)}});
  add("trade_imbalance", "", {{"window", n(20)}, {"aggressor", "quote_rule"}});
  add("trade_imbalance", "", {{"window", "10s"}, {"aggressor", "quote_rule"}});
  add("vwap", "", {{"window", n(50)}, {"unit", "bps"}});
  add("time_since_trade", "", {});
  return spec;
}

struct NoModel {
  std::size_t features;
  [[nodiscard]] std::size_t n_features() const noexcept { return features; }
  [[nodiscard]] std::size_t n_margins() const noexcept { return 3; }
  [[nodiscard]] std::size_t n_classes() const noexcept { return 3; }
  void predict_margin(std::span<const double>, std::span<double> out) const noexcept { out[0] = out[1] = out[2] = 0.0; }
  void predict_proba(std::span<const double> row, std::span<double> out) const noexcept { predict_margin(row, out); }
};

struct NoSink {
  bool append(const ledger::JournalRecord&) noexcept { return true; }
};

/// An engine, and events of all its symbols in turn, 20,000 a second.
class Rig {
 public:
  Rig(std::int64_t shape, std::int64_t n_symbols) : spec_{spec_of(shape)}, model_{spec_.features.size()} {
    for (std::int64_t i = 0; i < n_symbols; ++i) instruments_.push_back({"S" + std::to_string(i), {1, 100}, {1, 1}});
    engine =
        std::make_unique<engine::Engine<NoModel, NoSink>>(spec_, instruments_, model_, engine::EngineConfig{}, sink_);
  }

  void run(std::int64_t n_rounds) {
    for (std::int64_t i = 0; i < n_rounds * static_cast<std::int64_t>(instruments_.size()); ++i) engine->step(next());
  }

  const event::Event& next() {
    event_.ts_event_ns = now_ns_ += 50'000;
    event_.symbol_id = static_cast<std::uint32_t>(n_++ % instruments_.size());
    const auto any = [this] { return static_cast<std::int64_t>(random_() % 16 + 1); };
    if (n_ / instruments_.size() % 4 == 3) {
      event_.kind = event::EventKind::kTrade;
      event_.trade = {1'000 + any(), any(), {}};
    } else {
      event_.kind = event::EventKind::kQuote;
      const std::int64_t bid = 1'000 + any();
      event_.quote = {bid, any(), bid + any(), any()};
    }
    return event_;
  }

  [[nodiscard]] std::vector<std::byte> saved() const {
    base::ByteWriter out;
    engine->save(out);
    return {out.bytes().begin(), out.bytes().end()};
  }

  std::unique_ptr<engine::Engine<NoModel, NoSink>> engine;

 private:
  feature::Spec spec_;
  NoModel model_;
  std::vector<event::Instrument> instruments_;
  NoSink sink_;
  event::Event event_{};
  std::minstd_rand random_{7};
  std::int64_t now_ns_ = 1'700'000'000'000'000'000;
  std::uint64_t n_ = 0;
};

constexpr std::int64_t kSymbols = 10'000;
constexpr std::int64_t kRounds = 300;  // enough for every count window

void BM_make(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Rig{state.range(0), kSymbols});
}

void BM_load(benchmark::State& state) {
  Rig rig{state.range(0), kSymbols};
  rig.run(kRounds);
  const auto bytes = rig.saved();
  Rig fresh{state.range(0), kSymbols};
  for (auto _ : state) {
    base::ByteReader in{bytes};
    fresh.engine->load(in);
  }
  if (fresh.saved() != bytes) state.SkipWithError("another state");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
  state.counters["MB"] = static_cast<double>(bytes.size()) / 1e6;
}

void BM_save(benchmark::State& state) {
  Rig rig{state.range(0), kSymbols};
  rig.run(kRounds);
  for (auto _ : state) benchmark::DoNotOptimize(rig.saved());
}

void BM_copy(benchmark::State& state) {  // the whole of it, per symbol
  Rig rig{state.range(0), kSymbols};
  rig.run(kRounds);
  auto copy = rig.engine->make_copy(rig.saved().size());
  for (auto _ : state) {
    rig.engine->begin_copy(copy);
    while (!rig.engine->copy_some(64)) {
    }
  }
  if (!copy.complete()) state.SkipWithError("no copy");
  state.SetItemsProcessed(state.iterations() * kSymbols);
  state.counters["B/symbol"] = static_cast<double>(copy.n_bytes()) / kSymbols;
}

void BM_memcpy(benchmark::State& state) {  // the rival: as many bytes
  Rig rig{state.range(0), kSymbols};
  rig.run(kRounds);
  const auto bytes = rig.saved();
  std::vector<std::byte> out(bytes.size());
  for (auto _ : state) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kSymbols);
}

void BM_event(benchmark::State& state) {
  Rig rig{state.range(0), 100};
  rig.run(kRounds);
  const bool is_copying = state.range(1) != 0;
  auto copy = rig.engine->make_copy();
  std::int64_t n = 0;
  for (auto _ : state) {
    if (is_copying && n++ % 100 == 0) rig.engine->begin_copy(copy);  // so that every event has its symbol copied first
    rig.engine->step(rig.next());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(BM_make)->ArgName("demo")->Arg(kModest)->Arg(kDemo)->Unit(benchmark::kMillisecond)->Iterations(2);
BENCHMARK(BM_load)->ArgName("demo")->Arg(kModest)->Arg(kDemo)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_save)->ArgName("demo")->Arg(kModest)->Arg(kDemo)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_copy)->ArgName("demo")->Arg(kModest)->Arg(kDemo)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_memcpy)->ArgName("demo")->Arg(kModest)->Arg(kDemo)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_event)
    ->ArgNames({"demo", "copying"})
    ->Args({kModest, 0})
    ->Args({kModest, 1})
    ->Args({kDemo, 0})
    ->Args({kDemo, 1});

}  // namespace
