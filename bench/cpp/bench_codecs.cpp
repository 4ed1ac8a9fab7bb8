// Decoding is the ingest thread's first stage: nanoseconds here are nanoseconds of tick-to-decision. Encoding bounds
// the rate of `hftcore gen`. Rivals: a copy without any check, and the C library's printf.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "hft/event/decode.hpp"
#include "hft/event/encoder.hpp"
#include "hft/gen/generator.hpp"

namespace {

using namespace hft::event;

constexpr std::size_t kEvents = 16'384;  // 1 MiB: what a core's own cache holds

const hft::gen::Config& config() {
  static const hft::gen::Config kConfig = [] {
    hft::gen::Config c{{{"AAA"}, {"BBB"}, {"CCC"}}};
    c.seconds = 10.0;
    return c;
  }();
  return kConfig;
}

const std::vector<Event>& tape() {
  static const std::vector<Event> kTape = [] {
    hft::gen::Generator generator{config()};
    std::vector<Event> events(kEvents);
    events.resize(generator.next(events));
    return events;
  }();
  return kTape;
}

void count_events(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tape().size()));
}

void BM_decode_packed(benchmark::State& state) {
  const PackedDecoder decoder{config().instruments};
  const auto bytes = std::as_bytes(std::span{tape()});
  Event event{};
  for (auto _ : state) {
    std::size_t n_ok = 0;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Event)) {
      n_ok += decoder.decode(bytes.subspan(at, sizeof(Event)), event) == DecodeStatus::kOk ? 1 : 0;
      benchmark::DoNotOptimize(event);
    }
    if (n_ok != tape().size()) state.SkipWithError("a good record was refused");
  }
  count_events(state);
}
BENCHMARK(BM_decode_packed);

void BM_rival_unchecked_copy(benchmark::State& state) {
  const auto bytes = std::as_bytes(std::span{tape()});
  Event event{};
  for (auto _ : state) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Event)) {
      std::memcpy(&event, bytes.data() + at, sizeof event);
      benchmark::DoNotOptimize(event);
    }
  }
  count_events(state);
}
BENCHMARK(BM_rival_unchecked_copy);

void BM_encode(benchmark::State& state) {
  const auto encoder = make_encoder(static_cast<Format>(state.range(0)), config().instruments);
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder->append(tape(), out);
    benchmark::DoNotOptimize(out.data());
  }
  if (out.empty()) state.SkipWithError("nothing was written");
  count_events(state);
  state.counters["bytes_per_event"] = static_cast<double>(out.size()) / static_cast<double>(tape().size());
}
BENCHMARK(BM_encode)->ArgName("packed0_json1_avro2")->Arg(0)->Arg(1)->Arg(2);

/// Rival to JSON: the same keys of a quote, prices through doubles.
void BM_rival_json_by_printf(benchmark::State& state) {
  std::string out;
  char line[512];
  for (auto _ : state) {
    out.clear();
    for (const Event& e : tape()) {
      const int n = std::snprintf(
          line, sizeof line,
          "{\"symbol\":\"%s\",\"kind\":\"quote\",\"ts_event_ns\":%ld,\"ts_recv_ns\":%ld,\"source_seq\":%lu,"
          "\"flags\":%d,\"bid_px\":%.10g,\"bid_qty\":%ld,\"ask_px\":%.10g,\"ask_qty\":%ld}\n",
          config().instruments[e.symbol_id].symbol.c_str(), e.ts_event_ns, e.ts_recv_ns, e.source_seq, e.flags,
          static_cast<double>(e.quote.bid_px_ticks) / 100.0, e.quote.bid_qty_lots,
          static_cast<double>(e.quote.ask_px_ticks) / 100.0, e.quote.ask_qty_lots);
      out.append(line, static_cast<std::size_t>(n));
    }
    benchmark::DoNotOptimize(out.data());
  }
  count_events(state);
}
BENCHMARK(BM_rival_json_by_printf);

}  // namespace
