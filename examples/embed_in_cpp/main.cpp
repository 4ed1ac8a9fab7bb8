// The engine inside a program of your own: you own the loop, the thread and the records.
//
//   embed_in_cpp instruments.json spec.json   scores straight from the book: needs no training
//   embed_in_cpp instruments.json up.hft      a model, as hc.compile_model writes it
#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hft/artifact/artifact.hpp"
#include "hft/artifact/instruments.hpp"
#include "hft/artifact/spec_reader.hpp"
#include "hft/engine/engine.hpp"
#include "hft/gen/generator.hpp"

namespace {

using namespace hft;

/// Any type with these five members is a model. This one reads the first column, a queue imbalance in -1..1, as the
/// chance that the price rises.
struct BookModel {
  std::size_t n_columns;
  [[nodiscard]] std::size_t n_features() const noexcept { return n_columns; }
  [[nodiscard]] std::size_t n_margins() const noexcept { return 2; }
  [[nodiscard]] std::size_t n_classes() const noexcept { return 2; }
  void predict_margin(std::span<const double> row, std::span<double> out) const noexcept {
    out[0] = -row[0];
    out[1] = row[0];
  }
  void predict_proba(std::span<const double> row, std::span<double> out) const noexcept {
    out[0] = (1.0 - row[0]) / 2.0;
    out[1] = (1.0 + row[0]) / 2.0;
  }
};
static_assert(model::Model<BookModel>);

/// Where the engine's records go. It runs inside step(), so a program in earnest pushes the record into a ring
/// (hft::ring::Channel) here, and another thread does what this one does.
class Printer {
 public:
  explicit Printer(std::span<const event::Instrument> instruments) : instruments_{instruments} {}

  [[nodiscard]] bool append(const ledger::JournalRecord& record) noexcept {
    if (record.kind != ledger::FrameKind::kDecision || n_shown_ == kMostShown) return true;
    const ledger::Decision& d = record.decision;
    const event::Instrument& instrument = instruments_[d.symbol_id];
    const auto name = [](std::string_view text) { return static_cast<int>(text.size()); };
    const std::string_view reason = ledger::kReasonNames[static_cast<std::size_t>(d.reason)];
    const std::string_view refusal = ledger::kRefusalNames[static_cast<std::size_t>(d.refusal)];
    std::printf("%s %-4s %3lld at %8.2f  because: %-12.*s  refused: %.*s\n", instrument.symbol.c_str(),
                d.side == ledger::Side::kBuy ? "buy" : "sell", static_cast<long long>(d.qty_lots),
                instrument.tick.to_double(d.limit_px_ticks), name(reason), reason.data(), name(refusal),
                refusal.data());
    ++n_shown_;
    return true;
  }

 private:
  static constexpr int kMostShown = 10;
  std::span<const event::Instrument> instruments_;
  int n_shown_ = 0;
};

template <class Engine>
void report(const Engine& engine, std::span<const event::Instrument> instruments, const engine::StageTimes& times) {
  std::printf("\n%s\n\n", engine::to_json(engine.counters()).c_str());
  for (std::size_t id = 0; id < instruments.size(); ++id) {
    const ledger::Position& position = engine.positions()[id];
    std::printf("%s holds %lld lots after %llu fills\n", instruments[id].symbol.c_str(),
                static_cast<long long>(position.qty_lots), static_cast<unsigned long long>(position.n_fills));
  }
  std::printf("\n%-16s %9s %8s %8s %8s\n", "stage", "count", "p50 ns", "p99 ns", "p99.9 ns");
  for (std::size_t i = 0; i < engine::kStages; ++i) {
    const telemetry::LatencyHistogram& stage = times.by_stage[i];
    if (stage.count() == 0) continue;  // decode and ring: not in this program
    std::printf("%-16s %9llu %8lld %8lld %8lld\n", std::string{engine::kStageNames[i]}.c_str(),
                static_cast<unsigned long long>(stage.count()), static_cast<long long>(stage.percentile_ns(0.5)),
                static_cast<long long>(stage.percentile_ns(0.99)), static_cast<long long>(stage.percentile_ns(0.999)));
  }
}

template <model::Model Model>
void trade(const feature::Spec& spec, std::span<const event::Instrument> instruments, const Model& model,
           const decision::ThresholdParams& strategy) {
  engine::EngineConfig config;
  config.strategy = strategy;
  config.risk = {.max_open_positions = 2, .max_order_qty_lots = 100, .max_position_qty_lots = 100};

  const auto times = std::make_unique<engine::StageTimes>();
  Printer sink{instruments};
  engine::Engine<Model, Printer, true> engine{spec,   instruments, model,
                                              config, sink,        engine::Stopwatch<true>{*times}};

  gen::Config market{{instruments.begin(), instruments.end()}};
  market.seconds = 10.0;
  gen::Generator source{market};
  std::array<event::Event, 64> batch;
  while (const std::size_t n = source.next(batch)) {  // your loop: a socket, a queue, a file
    for (const event::Event& event : std::span{batch}.first(n)) engine.step(event);
  }
  engine.finish();
  report(engine, instruments, *times);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed_in_cpp instruments.json (spec.json | model folder)\n");
    return 2;
  }
  const std::vector<event::Instrument> instruments = artifact::read_instruments(argv[1]);
  decision::ThresholdParams strategy{.threshold_frac = 0.8, .order_qty_lots = 10, .cooldown_ns = 250'000'000,
                                     .hold_ns = 1'000'000'000, .up_class = 1, .down_class = 0};
  if (std::filesystem::is_directory(argv[2]) || std::filesystem::path{argv[2]}.extension() == ".hft") {
    const artifact::Loaded loaded = artifact::load(argv[2]);
    strategy.up_class = loaded.index_of(1);
    strategy.down_class = loaded.index_of(-1);
    trade(loaded.spec, instruments, *loaded.model, strategy);
  } else {
    const feature::Spec spec = artifact::read_spec(text_of(argv[2]));
    trade(spec, instruments, BookModel{spec.features.size()}, strategy);
  }
  return 0;
} catch (const std::exception& error) {  // from loaders and constructors: the path itself throws nothing
  std::fprintf(stderr, "embed_in_cpp: %s\n", error.what());
  return 1;
}
