// Every event of a daemon moves a few counters on its telemetry page and passes its fault points: a slower number here
// is paid by all of them, also when nobody looks. Rivals: a plain ++, and the locked increment of a shared atomic.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>

#include "hft/base/fault.hpp"
#include "hft/telemetry/page.hpp"

namespace {

using namespace hft;

telemetry::Layout small_layout() {
  return {.name = "bench", .writer = "bench", .counters = {{"hot", {"events"}}}, .histograms = {{"stages", {"ring"}}}};
}

void BM_nothing(benchmark::State& state) {  // the loop itself, to be taken off the others
  for (auto _ : state) benchmark::ClobberMemory();
}
BENCHMARK(BM_nothing);

void BM_fault_point(benchmark::State& state) {
  for (auto _ : state) {
    base::fault_point(base::FaultPoint::kAfterPoll);
    benchmark::ClobberMemory();  // so that the armed point is loaded each time
  }
}
BENCHMARK(BM_fault_point);

void BM_counter_add(benchmark::State& state) {
  telemetry::Page page = telemetry::Page::create({}, small_layout());
  telemetry::Counter events = page.counter("hot", "events");
  for (auto _ : state) {
    events.add();
    benchmark::ClobberMemory();
  }
  if (events.value() != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("counts were lost");
}
BENCHMARK(BM_counter_add);

void BM_rival_plain_increment(benchmark::State& state) {
  std::uint64_t events = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&events);
    ++events;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_rival_plain_increment);

void BM_rival_locked_increment(benchmark::State& state) {
  std::atomic<std::uint64_t> events{0};
  for (auto _ : state) events.fetch_add(1, std::memory_order_relaxed);
}
BENCHMARK(BM_rival_locked_increment);

void BM_histogram_on_the_page(benchmark::State& state) {
  telemetry::Page page = telemetry::Page::create({}, small_layout());
  telemetry::LatencyHistogram& ring = page.histogram("stages", "ring");
  std::int64_t value_ns = 0;
  for (auto _ : state) ring.record(50 + (value_ns = (value_ns + 37) & 4'095));
  if (ring.count() != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("values were lost");
}
BENCHMARK(BM_histogram_on_the_page);

void BM_copy_of_a_live_histogram(benchmark::State& state) {  // the reader's side
  const telemetry::LatencyHistogram live;
  for (auto _ : state) benchmark::DoNotOptimize(telemetry::LatencyHistogram::copy_of_live(live).count());
}
BENCHMARK(BM_copy_of_a_live_histogram);

}  // namespace
