#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control_text.hpp"
#include "decoding.hpp"
#include "exit_code.hpp"
#include "hft/base/fault.hpp"
#include "hft/ledger/journal.hpp"
#include "hft/ledger/journal_reader.hpp"
#include "hft/sequence/history.hpp"
#include "shard.hpp"
#include "signals.hpp"
#include "source.hpp"

namespace hft::daemon {

/// Meets again what was published and journalled. Every word that a replayed shard says must be the word that stands
/// there; what does not stand there yet is journalled, and kept for publishing.
class Comparer final : public Emitter {
 public:
  /// All of them outlive this. `tail` stands before the first frame that is to be met again.
  Comparer(std::uint8_t shard, const sequence::History& history, ledger::FrameScanner& tail, ledger::Journal& journal);

  void begin_input(std::uint64_t n_inputs) noexcept { n_inputs_ = n_inputs; }
  void record(sequence::Output output, std::uint64_t seq, const ledger::JournalRecord& record) noexcept override;
  void poison(std::uint64_t seq, Poison* poison) noexcept override;
  void control(std::uint64_t number, const Change& change) noexcept override;
  void run(const sequence::Run&) noexcept override {}  // the order is known already

  /// Throws Fatal: kMismatch with the first difference, kDisk.
  void check() const;
  /// What the journal holds further is gone: from here on it is appended to.
  void forget_journal() noexcept { frame_.reset(); }
  /// True when the journal holds nothing more.
  [[nodiscard]] bool journal_ended() const noexcept { return !frame_.has_value(); }
  [[nodiscard]] std::uint64_t n_compared() const noexcept { return n_compared_; }
  /// What is still to be published, in order.
  [[nodiscard]] std::vector<Output> take_unpublished() { return std::move(unpublished_); }

 private:
  [[nodiscard]] bool met_in_journal(ledger::FrameKind kind, std::span<const std::byte> payload);
  void differ(const std::string& what);
  [[nodiscard]] Output output_of(OutputKind kind, std::uint64_t seq) const noexcept;

  std::uint8_t shard_;
  const sequence::History& history_;
  ledger::FrameScanner& tail_;
  ledger::Journal& journal_;
  std::optional<ledger::Frame> frame_;  // next one of the tail
  std::uint64_t n_inputs_ = 0;
  std::uint64_t n_compared_ = 0;
  std::vector<Output> unpublished_;
  std::optional<std::string> difference_;
  bool journal_failed_ = false;
};

/// Brings a shard from its snapshot to the last word that it published.
template <bool Timed>
class Recovery {
 public:
  using ChangeOf = std::function<const Change&(const std::string& control)>;

  Recovery(Shard<Timed>& shard, std::size_t index, const sequence::History& history, Source& source, Decoding& decoding,
           Comparer& comparer, ChangeOf change_of)
      : shard_{shard}, index_{index}, history_{history}, source_{source}, decoding_{decoding}, comparer_{comparer},
        change_of_{std::move(change_of)} {}

  /// Throws Fatal: kMismatch, kInputLost; EndAsked. `until_journal_ends`: where the journal is all the history there
  /// is.
  void run(bool until_journal_ends) {
    apply_controls();
    for (const sequence::Run& run : history_.order().runs()) {
      for (std::uint32_t i = 0; i < run.count; ++i) take_next(run.lane, run.stale != 0);
    }
    while (until_journal_ends && !comparer_.journal_ended()) take_next(shard_.lanes()[0], false);
    shard_.flush_run();
    check_all_met();
  }

  /// Inputs that were polled with those of the history and come after it: live ones now.
  [[nodiscard]] std::vector<Input> take_left_over() {
    std::vector<Input> left;
    for (auto& [lane, buffered] : buffered_) {
      left.insert(left.end(), buffered.inputs.begin() + static_cast<std::ptrdiff_t>(buffered.next),
                  buffered.inputs.end());
    }
    buffered_.clear();
    return left;
  }

 private:
  static constexpr std::size_t kBatch = 256;
  static constexpr std::chrono::milliseconds kPoll{100};
  static constexpr std::chrono::seconds kPatience{60};

  /// What was polled of one lane and is not taken yet.
  struct Buffered {
    std::vector<Input> inputs;
    std::size_t next = 0;
  };

  /// Each record that stands in an output must have been said again.
  void check_all_met() const {
    for (std::size_t i = 0; i < sequence::kOutputs; ++i) {
      const auto output = static_cast<sequence::Output>(i);
      const std::uint64_t said = shard_.position().sequence.seqs[i];
      const sequence::OutputMessage* stranger = history_.find(output, said);
      if (stranger == nullptr) continue;
      throw Fatal(ExitCode::kMismatch,
                  "shard " + std::to_string(index_) + ": " + std::string{sequence::kOutputNames[i]} + ", offset " +
                      std::to_string(stranger->offset) + ": does not follow from the inputs that it speaks of");
    }
  }

  void take_next(sequence::Lane lane, bool stale) {
    Input input = next(lane);
    input.stale = stale;
    comparer_.begin_input(shard_.position().sequence.n_inputs + 1);
    base::fault_point(base::FaultPoint::kDuringRecovery);
    shard_.take(input);
    comparer_.check();
    apply_controls();
  }

  Input next(sequence::Lane lane) {
    Buffered& buffered = buffered_[lane];
    if (buffered.next == buffered.inputs.size()) refill(lane, buffered);
    return buffered.inputs[buffered.next++];
  }

  void refill(sequence::Lane lane, Buffered& buffered) {
    end_if_asked();
    buffered.inputs.clear();
    buffered.next = 0;
    std::vector<RawInput> raw(kBatch);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::size_t n = 0;
    while ((n = source_.poll_lane(index_, lane, raw, kPoll)) == 0) {
      end_if_asked();
      if (source_.ended() || std::chrono::steady_clock::now() > deadline) {
        throw Fatal(ExitCode::kInputLost, "shard " + std::to_string(index_) + ": lane " + std::to_string(lane) +
                                              " ends before what was published from it");
      }
    }
    for (const RawInput& one : std::span{raw}.first(n)) decoding_.decode(one, source_, buffered.inputs.emplace_back());
    source_.release();
  }

  void apply_controls() {
    const auto& controls = history_.controls();
    for (auto control = controls.find(shard_.position().sequence.n_controls);
         control != controls.end() && control->second.n_inputs == shard_.position().sequence.n_inputs;
         control = controls.find(shard_.position().sequence.n_controls)) {
      comparer_.begin_input(control->second.n_inputs);
      shard_.apply(change_of_(control->second.text));
      comparer_.check();
    }
  }

  Shard<Timed>& shard_;
  std::size_t index_;
  const sequence::History& history_;
  Source& source_;
  Decoding& decoding_;
  Comparer& comparer_;
  ChangeOf change_of_;
  std::map<sequence::Lane, Buffered> buffered_;
};

}  // namespace hft::daemon
