#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hft/feature/registry.hpp"
#include "hft/feature/spec.hpp"

namespace hft::feature {

/// A spec compiled: which nodes there are, what steps them, how columns read them. Immutable, shared by all symbols.
class Plan {
 public:
  /// Cold path: throws std::invalid_argument naming the feature, the parameter, the rule and the value.
  explicit Plan(const Spec& spec);

  /// One column as it was resolved: name and parameters complete, so equal specs have equal columns.
  struct Resolved {
    FeatureDef def;
    std::uint32_t rev;
    std::string unit;
    std::uint32_t lookback;  // ticks of `clock` before the first value, those of its inputs included
    Clock clock;
  };

  /// One instruction of a clock's program: read a series (or column) into a slot, or step a node with a slot's value.
  struct Instruction {
    const Reader* reader;  // null: step `node`
    std::int32_t node;     // -1: none
    std::uint32_t slot;
  };

  struct Output {
    const Reader* reader;
    std::int32_t node;
  };

  [[nodiscard]] const std::vector<Resolved>& columns() const noexcept { return columns_; }
  [[nodiscard]] const std::vector<Output>& outputs() const noexcept { return outputs_; }
  [[nodiscard]] const std::vector<Instruction>& program(Clock clock) const noexcept {
    return clock == Clock::kQuote ? on_quote_ : on_trade_;
  }
  /// Nodes with a time window: brought to the event's time before a row is read.
  [[nodiscard]] const std::vector<std::uint32_t>& timed_nodes() const noexcept { return timed_nodes_; }
  [[nodiscard]] std::vector<std::unique_ptr<Node>> make_nodes() const;
  [[nodiscard]] std::size_t n_slots() const noexcept { return n_slots_; }

 private:
  struct Source {
    std::string name;
    Clock clock;
    std::string unit;
    const Reader* reader;
    std::int32_t node;
    std::uint32_t lookback = 0;
    std::int32_t slot = -1;  // taken when an operation first reads it
  };
  void add(const FeatureDef& def);
  [[nodiscard]] std::size_t find_source(const std::string& input) const;
  [[nodiscard]] std::int32_t place(Column& column, const std::string& input, std::uint32_t slot, Clock clock,
                                   bool timed);
  std::vector<Instruction>& program_of(Clock clock) { return clock == Clock::kQuote ? on_quote_ : on_trade_; }

  std::vector<Resolved> columns_;
  std::vector<Output> outputs_;
  std::vector<Source> sources_;  // the registry's series, then the columns so far
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Node>> nodes_;  // prototypes
  std::vector<std::string> share_keys_;       // parallel to nodes_
  std::vector<std::uint32_t> timed_nodes_;
  std::vector<Instruction> on_quote_;
  std::vector<Instruction> on_trade_;
  std::size_t n_slots_ = 1;  // slot 0 is never written: what operations on the market get as `x`
};

}  // namespace hft::feature
