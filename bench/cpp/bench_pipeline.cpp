// A tick through 32 features: the cost that every quote of every symbol pays. Eight averages, four RSIs, and mean,
// deviation, minimum, maximum and z-score of four windows. One symbol: all in the nearest cache. Many symbols in random
// order: what a feed of a whole market does to it. A level of the order book through five operations on five levels:
// what depth costs, beside the same feed where no column reads it.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "hft/feature/pipeline.hpp"
#include "spec_of_32.hpp"

namespace {

using namespace hft;

std::vector<event::Instrument> instruments(std::size_t n) {
  std::vector<event::Instrument> all;
  for (std::size_t i = 0; i < n; ++i) {
    event::Instrument one;
    one.symbol = "S" + std::to_string(i);
    all.push_back(one);
  }
  return all;
}

/// Quotes whose mid wanders by ticks, of symbols in random order.
std::vector<event::Event> quotes(std::size_t n_symbols) {
  std::mt19937_64 draw{7};
  std::vector<std::int64_t> bid(n_symbols, 10'000);
  std::vector<event::Event> all;
  for (std::int64_t i = 0; i < 1 << 16; ++i) {
    event::Event e{};
    e.symbol_id = static_cast<std::uint32_t>(draw() % n_symbols);
    e.kind = event::EventKind::kQuote;
    e.ts_event_ns = i * 1'000;
    std::int64_t& px = bid[e.symbol_id];
    px += static_cast<std::int64_t>(draw() % 3) - 1;
    e.quote = {px, static_cast<std::int64_t>(1 + draw() % 900), px + 1 + static_cast<std::int64_t>(draw() % 2), 500};
    all.push_back(e);
  }
  return all;
}

void BM_tick_through_32_features(benchmark::State& state) {
  const auto n_symbols = static_cast<std::size_t>(state.range(0));
  const feature::Spec spec = bench::spec_of_32();
  feature::Pipeline pipeline{spec, instruments(n_symbols)};
  std::vector<event::Event> events = quotes(n_symbols);
  std::vector<double> row(pipeline.n_features());
  std::size_t i = 0;
  std::int64_t lap_ns = 0;
  const auto tick = [&] {
    pipeline.prefetch(events[(i + feature::HotRanges::kAhead) & 0xFFFFU].symbol_id);
    event::Event& e = events[i++ & 0xFFFFU];
    e.ts_event_ns += lap_ns;
    if ((i & 0xFFFFU) == 0) lap_ns = events.back().ts_event_ns - events.front().ts_event_ns + 1'000;
    benchmark::DoNotOptimize(pipeline.update(e, row));
    benchmark::ClobberMemory();
  };
  for (std::size_t warm = 0; warm < 250 * n_symbols; ++warm) tick();
  for (auto _ : state) tick();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_tick_through_32_features)
    ->ArgName("symbols")
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(5'000)
    ->Arg(10'000);

feature::Spec spec_of_levels(bool reads_book) {
  feature::Spec spec;
  spec.name = "levels";
  spec.sha256 = std::string(64, '0');
  spec.row_on = feature::RowOn::kAny;
  spec.features = {{"", "mid", "", {}}};
  if (!reads_book) return spec;
  for (const char* op : {"weighted_mid", "book_imbalance", "book_depth", "book_slope"}) {
    spec.features.push_back({"", op, "", {{"levels", std::int64_t{5}}}});
  }
  spec.features.push_back({"", "book_order_flow", "", {{"levels", std::int64_t{5}}, {"window", std::int64_t{50}}}});
  return spec;
}

/// A book of 200 levels a side whose best ones change.
void BM_level_through_5_operations(benchmark::State& state) {
  feature::Pipeline pipeline{spec_of_levels(state.range(0) != 0), instruments(1)};
  std::mt19937_64 draw{7};
  std::vector<event::Event> events;
  for (std::int64_t i = 0; i < 1 << 16; ++i) {
    event::Event e{};
    e.kind = event::EventKind::kBookLevel;
    e.side = draw() % 2 == 0 ? event::Side::kBuy : event::Side::kSell;
    e.flags = i < 1'000 ? event::kSnapshot : event::kNoFlags;
    const auto away = static_cast<std::int64_t>(draw() % (i < 1'000 ? 200 : 20)) + 1;
    const auto lots = static_cast<std::int64_t>(draw() % 900 + 1);
    e.level = {10'000 + (e.side == event::Side::kBuy ? -away : away), draw() % 4 == 0 ? 0 : lots, 0, 0};
    events.push_back(e);
  }
  std::vector<double> row(pipeline.n_features());
  for (const event::Event& e : events) benchmark::DoNotOptimize(pipeline.update(e, row));
  std::size_t i = 1'000;
  for (auto _ : state) {
    benchmark::DoNotOptimize(pipeline.update(events[i], row));
    benchmark::ClobberMemory();
    i = i + 1 < events.size() ? i + 1 : 1'000;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_level_through_5_operations)->ArgName("reads_book")->Arg(0)->Arg(1);

}  // namespace
