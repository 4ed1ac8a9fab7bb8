#include "hft/sequence/history.hpp"

#include <charconv>
#include <numeric>
#include <string_view>
#include <utility>

#include "hft/ledger/journal_reader.hpp"

namespace hft::sequence {
namespace {

std::string where(Output output, const OutputMessage& message) {
  return std::string{kOutputNames[static_cast<std::size_t>(output)]} + ", offset " + std::to_string(message.offset);
}

[[noreturn]] void refuse(Output output, const OutputMessage& message, const std::string& what) {
  throw MismatchError(where(output, message) + ": " + what);
}

std::uint64_t total(const std::vector<Run>& runs) noexcept {
  return std::accumulate(runs.begin(), runs.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Run& run) { return sum + run.count; });
}

ledger::FrameKind record_kind(Output output) noexcept {
  switch (output) {
    case Output::kDecisions: return ledger::FrameKind::kDecision;
    case Output::kOrders: return ledger::FrameKind::kOrder;
    case Output::kFills:
    case Output::kDeadLetters: break;
  }
  return ledger::FrameKind::kFill;
}

/// The number that a control's text begins with: {"control":7,...
std::uint64_t control_number(Output output, const OutputMessage& message, std::string_view text) {
  constexpr std::string_view kOpening = "{\"control\":";
  std::uint64_t number = 0;
  const bool opens = text.starts_with(kOpening);
  const char* first = text.data() + (opens ? kOpening.size() : 0);
  if (!opens || std::from_chars(first, text.data() + text.size(), number).ec != std::errc{}) {
    refuse(output, message, "a control without a number: " + std::string{text.substr(0, 80)});
  }
  return number;
}

}  // namespace

History::History(const Position& from, const std::array<std::vector<OutputMessage>, kOutputs>& published)
    : from_{from}, order_{from.n_inputs} {
  n_controls_.fill(from.n_controls);
  reached_.fill(from.n_inputs);
  for (std::size_t i = 0; i < kOutputs; ++i) read(static_cast<Output>(i), published[i]);
}

History::History(const Position& from, std::map<std::uint64_t, Control> controls)
    : from_{from}, order_{from.n_inputs}, controls_{std::move(controls)} {
  n_controls_.fill(from.n_controls);
  reached_.fill(from.n_inputs);
}

void History::read(Output output, std::span<const OutputMessage> messages) {
  InputOrder order{from_.n_inputs};
  auto& records = records_[index(output)];
  const std::uint64_t first_seq = from_.seqs[index(output)];
  for (const OutputMessage& message : messages) {
    const auto frame = message.source.empty() ? ledger::frame_of_message(message.value) : std::nullopt;
    if (!frame && message.source.empty()) refuse(output, message, "the value is no frame, or was altered");
    if (frame && frame->kind == ledger::FrameKind::kLease) continue;  // speaks of writers, not of inputs
    follow(output, message, order);
    if (frame && frame->kind == ledger::FrameKind::kInputOrder) continue;
    if (frame && frame->kind == ledger::FrameKind::kControl) {
      read_control(output, message, std::string{frame->text()});
      continue;
    }
    if (frame && (output == Output::kDeadLetters || frame->kind != record_kind(output))) {
      refuse(output, message, "a frame of kind " + std::to_string(static_cast<unsigned>(frame->kind)) +
                                  " does not belong here");
    }
    if (message.header.seq < first_seq && message.header.n_inputs <= from_.n_inputs) continue;
    if (message.header.seq != first_seq + records.size()) {
      refuse(output, message, "sequence number must be " + std::to_string(first_seq + records.size()) + ", was " +
                                  std::to_string(message.header.seq));
    }
    records.push_back(message);
  }
  join(order, output);
}

/// Adds the message's runs to what this output says of the order.
void History::follow(Output output, const OutputMessage& message, InputOrder& order) {
  const std::uint64_t end = message.header.n_inputs;
  if (end <= from_.n_inputs) return;
  const std::uint64_t n = total(message.runs);
  if (n > end || end - n > order.end() || (end - n < order.end() && order.end() != from_.n_inputs)) {
    refuse(output, message, "its runs must lead from input " + std::to_string(order.end()) + " to " +
                                std::to_string(end) + ", hold " + std::to_string(n) + " inputs");
  }
  InputOrder piece{end - n};
  for (const Run& run : message.runs) piece.append(run);
  for (const Run& run : piece.slice(order.end(), end)) order.append(run);
  reached_[index(output)] = end;
}

void History::read_control(Output output, const OutputMessage& message, std::string text) {
  const std::uint64_t number = control_number(output, message, text);
  if (number < from_.n_controls) return;
  std::uint64_t& next = n_controls_[index(output)];
  if (number != next) {
    refuse(output, message, "control must have number " + std::to_string(next) + ", had " + std::to_string(number));
  }
  ++next;
  const auto [known, is_new] = controls_.try_emplace(number, Control{message.header.n_inputs, text});
  if (!is_new && (known->second.text != text || known->second.n_inputs != message.header.n_inputs)) {
    refuse(output, message, "control " + std::to_string(number) + " is another one in another output");
  }
}

/// Every output tells a beginning of the same story; the longest one is kept.
void History::join(const InputOrder& order, Output output) {
  const InputOrder& longer = order.end() > order_.end() ? order : order_;
  const InputOrder& shorter = order.end() > order_.end() ? order_ : order;
  if (longer.slice(from_.n_inputs, shorter.end()) != shorter.slice(from_.n_inputs, shorter.end())) {
    throw MismatchError(std::string{kOutputNames[index(output)]} +
                        ": tells another order of the inputs than the outputs before it");
  }
  if (order.end() > order_.end()) order_ = order;
}

const OutputMessage* History::find(Output output, std::uint64_t seq) const noexcept {
  const auto& records = records_[index(output)];
  const std::uint64_t first = from_.seqs[index(output)];
  return seq >= first && seq - first < records.size() ? &records[seq - first] : nullptr;
}

std::uint64_t History::seq_end(Output output) const noexcept {
  return from_.seqs[index(output)] + records_[index(output)].size();
}

}  // namespace hft::sequence
