// Journals, snapshots and packed files are summed byte by byte, in and out: a slower number here is recovery time and
// time of the journal's thread. Rival: the table that runs where the processor has no instruction for it.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hft/base/crc32c.hpp"

namespace {

using namespace hft::base;

template <auto Sum>
void BM_crc32c(benchmark::State& state) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5A});
  std::uint32_t crc = 0;
  for (auto _ : state) benchmark::DoNotOptimize(crc = Sum(bytes, 0));
  if (crc != detail::crc32c_by_table(bytes, 0)) state.SkipWithError("another sum");
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
constexpr auto kDispatched = [](std::span<const std::byte> bytes, std::uint32_t crc) { return crc32c(bytes, crc); };
constexpr auto kTable = [](std::span<const std::byte> bytes, std::uint32_t crc) {
  return detail::crc32c_by_table(bytes, crc);
};
// a journal's frame, a page of memory, a chunk of a snapshot
BENCHMARK(BM_crc32c<kDispatched>)->Name("crc32c")->ArgName("bytes")->Arg(72)->Arg(4'096)->Arg(1 << 20);
BENCHMARK(BM_crc32c<kTable>)->Name("rival_table")->ArgName("bytes")->Arg(72)->Arg(4'096)->Arg(1 << 20);

}  // namespace
