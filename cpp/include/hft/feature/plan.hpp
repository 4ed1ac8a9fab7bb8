#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hft/feature/bars.hpp"
#include "hft/feature/formula.hpp"
#include "hft/feature/registry.hpp"
#include "hft/feature/spec.hpp"

namespace hft::feature {

/// A spec compiled: which nodes there are, what steps them, how columns read them. Immutable, shared by all symbols.
class Plan {
 public:
  /// Cold path: throws std::invalid_argument naming the feature, the parameter, the rule and the value.
  explicit Plan(const Spec& spec);

  /// One column as it was resolved. Name, input and parameters have one spelling, so equal specs have equal columns.
  struct Resolved {
    FeatureDef def;
    std::uint32_t rev;
    std::string unit;
    std::uint32_t lookback;  // ticks of `clock` before the first value, those of its inputs included
    Clock clock;
    Fading fading;  // of the seeds of its operation and of its inputs
  };

  /// Bars as they were resolved: their definition has one spelling.
  struct Bars {
    BarsDef def;
    BarRule rule;
    std::uint32_t node;
    Clock clock;
  };

  /// One instruction of a clock's program: read a value into a slot, or step a node with what stands from a slot on.
  struct Instruction {
    const Reader* reader;  // null: step `node`
    std::uint32_t node;
    std::uint32_t slot;
  };

  [[nodiscard]] const std::vector<Resolved>& columns() const noexcept { return columns_; }
  /// In the order in which those step that close at one moment: time, tick, volume, dollar; small before large.
  [[nodiscard]] const std::vector<Bars>& bars() const noexcept { return bars_; }
  /// The bars whose clock it is; null for the others.
  [[nodiscard]] const Bars* bars_of(Clock clock) const noexcept;
  /// What reads each column.
  [[nodiscard]] const std::vector<const Reader*>& outputs() const noexcept { return outputs_; }
  /// Columns that one call reads.
  struct OutputGroup {
    const Reader* reader;
    std::vector<Output> outputs;
  };
  [[nodiscard]] const std::vector<OutputGroup>& output_groups() const noexcept { return groups_; }
  [[nodiscard]] const std::vector<Instruction>& program(Clock clock) const noexcept {
    return programs_[static_cast<std::size_t>(clock)];
  }
  /// Nodes with a time window: brought to the event's time before a row is read.
  [[nodiscard]] const std::vector<std::uint32_t>& timed_nodes() const noexcept { return timed_nodes_; }
  /// The node that keeps the order book, where the spec reads one. It is fed before all programs.
  [[nodiscard]] std::optional<std::uint32_t> book_node() const noexcept { return book_node_; }
  /// Symbols whose values other symbols read.
  [[nodiscard]] const std::vector<std::string>& peers() const noexcept { return peers_; }
  /// Bits of Rule: those whose breaking some column reads.
  [[nodiscard]] std::uint32_t flagged_rules() const noexcept { return flagged_rules_; }
  [[nodiscard]] std::vector<std::unique_ptr<Node>> make_nodes() const;
  [[nodiscard]] std::size_t n_slots() const noexcept { return n_slots_; }

 private:
  /// Something with a value: a series of the market, a column, or a part of a formula.
  struct Source {
    std::string name;
    Clock clock;
    std::string unit;
    const Reader* reader;
    std::uint32_t lookback = 0;
    Fading fading{};
    bool timed = false;  // it changes with the time, although nothing steps it
  };
  using Sources = std::vector<std::size_t>;

  struct Placed {
    std::uint32_t node;
    std::uint32_t lane;
  };

  void add_bars(const std::vector<BarsDef>& asked);
  void add(const FeatureDef& def);
  /// The source that an operation makes; `def` gets its one spelling.
  std::size_t make(FeatureDef& def, const Operation& op);
  [[nodiscard]] static std::string column_unit(const std::string& unit, const std::vector<std::string>& inputs);
  std::size_t find(const std::string& name) const;  // or npos
  std::size_t resolve(const Formula& formula);
  std::size_t resolve_name(const Formula& formula);
  std::size_t resolve_call(const Formula& formula);
  std::size_t resolve_arithmetic(const Formula& formula);
  Sources inputs_of(const FeatureDef& def, const Operation& op);
  [[nodiscard]] std::string text_of(const Sources& inputs) const;
  std::uint32_t slots_of(const Sources& inputs, Clock clock);
  [[nodiscard]] Placed place(Column& column, const std::string& inputs, std::uint32_t slot, Clock clock, bool timed);
  void group_outputs();
  const Reader* keep(std::unique_ptr<Reader> reader);
  /// There is to be an order book, of at least so many levels a side; 0: as many as others ask for, or the default.
  void need_book(std::int64_t capacity);
  /// The source, once there is to be what it reads.
  std::size_t in_use(std::size_t source);
  void place_book();
  std::vector<Instruction>& program_of(Clock clock) { return programs_[static_cast<std::size_t>(clock)]; }

  std::vector<Resolved> columns_;
  std::vector<Bars> bars_;
  std::vector<const Reader*> outputs_;
  std::vector<OutputGroup> groups_;
  std::vector<Source> sources_;  // the registry's series, then columns and parts of formulas
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Node>> nodes_;  // prototypes
  std::vector<std::string> share_keys_;       // parallel to nodes_
  std::map<std::string, std::uint32_t> slots_;  // by inputs
  std::vector<std::uint32_t> timed_nodes_;
  std::optional<std::int64_t> book_capacity_;
  std::optional<std::uint32_t> book_node_;
  std::vector<std::string> peers_;
  std::vector<std::vector<Instruction>> programs_ = std::vector<std::vector<Instruction>>(kClocks);  // by clock
  std::uint32_t flagged_rules_ = 0;
  std::size_t n_slots_ = 1;  // slot 0 is never written: what operations on the market get as inputs
};

/// For whoever has a pipeline per symbol. Throws std::invalid_argument where the spec reads values of other symbols.
void check_symbols_apart(const Spec& spec);

}  // namespace hft::feature
