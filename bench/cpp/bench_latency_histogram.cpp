// A timed replay reads the clock and records once per stage and event: a slower number here is latency that the
// measurement itself adds. Rivals: keeping every value in a vector, and reading steady_clock.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/tick_clock.hpp"

namespace {

using namespace hft::telemetry;

/// 50 ns to 6 us, like a stage; cheap to make.
std::int64_t next_latency_ns(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return 50 + static_cast<std::int64_t>((state >> 40U) % 6'000);
}

void BM_record(benchmark::State& state) {
  LatencyHistogram histogram;
  std::uint64_t random = 7;
  for (auto _ : state) histogram.record(next_latency_ns(random));
  if (histogram.count() != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("values were lost");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_record);

void BM_push_back(benchmark::State& state) {
  std::vector<std::int64_t> values;
  std::uint64_t random = 7;
  for (auto _ : state) {
    values.push_back(next_latency_ns(random));
    if (values.size() == 1U << 20U) values.clear();
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_push_back);

void BM_tick_clock(benchmark::State& state) {
  const TickClock& clock = TickClock::instance();
  for (auto _ : state) benchmark::DoNotOptimize(clock.ticks());
}
BENCHMARK(BM_tick_clock);

void BM_steady_clock(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(BM_steady_clock);

}  // namespace
