#include <cstring>
#include <utility>

#include "recovery.hpp"

namespace hft::daemon {
namespace {

std::span<const std::byte> text_bytes(const std::string& text) noexcept { return std::as_bytes(std::span{text}); }

bool same(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace

Comparer::Comparer(std::uint8_t shard, const sequence::History& history, ledger::FrameScanner& tail,
                   ledger::Journal& journal)
    : shard_{shard}, history_{history}, tail_{tail}, journal_{journal}, frame_{tail.next()} {}

void Comparer::record(sequence::Output output, std::uint64_t seq, const ledger::JournalRecord& record) noexcept {
  if (const sequence::OutputMessage* published = history_.find(output, seq)) {
    ++n_compared_;
    if (!same(published->value, sequence::frame_of(record.kind, record.payload()))) {
      differ(std::string{sequence::kOutputNames[static_cast<std::size_t>(output)]} + ", offset " +
             std::to_string(published->offset) + ", number " + std::to_string(seq));
    } else if (published->header.n_inputs != n_inputs_) {
      differ(std::string{sequence::kOutputNames[static_cast<std::size_t>(output)]} + ", offset " +
             std::to_string(published->offset) + ": must follow from input " +
             std::to_string(published->header.n_inputs) + ", followed from " + std::to_string(n_inputs_));
    }
  } else {
    Output missing = output_of(OutputKind::kRecord, seq);
    missing.output = output;
    missing.record = record;
    unpublished_.push_back(missing);
  }
  if (!met_in_journal(record.kind, record.payload()) && !journal_.append(record)) journal_failed_ = true;
}

void Comparer::poison(std::uint64_t seq, Poison* poison) noexcept {
  const sequence::OutputMessage* published = history_.find(sequence::Output::kDeadLetters, seq);
  if (published == nullptr) {
    Output missing = output_of(OutputKind::kPoison, seq);
    missing.output = sequence::Output::kDeadLetters;
    missing.poison = poison;
    unpublished_.push_back(missing);
    return;
  }
  ++n_compared_;
  const std::unique_ptr<Poison> owned{poison};
  if (!same(published->source, text_bytes(poison->source))) {
    differ("dead letter, offset " + std::to_string(published->offset) + ": must be of " + poison->source);
  }
}

void Comparer::control(std::uint64_t number, const Change& change) noexcept {
  Output output = output_of(OutputKind::kControl, number);
  output.change = &change;
  unpublished_.push_back(output);  // an output that has it already takes no second one
  const std::string text = control_text(number, n_inputs_, change);
  if (!met_in_journal(ledger::FrameKind::kControl, text_bytes(text)) &&
      !journal_.append_text(ledger::FrameKind::kControl, text)) {
    journal_failed_ = true;
  }
}

/// False where the journal ends before this frame: it is to be appended.
bool Comparer::met_in_journal(ledger::FrameKind kind, std::span<const std::byte> payload) {
  if (!frame_) return false;
  const auto wanted = sequence::frame_of(kind, payload);
  const auto padded = std::span{wanted}.subspan(sizeof(ledger::FrameHeader));
  if (frame_->kind != kind || !same(frame_->payload, padded)) {
    differ("journal, byte " + std::to_string(frame_->offset_bytes));
  }
  frame_ = tail_.next();
  return true;
}

void Comparer::differ(const std::string& what) {
  if (!difference_) difference_ = what + ": not what the replay of its inputs gives";
}

void Comparer::check() const {
  if (journal_failed_)
    throw Fatal(ExitCode::kDisk, "shard " + std::to_string(shard_) + ": the journal cannot be written");
  if (difference_) throw Fatal(ExitCode::kMismatch, "shard " + std::to_string(shard_) + ": " + *difference_);
}

Output Comparer::output_of(OutputKind kind, std::uint64_t seq) const noexcept {
  Output output;
  output.kind = kind;
  output.shard = shard_;
  output.seq = seq;
  output.n_inputs = n_inputs_;
  output.late = true;
  return output;
}

}  // namespace hft::daemon
