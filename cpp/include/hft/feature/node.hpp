#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "hft/base/bytes.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// One operation's state in one symbol. Several columns may read one node.
class Node {
 public:
  Node() = default;
  virtual ~Node() = default;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] virtual std::unique_ptr<Node> clone() const = 0;
  /// Another column wants the same state and perhaps more of it. Before the first event only.
  virtual void widen(const Node& other) noexcept = 0;

  /// `x` is the input series; operations on the market itself ignore it.
  virtual void step(const Market& market, double x) noexcept = 0;
  virtual void advance(std::int64_t now_ns) noexcept = 0;
  virtual void reset() noexcept = 0;
  [[nodiscard]] virtual std::uint64_t early_leaves() const noexcept = 0;
  /// Memory that one such state takes, its own bytes and its window's.
  [[nodiscard]] virtual std::size_t room_bytes() const noexcept = 0;

  virtual void save(base::ByteWriter& out) const = 0;
  virtual void load(base::ByteReader& in) = 0;

 protected:
  Node(const Node&) = default;
};

template <class State>
class NodeOf final : public Node {
 public:
  explicit NodeOf(State initial) : state{std::move(initial)} {}

  [[nodiscard]] std::unique_ptr<Node> clone() const override { return std::make_unique<NodeOf>(*this); }
  void widen(const Node& other) noexcept override {
    if constexpr (requires { state.widen(state); }) state.widen(static_cast<const NodeOf&>(other).state);
  }
  void step(const Market& market, double x) noexcept override {
    if constexpr (requires { state.update(market); })
      state.update(market);
    else if constexpr (requires { state.update(x, market.now_ns); })
      state.update(x, market.now_ns);
    else
      state.update(x);
  }
  void advance(std::int64_t now_ns) noexcept override {
    if constexpr (requires { state.advance(now_ns); }) state.advance(now_ns);
  }
  void reset() noexcept override { state.reset(); }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept override {
    if constexpr (requires { state.early_leaves(); }) return state.early_leaves();
    return 0;
  }
  [[nodiscard]] std::size_t room_bytes() const noexcept override {
    if constexpr (requires { state.room_bytes(); }) return sizeof *this + state.room_bytes();
    return sizeof *this;
  }
  void save(base::ByteWriter& out) const override { State::archive(state, out); }
  void load(base::ByteReader& in) override { State::archive(state, in); }

  State state;
};

/// How one column reads its node. Shared by all symbols, so it holds parameters and no state.
class Reader {
 public:
  virtual ~Reader() = default;
  /// `node` is null for an operation without state.
  [[nodiscard]] virtual double read(const Node* node, const Market& market) const noexcept = 0;
};

/// Reads with `Reading::of(state)`, `of(state, market)`, or `of(market)` where there is no state.
template <class Reading>
class ReaderOf final : public Reader {
 public:
  explicit ReaderOf(Reading reading) : reading_{std::move(reading)} {}

  [[nodiscard]] double read(const Node* node, const Market& market) const noexcept override {
    if constexpr (requires { typename Reading::State; }) {
      const auto& state = static_cast<const NodeOf<typename Reading::State>*>(node)->state;
      if constexpr (requires { reading_.of(state); })
        return reading_.of(state);
      else
        return reading_.of(state, market);
    } else {
      return reading_.of(market);
    }
  }

 private:
  Reading reading_;
};

/// The reading of an operation that is its own state.
template <class F>
struct OwnValue {
  using State = F;
  [[nodiscard]] double of(const F& f) const noexcept { return f.value(); }
};

}  // namespace hft::feature
