#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hft/engine/stopwatch.hpp"
#include "hft/ring/channel.hpp"
#include "hft/telemetry/page.hpp"
#include "items.hpp"
#include "shard.hpp"
#include "snapshots.hpp"

namespace hft::daemon {

/// The rings between the threads. Nothing is ever dropped: a full one stops its producer, and the lag shows.
struct Rings {
  Rings(std::size_t n_events, std::size_t n_records, ring::WaitKind wait)
      : inputs{n_events, ring::Overflow::kBlock, wait},
        outputs{n_records, ring::Overflow::kBlock, wait},
        records{n_records, ring::Overflow::kBlock, ring::WaitKind::kBlock} {}

  ring::Channel<Input> inputs;         // ingest → hot
  ring::Channel<Output> outputs;       // hot → publisher
  ring::Channel<JournalItem> records;  // hot → journal
};

/// A live shard's words, on their way to publisher and journal. Hot thread.
class LiveEmitter final : public Emitter {
 public:
  LiveEmitter(std::uint8_t shard, Rings& rings) : shard_{shard}, rings_{rings} {}

  void begin_input(std::uint64_t n_inputs, std::uint64_t arrived_ticks, bool late) noexcept {
    n_inputs_ = n_inputs, arrived_ticks_ = arrived_ticks, late_ = late;
  }
  void record(sequence::Output output, std::uint64_t seq, const ledger::JournalRecord& record) noexcept override {
    Output out = output_of(OutputKind::kRecord, seq);
    out.output = output;
    out.record = record;
    push(out);
    journal({.record = record, .shard = shard_});
  }
  void poison(std::uint64_t seq, Poison* poison) noexcept override {
    Output out = output_of(OutputKind::kPoison, seq);
    out.poison = poison;
    push(out);
  }
  void control(std::uint64_t number, const Change& change) noexcept override {
    Output out = output_of(OutputKind::kControl, number);
    out.change = &change;
    push(out);
    journal({.change = &change, .number = number, .n_inputs = n_inputs_, .shard = shard_});
  }
  void run(const sequence::Run& run) noexcept override {
    Output out = output_of(OutputKind::kRun, 0);
    out.run = run;
    push(out);
  }
  /// `id` moves with every input and every control, so no older marker can stand for this one.
  void marker(std::uint64_t id) noexcept { push(output_of(OutputKind::kMarker, id)); }

 private:
  // Refused only after a consumer was cancelled, and then the daemon ends without another word.
  void push(const Output& output) noexcept { (void)rings_.outputs.push(output); }
  void journal(const JournalItem& item) noexcept { (void)rings_.records.push(item); }
  [[nodiscard]] Output output_of(OutputKind kind, std::uint64_t seq) const noexcept {
    Output out;
    out.kind = kind;
    out.seq = seq;
    out.n_inputs = n_inputs_;
    out.arrived_ticks = arrived_ticks_;
    out.shard = shard_;
    out.late = late_;
    return out;
  }

  std::uint8_t shard_;
  Rings& rings_;
  std::uint64_t n_inputs_ = 0;
  std::uint64_t arrived_ticks_ = 0;
  bool late_ = false;
};

/// What the hot thread shows of itself.
struct HotCounters {
  telemetry::Counter inputs;
  telemetry::Counter decisions;
  telemetry::Counter orders;
  telemetry::Counter fills;
};

/// The hot thread: takes inputs from the ring, feeds their shards, copies state while it goes. It waits for nothing but
/// its rings, and reads no clock but the stopwatch's.
template <bool Timed>
class Hot {
 public:
  struct Live {
    Shard<Timed>* shard;
    CopySlot* slot;
    std::unique_ptr<LiveEmitter> emitter;
  };

  Hot(std::vector<Live> shards, Rings& rings, engine::Stopwatch<Timed> watch, const HotCounters& counters)
      : shards_{std::move(shards)}, rings_{rings}, watch_{watch}, counters_{counters} {
    for (Live& live : shards_) live.shard->emit_to(*live.emitter);
  }

  void run() noexcept {
    for (;;) {
      std::span<const Input> inputs = copying() ? rings_.inputs.try_peek() : rings_.inputs.peek();
      if (inputs.empty()) {
        if (!copying()) break;  // the ring is closed and read
        copy(kIdleSymbols);
        continue;
      }
      inputs = inputs.first(std::min(inputs.size(), kBatch));  // room for the producer comes back in small portions
      for (const Input& input : inputs) take(input);
      rings_.inputs.consume(inputs.size());
      counters_.inputs.add(inputs.size());
      if (copying()) copy(kBusySymbols);
      show();
    }
    for (Live& live : shards_) live.shard->flush_run();
    rings_.outputs.close();
    rings_.records.close();
  }

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kBusySymbols = 4;   // copied between two batches, some microseconds each
  static constexpr std::size_t kIdleSymbols = 16;

  void take(const Input& input) noexcept {
    Live& live = shards_[input.shard];
    const std::uint64_t n_inputs = live.shard->position().sequence.n_inputs;
    switch (input.kind) {
      case InputKind::kEvent:
      case InputKind::kPoison:
        if constexpr (Timed) {
          watch_.start();
          watch_.since(engine::Stage::kRing, input.pushed_ticks);
        }
        live.emitter->begin_input(n_inputs + 1, input.arrived_ticks, input.late);
        live.shard->take(input);
        return;
      case InputKind::kChange:
        live.emitter->begin_input(n_inputs, 0, false);
        live.shard->apply(*input.change);
        return;
      case InputKind::kSnapshot: begin_copy(live, n_inputs); return;
    }
  }

  void begin_copy(Live& live, std::uint64_t n_inputs) noexcept {
    // acquire: the snapshotter is done with what the slot held
    if (live.slot->state.load(std::memory_order_acquire) != CopySlot::State::kFree) return;
    live.shard->flush_run();
    live.emitter->begin_input(n_inputs, 0, false);
    live.emitter->marker(marker_id(live.shard->position()));
    live.slot->position = live.shard->position();  // vectors of the same size: no allocation
    live.slot->guard = live.shard->guard();
    live.slot->change = live.shard->change();
    live.shard->engine().begin_copy(live.slot->copy);
    live.slot->state.store(CopySlot::State::kCopying, std::memory_order_relaxed);
    ++n_copying_;
  }

  [[nodiscard]] bool copying() const noexcept { return n_copying_ != 0; }

  void copy(std::size_t n_symbols) noexcept {
    for (Live& live : shards_) {
      if (live.slot->state.load(std::memory_order_relaxed) != CopySlot::State::kCopying) continue;
      if (!live.shard->engine().copy_some(n_symbols)) return;
      // release: hands the copy over, whole or failed
      live.slot->state.store(CopySlot::State::kReady, std::memory_order_release);
      --n_copying_;
      return;
    }
  }

  void show() noexcept {
    std::array<std::uint64_t, 3> sums{};
    for (const Live& live : shards_) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += live.shard->position().sequence.seqs[i];
    }
    counters_.decisions.set(sums[0]), counters_.orders.set(sums[1]), counters_.fills.set(sums[2]);
  }

  std::vector<Live> shards_;
  Rings& rings_;
  engine::Stopwatch<Timed> watch_;
  HotCounters counters_;
  std::size_t n_copying_ = 0;
};

}  // namespace hft::daemon
