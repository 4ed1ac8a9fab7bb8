#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/sequence/input_order.hpp"
#include "hft/sequence/output_message.hpp"

namespace hft::sequence {

/// What was published and what is on disk or recomputed do not agree. Never repaired: somebody must look.
class MismatchError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a history begins: at a snapshot, or at the shard's birth (all zero).
struct Position {
  std::uint64_t n_inputs = 0;
  std::array<std::uint64_t, kOutputs> seqs{};  // records of each output so far
  std::uint64_t n_controls = 0;
};

/// A change of settings, after `n_inputs` inputs.
struct Control {
  std::uint64_t n_inputs;
  std::string text;  // JSON
};

/// What a shard published after a position, in words that recovery can follow: the order of the inputs up to the last
/// message of any output, the controls among them, and every record to be met again.
class History {
 public:
  /// Takes the valid messages of each output behind the position, in offset order; see LeaseReader for valid. Messages
  /// from before the position may lead them. Throws MismatchError where they contradict each other: a gap or a double
  /// in a sequence, runs that do not add up or differ between outputs, a value that is no frame.
  History(const Position& from, const std::array<std::vector<OutputMessage>, kOutputs>& published);

  /// Where nothing was published and the journal is all there is: its controls, by number.
  History(const Position& from, std::map<std::uint64_t, Control> controls);

  [[nodiscard]] const InputOrder& order() const noexcept { return order_; }
  /// By their number, counted from the shard's birth.
  [[nodiscard]] const std::map<std::uint64_t, Control>& controls() const noexcept { return controls_; }

  /// The published record with this sequence number, or null when it was not published.
  [[nodiscard]] const OutputMessage* find(Output output, std::uint64_t seq) const noexcept;
  /// Records of this output were published up to, not including, this number.
  [[nodiscard]] std::uint64_t seq_end(Output output) const noexcept;
  /// How many inputs the last message of this output speaks of.
  [[nodiscard]] std::uint64_t n_inputs(Output output) const noexcept { return reached_[index(output)]; }
  /// Controls that this output holds, counted from the shard's birth.
  [[nodiscard]] std::uint64_t n_controls(Output output) const noexcept { return n_controls_[index(output)]; }

 private:
  static std::size_t index(Output output) noexcept { return static_cast<std::size_t>(output); }
  void read(Output output, std::span<const OutputMessage> messages);
  void read_control(Output output, const OutputMessage& message, std::string text);
  void follow(Output output, const OutputMessage& message, InputOrder& order);
  void join(const InputOrder& order, Output output);

  Position from_;
  InputOrder order_;
  std::map<std::uint64_t, Control> controls_;
  std::array<std::vector<OutputMessage>, kOutputs> records_;
  std::array<std::uint64_t, kOutputs> reached_{};
  std::array<std::uint64_t, kOutputs> n_controls_{};
};

}  // namespace hft::sequence
