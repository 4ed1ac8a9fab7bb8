#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hft/feature/bar_builder.hpp"
#include "hft/feature/node.hpp"
#include "hft/feature/spec.hpp"

namespace hft::feature {

/// One series of every bar: `m1.close` of bars m1.
struct BarSeries {
  std::string name;
  std::string unit;
  std::string doc;
  double Bar::*member;
};
[[nodiscard]] std::span<const BarSeries> bar_series();

/// The rule of a definition, which gets its one spelling (60s is 1m, 100 is 100.0). Throws std::invalid_argument naming
/// the bars, the key, the rule and the value.
[[nodiscard]] BarRule bar_rule(BarsDef& def);

/// At most so many bars in a spec: an update's closed ones are the bits of one word.
inline constexpr std::size_t kMaxBars = 64;

/// Bars as one of a symbol's nodes. Programs do not step it: the pipeline asks it before and after each event.
class BarNode final : public Node {
 public:
  explicit BarNode(const BarRule& rule) : builder{rule} {}

  [[nodiscard]] std::unique_ptr<Node> clone() const override { return std::make_unique<BarNode>(*this); }
  void widen(const Node&) noexcept override {}
  void step(const Market&, const double*) noexcept override {}
  void advance(std::int64_t) noexcept override {}
  void reset() noexcept override { builder.reset(); }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept override { return 0; }
  [[nodiscard]] std::size_t room_bytes() const noexcept override { return sizeof *this; }
  void save(base::ByteWriter& out) const override { BarBuilder::archive(builder, out); }
  void load(base::ByteReader& in) override { BarBuilder::archive(builder, in); }

  BarBuilder builder;
};

/// Reads one value of the last closed bar.
class BarReader final : public Reader {
 public:
  BarReader(std::size_t node, double Bar::*member) : node_{node}, member_{member} {}
  [[nodiscard]] double read(const View& view) const noexcept override {
    return static_cast<const BarNode&>(*view.nodes[node_]).builder.closed().*member_;
  }
  void advance(const View&) const noexcept override {}  // only an event closes a bar

 private:
  std::size_t node_;
  double Bar::*member_;
};

}  // namespace hft::feature
