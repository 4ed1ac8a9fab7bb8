#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "hft/feature/bar_builder.hpp"
#include "hft/feature/node.hpp"

namespace hft::feature {

// Not for headers that the pipeline's loop sees: a compiler that knows one kind of node there guesses that it is this.

/// Bars as one of a symbol's nodes. Programs do not step it: the pipeline asks it before and after each event.
class BarNode final : public Node {
 public:
  explicit BarNode(const BarRule& rule) : builder{rule} {}

  [[nodiscard]] std::unique_ptr<Node> clone() const override { return std::make_unique<BarNode>(*this); }
  std::uint32_t widen(const Node&) override { return 0; }
  void step(const Market&, const double*) noexcept override {}
  void advance(std::int64_t) noexcept override {}
  void reset() noexcept override { builder.reset(); }
  void begin_anew(bool) noexcept override { builder.reset(); }
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
