#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/base/cacheline.hpp"
#include "hft/engine/changes.hpp"
#include "hft/engine/engine.hpp"
#include "hft/engine/pacer.hpp"
#include "hft/engine/record_tape.hpp"
#include "hft/event/decode.hpp"
#include "hft/ring/channel.hpp"

namespace hft::engine {

/// How records reach the engine. All of them give the same journal.
enum class Feed : std::uint8_t {
  kThreads = 0,  // ingest thread, ring, this thread, ring, journal thread
  kEvents = 1,   // one by one in this thread, journal included
  kBatch = 2,    // decoded into batches, the engine run over each; this thread
};

struct ReplayConfig {
  Feed feed = Feed::kThreads;
  ring::WaitKind wait = ring::WaitKind::kYield;  // three threads seldom have three idle cores
  double rate_hz = 0.0;                          // records per second, open loop; 0: as fast as it goes
  std::size_t ring_events = 1U << 12U;           // 256 KiB: stays in the second-level cache
  std::size_t ring_records = 1U << 12U;          // to the journal thread
};

/// Cold path: throws std::invalid_argument naming the rule and the value. Asked before a journal is made.
inline void validate(const ReplayConfig& config) {
  if (config.rate_hz == 0.0 || (config.rate_hz >= Pacer::kLeastRateHz && config.rate_hz <= Pacer::kMostRateHz)) return;
  throw std::invalid_argument("Replay: rate_hz must be 0 or in [1e-3, 1e9], was " + std::to_string(config.rate_hz));
}

/// What other threads may look at or ask for while a replay runs. All relaxed: neither a progress bar nor a switch
/// that is seen within a batch needs an order.
struct ReplayControl {
  alignas(base::kNoShareBytes) std::atomic<std::uint64_t> n_done{0};  // records, good or bad; all of them at the end
  alignas(base::kNoShareBytes) std::atomic<bool> abort{false};
  std::atomic<bool> kill{false};  // for good: from here on only exits (Engine::kill)
};

struct ReplayResult {
  Counters counters;
  std::int64_t elapsed_ns = 0;  // first record read to last record journalled
  bool aborted = false;         // then the journal has no run end
  /// Records are missing from the end of the journal, and some may be of orders that were sent: the failure is known
  /// late. With kEvents and kBatch nothing is sent after the append that failed, but what the journal had taken
  /// into its buffer before (ledger::Journal: 256 KiB) is lost with it. With kThreads those are joined by what was
  /// under way to it: at most ReplayConfig::ring_records, a batch of 64 and one.
  bool journal_failed = false;
};

/// What a replay joins. All of it outlives the replay.
template <model::Model Model>
struct ReplayParts {
  const feature::Spec& spec;
  std::span<const event::Instrument> instruments;
  const Model& model;
  const EngineConfig& engine;
  std::string_view header_json;  // the journal's run header
  std::span<const Change<Model>> changes = {};  // in the order of their records
  std::span<const std::byte> state = {};  // what Engine::save wrote, to go on from; empty: from the beginning
};

/// Plays packed records, as they came in (kTapeFlags), through the engine into `journal` (ledger::Journal or
/// MemoryJournal), between its run header and run end. Threads cannot throw: what can fail by exception happens before
/// they start or after they are joined.
template <bool Timed, model::Model Model, class Journal>
class Replay {
 public:
  /// Events between two looks at the kill switch; also the records that the journal thread takes at once.
  static constexpr std::size_t kBatch = 64;

  /// Cold path: throws std::invalid_argument where the parts do not fit together. With changes, decodes the records
  /// before the last of them once more.
  Replay(std::span<const std::byte> records, const ReplayParts<Model>& parts, const ReplayConfig& config,
         Journal& journal, ReplayControl& control)
      : parts_{parts}, config_{config}, decoder_{parts.instruments, event::kTapeFlags}, tape_{records, decoder_},
        changes_{parts.changes, RecordTape{records, decoder_}, parts.model}, journal_{journal}, control_{control} {
    validate(config);
  }

  /// Cold path around a hot one. `times` receives the stages of a timed replay. Throws std::invalid_argument where the
  /// state is none of these parts'.
  ReplayResult run(StageTimes& times) {
    ReplayResult result;
    bool recorded = journal_.append_text(ledger::FrameKind::kRunHeader, parts_.header_json);
    if (config_.feed == Feed::kThreads) {
      run_threads(times, result);
    } else {
      run_here(times, result);
    }
    result.counters.bad_records = tape_.bad_records();
    result.aborted = !tape_.ended();
    if (!result.aborted) {
      recorded = journal_.append_text(ledger::FrameKind::kRunEnd, end_json(result.counters)) && recorded;
    }
    result.journal_failed = result.journal_failed || !recorded;
    return result;
  }

 private:
  static constexpr std::chrono::microseconds kJournalNap{200};  // a full ring in a nap would be 20 M records/s

  struct Stamped {
    event::Event event;
    std::uint64_t due_ticks;
    std::uint64_t pushed_ticks;
  };
  using Item = std::conditional_t<Timed, Stamped, event::Event>;  // an untimed ring carries no stamps

  /// The engine's end of the ring to the journal thread.
  struct RingSink {
    ring::Channel<ledger::JournalRecord>& ring;
    const std::atomic<bool>& failed;
    [[nodiscard]] bool append(const ledger::JournalRecord& record) noexcept {
      // relaxed: it may be seen late, but not after the ring was full once: the room that the push then waits for was
      // made, and released to us, after the latch
      return !failed.load(std::memory_order_relaxed) && ring.push(record) == ring::Pushed::kStored;
    }
  };

  static Stopwatch<Timed> stopwatch([[maybe_unused]] StageTimes& times) {
    if constexpr (Timed) return Stopwatch<true>{times};
    else return {};
  }
  [[nodiscard]] std::optional<Pacer> make_pacer() const noexcept {
    return config_.rate_hz > 0 ? std::optional<Pacer>{std::in_place, config_.rate_hz, config_.wait} : std::nullopt;
  }
  static std::int64_t now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  [[nodiscard]] bool stopped() const noexcept {
    return tape_.ended() || control_.abort.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool killed() const noexcept { return control_.kill.load(std::memory_order_relaxed); }

  template <class HotEngine>
  void load_state(HotEngine& engine) {
    if (!parts_.state.empty()) {
      base::ByteReader in{parts_.state};
      engine.load(in);
    }
    changes_.begin(engine);
  }

  /// The counters and, where settings changed, how many decisions were made before each change.
  [[nodiscard]] std::string end_json(const Counters& counters) const {
    std::string json = to_json(counters);
    if (changes_.n_decisions_before().empty()) return json;
    json.pop_back();
    json += ",\"n_decisions_before_changes\":[";
    for (const std::uint64_t n : changes_.n_decisions_before()) json += std::to_string(n) + ',';
    json.back() = ']';
    return json + '}';
  }

  void run_here(StageTimes& times, ReplayResult& result) {
    Engine<Model, Journal, Timed> engine(parts_.spec, parts_.instruments, parts_.model, parts_.engine, journal_,
                                         stopwatch(times));
    load_state(engine);
    Stopwatch<Timed> watch = stopwatch(times);
    const std::optional<Pacer> pacer = make_pacer();
    // A paced record does not wait for company.
    std::vector<event::Event> batch(config_.feed == Feed::kBatch && !pacer ? kBatch : 1);
    const std::int64_t begin_ns = now_ns();
    while (!stopped()) {
      std::size_t n = 0;
      std::uint64_t due_ticks = 0;
      while (n < batch.size() && !stopped()) {
        if (pacer) due_ticks = pacer->wait_for(tape_.n_taken(), control_.abort);
        if (stopped()) break;
        const std::uint64_t begin_ticks = watch.start();
        n += tape_.take(batch[n]) ? 1U : 0U;
        watch.lap(Stage::kDecode);
        if (!pacer) due_ticks = begin_ticks;
      }
      if (killed()) engine.kill();
      for (const event::Event& event : std::span{batch}.first(n)) {
        changes_.apply_due(engine);
        batch.size() == 1 ? engine.step(event, due_ticks) : engine.step(event);
      }
      control_.n_done.store(tape_.n_taken(), std::memory_order_relaxed);
    }
    engine.finish();
    result.elapsed_ns = now_ns() - begin_ns;
    result.counters = engine.counters();
  }

  void run_threads(StageTimes& times, ReplayResult& result) {
    ring::Channel<Item> events(config_.ring_events, ring::Overflow::kBlock, config_.wait);
    ring::Channel<ledger::JournalRecord> records(config_.ring_records, ring::Overflow::kBlock, config_.wait);
    std::atomic<bool> journal_failed{false};
    RingSink sink{records, journal_failed};
    Engine<Model, RingSink, Timed> engine(parts_.spec, parts_.instruments, parts_.model, parts_.engine, sink,
                                          stopwatch(times));
    load_state(engine);
    const auto ingest_times = std::make_unique<StageTimes>();
    const std::int64_t begin_ns = now_ns();
    {
      const std::jthread journal_thread([&] { write_journal(records, journal_failed); });
      const Closing close_records{records};  // before the join above, also where the next thread cannot be started
      const std::jthread ingest_thread([&] { ingest(events, stopwatch(*ingest_times)); });
      consume(events, engine, stopwatch(times));
      engine.finish();
    }
    result.elapsed_ns = now_ns() - begin_ns;
    result.counters = engine.counters();
    result.journal_failed = journal_failed.load();
    if constexpr (Timed) times.merge(*ingest_times);
  }

  struct Closing {
    ring::Channel<ledger::JournalRecord>& ring;
    ~Closing() { ring.close(); }
  };

  void ingest(ring::Channel<Item>& out, Stopwatch<Timed> watch) noexcept {
    const std::optional<Pacer> pacer = make_pacer();
    std::array<Item, kBatch> batch;
    const std::size_t batch_size = pacer ? 1 : kBatch;
    std::uint64_t n_good = 0;
    while (!stopped()) {
      std::size_t n = 0;
      while (n < batch_size && !stopped()) {
        std::uint64_t due_ticks = 0;
        if (pacer) due_ticks = pacer->wait_for(tape_.n_taken(), control_.abort);
        if (stopped()) break;
        watch.start();
        n += take(batch[n], due_ticks) ? 1U : 0U;
        watch.lap(Stage::kDecode);
      }
      stamp(std::span{batch}.first(n), watch);
      n_good += n;
      n_bad_.store(tape_.n_taken() - n_good, std::memory_order_relaxed);
      if (out.push_n(std::span{batch}.first(n)) < n) break;
    }
    out.close();
  }

  bool take(Item& item, [[maybe_unused]] std::uint64_t due_ticks) noexcept {
    if constexpr (Timed) {
      item.due_ticks = due_ticks;
      return tape_.take(item.event);
    } else {
      return tape_.take(item);
    }
  }
  static void stamp([[maybe_unused]] std::span<Item> items, [[maybe_unused]] Stopwatch<Timed>& watch) noexcept {
    if constexpr (Timed) {
      const std::uint64_t now_ticks = watch.start();
      for (Item& item : items) item.pushed_ticks = now_ticks;
    }
  }

  template <class HotEngine>
  void consume(ring::Channel<Item>& in, HotEngine& engine, Stopwatch<Timed> watch) noexcept {
    std::uint64_t n_good = 0;
    const auto report = [&] {
      control_.n_done.store(n_good + n_bad_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    };
    for (auto items = in.peek(); !items.empty(); items = in.peek()) {
      items = items.first(std::min(items.size(), kBatch));  // room for the producer comes back in small portions
      if (killed()) engine.kill();
      for (const Item& item : items) {
        changes_.apply_due(engine);
        if constexpr (Timed) {
          const std::uint64_t begin_ticks = watch.start();
          watch.since(Stage::kRing, item.pushed_ticks);
          engine.step(item.event, config_.rate_hz > 0 ? item.due_ticks : begin_ticks);
        } else {
          engine.step(item);
        }
      }
      n_good += items.size();
      in.consume(items.size());
      report();
    }
    report();  // the closed ring ordered the last count of bad ones before its end
  }

  /// Naps while there is nothing to do, whatever `wait` says: nobody waits for this thread, so the hot one need not pay
  /// for waking it, and the core is free for the two that matter.
  void write_journal(ring::Channel<ledger::JournalRecord>& in, std::atomic<bool>& failed) noexcept {
    std::array<ledger::JournalRecord, kBatch> batch;
    for (;;) {
      const bool ended = in.ended();  // before the look into the ring: what is pushed in between is not lost
      const std::size_t n = in.try_pop_n(batch);
      for (const ledger::JournalRecord& record : std::span{batch}.first(n)) {
        // After a failure it only empties the ring, so that the engine never waits for a dead journal.
        if (!failed.load(std::memory_order_relaxed) && !journal_.append(record)) failed.store(true);
      }
      if (n != 0) continue;
      if (ended) return;
      std::this_thread::sleep_for(kJournalNap);
    }
  }

  ReplayParts<Model> parts_;
  ReplayConfig config_;
  event::PackedDecoder decoder_;
  RecordTape tape_;
  Changes<Model> changes_;  // the hot thread's
  Journal& journal_;
  ReplayControl& control_;
  alignas(base::kNoShareBytes) std::atomic<std::uint64_t> n_bad_{0};  // ingest thread writes, hot thread reads
};

}  // namespace hft::engine
