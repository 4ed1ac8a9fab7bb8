#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hft/engine/engine.hpp"
#include "hft/event/sequence_guard.hpp"
#include "hft/ledger/frame.hpp"
#include "hft/sequence/history.hpp"
#include "control_text.hpp"
#include "items.hpp"

namespace hft::daemon {

/// Where a shard's words go: to the rings while it is live, to a comparison while it recovers.
class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual void record(sequence::Output output, std::uint64_t seq, const ledger::JournalRecord& record) noexcept = 0;
  /// Takes the poison over.
  virtual void poison(std::uint64_t seq, Poison* poison) noexcept = 0;
  virtual void control(std::uint64_t number, const Change& change) noexcept = 0;
  virtual void run(const sequence::Run& run) noexcept = 0;
};

/// What a shard has counted, beside its engine. All of it follows from the inputs and their order.
struct ShardCounters {
  std::uint64_t duplicates = 0;  // a number that the symbol's last event had: left out
  std::uint64_t late = 0;        // a lower one: left out
  std::uint64_t gaps = 0;        // numbers are missing before it: its symbol begins anew
  std::uint64_t resets = 0;      // the feed numbers anew
  std::uint64_t stale = 0;       // older than the limit when it came in
  std::uint64_t poison = 0;

  template <class Self, class Visit>
  static void visit(Self& self, Visit&& each) {
    each("duplicates", self.duplicates), each("late", self.late), each("gaps", self.gaps);
    each("resets", self.resets), each("stale", self.stale), each("poison", self.poison);
  }
};

/// Where a shard stands in its inputs and outputs.
struct ShardPosition {
  sequence::Position sequence;
  std::vector<std::uint64_t> next_offsets;  // by index of the lane
  std::uint64_t journal_bytes = 0;
  ShardCounters counters;
};

/// Names the marker that is published where a snapshot begins.
[[nodiscard]] inline std::uint64_t marker_id(const ShardPosition& position) noexcept {
  return position.sequence.n_inputs + position.sequence.n_controls;
}

/// One partition's state machine: guard, engine, and the counting that makes its outputs recognisable. A pure function
/// of its inputs and their order: the same ones give the same words to the emitter.
///
/// No allocation, no exception, no clock but the stopwatch's on take().   One thread at a time.
template <bool Timed>
class Shard {
 public:
  struct Parts {
    const feature::Spec& spec;
    std::span<const event::Instrument> instruments;  // of this shard; outlive it
    const model::ForestModel& model;
    const engine::EngineConfig& engine;
    std::span<const sequence::Lane> lanes;
    bool numbered;  // the feed numbers each symbol's events
  };

  /// Cold path: throws std::invalid_argument where the parts do not fit together.
  Shard(const Parts& parts, engine::Stopwatch<Timed> watch)
      : sink_{*this},
        guard_{n_guarded(parts)},
        engine_{parts.spec, parts.instruments, parts.model, parts.engine, sink_, watch},
        n_symbols_{parts.instruments.size()},
        lanes_{parts.lanes.begin(), parts.lanes.end()},
        numbered_{parts.numbered} {
    position_.next_offsets.resize(lanes_.size());
  }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Cold path, before anything is taken. The emitter outlives its use.
  void emit_to(Emitter& emitter) noexcept { out_ = &emitter; }

  /// Takes the next input of a lane. `arrived_ticks`: from when tick_to_decision counts.
  void take(const Input& input) noexcept {
    count(input);
    if (input.kind == InputKind::kPoison) [[unlikely]] {
      flush_run();
      ++position_.counters.poison;
      out_->poison(next_seq(sequence::Output::kDeadLetters), input.poison);
      return;
    }
    event::Event event = input.event;
    const std::uint64_t feed_seq = numbered_ ? event.source_seq : 0;
    event.source_seq = (std::uint64_t{input.lane} << event::kOffsetBits) | input.offset;
    if (input.stale) event.flags |= event::kStale, ++position_.counters.stale;
    if (!in_sequence(event, input.lane, feed_seq)) [[unlikely]] return;
    engine_.step(event, input.arrived_ticks);
  }

  void apply(const Change& change) noexcept {
    flush_run();
    engine_.apply(change.settings);
    engine_.swap_model(*change.model);
    change_ = &change;
    const std::uint64_t number = position_.sequence.n_controls++;
    position_.journal_bytes +=
        ledger::frame_bytes(control_text_bytes(number, position_.sequence.n_inputs, change));
    out_->control(number, change);
  }

  /// Tells the emitter of the inputs that it has not heard of.
  void flush_run() noexcept {
    if (run_.count == 0) return;
    out_->run(run_);
    run_.count = 0;
  }

  /// Streams that the guard watches: each symbol in each topic.
  [[nodiscard]] static std::size_t n_guarded(const Parts& parts) noexcept {
    return parts.instruments.size() * parts.lanes.size();
  }
  [[nodiscard]] const ShardPosition& position() const noexcept { return position_; }
  void set_position(ShardPosition position) { position_ = std::move(position); }
  [[nodiscard]] std::size_t lane_index(sequence::Lane lane) const noexcept {
    return static_cast<std::size_t>(std::find(lanes_.begin(), lanes_.end(), lane) - lanes_.begin());
  }
  [[nodiscard]] std::span<const sequence::Lane> lanes() const noexcept { return lanes_; }
  [[nodiscard]] auto& engine() noexcept { return engine_; }
  [[nodiscard]] event::SequenceGuard& guard() noexcept { return guard_; }
  /// The settings that it works with; null before the first apply() or restore.
  [[nodiscard]] const Change* change() const noexcept { return change_; }
  /// Cold path: puts the settings in force that a snapshot was taken under.
  void restore_change(const Change& change) noexcept {
    change_ = &change;
    engine_.apply(change.settings);
    engine_.swap_model(*change.model);
  }

 private:
  struct Sink {
    Shard& shard;
    [[nodiscard]] bool append(const ledger::JournalRecord& record) noexcept {
      shard.emit(record);
      return true;  // a journal that fails stops the daemon, and the restart meets the same records again
    }
  };

  void count(const Input& input) noexcept {
    ++position_.sequence.n_inputs;
    position_.next_offsets[lane_index(input.lane)] = input.offset + 1;
    const sequence::Run one{input.lane, input.stale, 0, 1};
    if (run_.count != 0 && !run_.joins(one)) flush_run();
    if (run_.count == 0) run_ = sequence::Run{input.lane, input.stale, 0, 0};
    ++run_.count;
  }

  /// A feed numbers a symbol's records in each topic by itself: topics interleave freely.
  [[nodiscard]] bool in_sequence(event::Event& event, sequence::Lane lane, std::uint64_t feed_seq) noexcept {
    const auto guarded = static_cast<std::uint32_t>(sequence::topic_of(lane) * n_symbols_ + event.symbol_id);
    return event::admit(guard_, guarded, feed_seq, event, position_.counters);
  }

  std::uint64_t next_seq(sequence::Output output) noexcept {
    return position_.sequence.seqs[static_cast<std::size_t>(output)]++;
  }

  void emit(const ledger::JournalRecord& record) noexcept {
    flush_run();
    position_.journal_bytes += ledger::frame_bytes(record.payload().size());
    const sequence::Output output = record.kind == ledger::FrameKind::kDecision ? sequence::Output::kDecisions
                                    : record.kind == ledger::FrameKind::kOrder  ? sequence::Output::kOrders
                                                                                : sequence::Output::kFills;
    out_->record(output, next_seq(output), record);
  }

  Sink sink_;
  event::SequenceGuard guard_;
  engine::Engine<model::ForestModel, Sink, Timed> engine_;
  std::size_t n_symbols_;
  std::vector<sequence::Lane> lanes_;
  bool numbered_;
  Emitter* out_ = nullptr;
  const Change* change_ = nullptr;
  sequence::Run run_{};
  ShardPosition position_;
};

}  // namespace hft::daemon
