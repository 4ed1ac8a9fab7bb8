// Decoding is the ingest thread's first stage: nanoseconds here are nanoseconds of tick-to-decision. Encoding bounds
// the rate of `hftcore gen`. Rivals: a copy without any check, simdjson's on-demand parser doing the same checked work
// (where libsimdjson is installed), and the C library's printf.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "hft/event/decode.hpp"
#include "hft/event/encoder.hpp"
#include "hft/event/message_encoder.hpp"
#include "hft/event/wire_decoder.hpp"
#include "hft/gen/generator.hpp"
#ifdef HFT_HAVE_SIMDJSON
#include "simdjson_decoder.hpp"
#endif

namespace {

using namespace hft::event;

constexpr std::size_t kRoomBytes = 64;    // the rival wants readable bytes after a message; a topic's have none
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

/// The encoder's form; the same with blanks after commas and colons, as Python's json.dumps writes them; the same
/// behind a blank, which no fast path expects.
enum Form : std::int64_t { kUsual, kSpaced, kOther };

std::vector<std::string> messages(Format format, std::int64_t form = kUsual) {
  MessageEncoder encoder{format, config().instruments};
  std::vector<std::string> values(tape().size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::string value;
    encoder.append(tape()[i], value);
    values[i].reserve(2 * value.size() + kRoomBytes);
    if (form == kOther) values[i] += ' ';
    for (const char c : value) {
      values[i] += c;
      if (form == kSpaced && (c == ',' || c == ':')) values[i] += ' ';
    }
  }
  return values;
}

/// Decodes every message and compares each event with the tape's.
template <class Decoder>
void decode_messages(benchmark::State& state, Decoder&& decoder, const std::vector<std::string>& values) {
  Event event{};
  std::size_t n_bytes = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (decoder.decode(std::as_bytes(std::span{values[i]}), event) != DecodeStatus::kOk ||
        std::memcmp(&event, &tape()[i], sizeof event) != 0) {
      return state.SkipWithError("a message gave another event");
    }
    n_bytes += values[i].size();
  }
  for (auto _ : state) {
    for (const std::string& value : values) {
      benchmark::DoNotOptimize(decoder.decode(std::as_bytes(std::span{value}), event));
      benchmark::DoNotOptimize(event);
    }
  }
  count_events(state);
  state.counters["bytes_per_event"] = static_cast<double>(n_bytes) / static_cast<double>(values.size());
}

WireDecoder wire(Format format, const std::string& schema = std::string{own_avro_schema()}) {
  std::vector<std::uint32_t> ids(config().instruments.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::uint32_t>(i);
  return {format, config().instruments, ids, {{1, schema}}};
}

void BM_decode_message_packed(benchmark::State& state) {
  decode_messages(state, wire(Format::kPacked), messages(Format::kPacked));
}
BENCHMARK(BM_decode_message_packed);

void BM_decode_message_avro(benchmark::State& state) {
  decode_messages(state, wire(Format::kAvro), messages(Format::kAvro));
}
BENCHMARK(BM_decode_message_avro);

/// The same bytes by the program of a resolved schema: ours and one field of no bytes.
void BM_decode_message_avro_evolved(benchmark::State& state) {
  std::string schema{own_avro_schema()};
  schema.insert(schema.find('[') + 1, "{\"name\":\"nothing\",\"type\":\"null\"},");
  decode_messages(state, wire(Format::kAvro, schema), messages(Format::kAvro));
}
BENCHMARK(BM_decode_message_avro_evolved);

void BM_decode_message_json(benchmark::State& state) {
  decode_messages(state, wire(Format::kJson), messages(Format::kJson, state.range(0)));
}
BENCHMARK(BM_decode_message_json)->ArgName("usual0_spaced1_other2")->DenseRange(kUsual, kOther);

#ifdef HFT_HAVE_SIMDJSON
void BM_rival_simdjson_ondemand(benchmark::State& state) {
  decode_messages(state, hft::bench::SimdjsonDecoder{config().instruments},
                  messages(Format::kJson, state.range(0)));
}
BENCHMARK(BM_rival_simdjson_ondemand)->ArgName("usual0_spaced1_other2")->DenseRange(kUsual, kOther);
#endif

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
