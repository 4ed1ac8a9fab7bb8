// A slower number here means longer waits for synthetic days, and a lower rate that `hftcore gen` can sustain.
// The promise is 2 M events/s on one core; the rival is the market that one writes in ten lines with <random>.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/gen/generator.hpp"

namespace {

using hft::event::Event;

constexpr std::size_t kBatch = 4096;

hft::gen::Config config(std::int64_t book_levels) {
  hft::gen::Config config;
  for (const char* symbol : {"AAA", "BBB", "CCC", "DDD"}) config.instruments.push_back({symbol});
  config.seconds = 86'400.0;
  config.sessions = 10'000;  // never ends while we look
  config.book_levels = book_levels;
  return config;
}

void BM_generate(benchmark::State& state) {
  hft::gen::Generator generator{config(state.range(0))};
  std::vector<Event> batch(kBatch);
  std::int64_t last_ns = 0;
  for (auto _ : state) {
    const std::size_t n = generator.next(batch);
    if (n != kBatch || batch.back().ts_event_ns < last_ns) state.SkipWithError("the stream broke");
    last_ns = batch.back().ts_event_ns;
    benchmark::DoNotOptimize(batch.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}
BENCHMARK(BM_generate)->ArgName("book_levels")->Arg(0)->Arg(5)->Arg(10);

/// Rival: quotes around a Gaussian walk at exponential times, from the standard library. Other bytes on every platform.
void BM_rival_random_walk(benchmark::State& state) {
  std::mt19937_64 random{7};
  std::exponential_distribution<double> gap_ns{20'000.0 / 1e9};
  std::normal_distribution<double> move;
  std::uniform_int_distribution<std::int64_t> qty_lots{1, 100};
  std::vector<Event> batch(kBatch);
  double t_ns = 0.0, px_ticks = 10'000.0;
  std::uint64_t offset = 0;
  for (auto _ : state) {
    for (Event& event : batch) {
      event = {};
      event.ts_event_ns = static_cast<std::int64_t>(t_ns += gap_ns(random));
      event.ts_recv_ns = event.ts_event_ns + 20'000;
      event.source_seq = offset++;
      event.kind = hft::event::EventKind::kQuote;
      const auto bid_px_ticks = static_cast<std::int64_t>(px_ticks += move(random));
      event.quote = {bid_px_ticks, qty_lots(random), bid_px_ticks + 1, qty_lots(random)};
    }
    benchmark::DoNotOptimize(batch.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}
BENCHMARK(BM_rival_random_walk);

}  // namespace
