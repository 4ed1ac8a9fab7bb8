// The journal thread must keep up with the decisions of the busiest second: a slower number here fills its ring, and
// then the engine waits. Rival: the same bytes through fwrite without a checksum.
#include <benchmark/benchmark.h>

#include <cstdio>

#include "hft/ledger/journal.hpp"
#include "hft/ledger/memory_journal.hpp"
#include "hft/ledger/positions.hpp"

namespace {

using namespace hft::ledger;

Decision decision() {
  return {{1, 1, 0}, 1'000, 2735, 100, 0.7, 0.2, 1, Side::kBuy, Reason::kSignal, Refusal::kNone, 0};
}

void count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kMaxRecordFrameBytes));
}

void BM_append_decision(benchmark::State& state) {  // encode, checksum, a write() per 3276 records; no disk behind it
  Journal journal = Journal::create("/dev/null", Existing::kReplace);
  Decision record = decision();
  for (auto _ : state) {
    ++record.id.source_seq;
    if (!journal.append(JournalRecord{record})) state.SkipWithError("refused");
  }
  count(state);
}
BENCHMARK(BM_append_decision);

void BM_fwrite_without_checksum(benchmark::State& state) {
  std::FILE* file = std::fopen("/dev/null", "wb");
  std::byte frame[kMaxRecordFrameBytes] = {};
  for (auto _ : state) {
    if (std::fwrite(frame, 1, sizeof frame, file) != sizeof frame) state.SkipWithError("refused");
  }
  std::fclose(file);
  count(state);
}
BENCHMARK(BM_fwrite_without_checksum);

void BM_fold_fill(benchmark::State& state) {  // buy, buy, sell, sell in unequal parts: half of the fills divide
  Positions positions{1};
  const std::int64_t qty_lots[] = {7, 5, 4, 8};
  Fill fill{};
  std::uint64_t n = 0;
  for (auto _ : state) {
    fill.side = n % 4 < 2 ? Side::kBuy : Side::kSell;
    fill.qty_lots = qty_lots[n % 4];
    fill.px_ticks = 2700 + static_cast<std::int64_t>(n % 13);
    if (!positions.apply(fill)) state.SkipWithError("refused");
    ++n;
  }
  if (positions[0].realised_tick_lots - positions[0].open_cost_tick_lots != positions[0].cash_tick_lots) {
    state.SkipWithError("money was lost");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_fold_fill);

}  // namespace
