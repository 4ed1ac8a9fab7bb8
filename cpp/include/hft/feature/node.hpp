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

  /// `x` are the inputs, as many as the operation takes; operations on the market itself ignore them.
  virtual void step(const Market& market, const double* x) noexcept = 0;
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

/// How many inputs a state takes at a time: State::kInputs, or one.
template <class State>
inline constexpr std::size_t kInputsOf = 1;
template <class State>
  requires requires { State::kInputs; }
inline constexpr std::size_t kInputsOf<State> = State::kInputs;

/// Hands a state its inputs, and the time where it asks for it.
template <class State, class... X>
void feed(State& state, [[maybe_unused]] std::int64_t now_ns, X... x) noexcept {
  if constexpr (requires { state.update(x..., now_ns); })
    state.update(x..., now_ns);
  else
    state.update(x...);
}

template <class State>
class NodeOf final : public Node {
 public:
  explicit NodeOf(State initial) : state{std::move(initial)} {}

  [[nodiscard]] std::unique_ptr<Node> clone() const override { return std::make_unique<NodeOf>(*this); }
  void widen(const Node& other) noexcept override {
    if constexpr (requires { state.widen(state); }) state.widen(static_cast<const NodeOf&>(other).state);
  }
  void step(const Market& market, const double* x) noexcept override {
    if constexpr (requires { state.update(market); })
      state.update(market);
    else
      step(x, market.now_ns, std::make_index_sequence<kInputsOf<State>>{});
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

 private:
  template <std::size_t... I>
  void step(const double* x, std::int64_t now_ns, std::index_sequence<I...>) noexcept {
    feed(state, now_ns, x[I]...);
  }
};

/// One symbol as readers see it, and the others that the spec names.
struct View {
  const std::unique_ptr<Node>* nodes;
  const Market* market;
  const View* const* peers;  // by index in Plan::peers()
};

/// How one value is read. Shared by all symbols, so it holds parameters and no state.
class Reader {
 public:
  virtual ~Reader() = default;
  [[nodiscard]] virtual double read(const View& view) const noexcept = 0;
  /// Brings time windows below to the symbol's time: what is read must depend on the time alone, not on which events
  /// happened to give rows before.
  virtual void advance(const View& view) const noexcept = 0;
  /// Which node it reads, once the plan has placed it.
  virtual void bind([[maybe_unused]] std::size_t node) noexcept {}
  /// What a pointwise operation maps.
  virtual void bind_input([[maybe_unused]] const Reader& input) noexcept {}
};

/// Reads with `Reading::of(state)`, `of(state, market)`, or `of(market)` where there is no state.
template <class Reading>
class ReaderOf final : public Reader {
 public:
  explicit ReaderOf(Reading reading) : reading_{std::move(reading)} {}

  [[nodiscard]] double read(const View& view) const noexcept override {
    if constexpr (requires { typename Reading::State; }) {
      const auto& state = static_cast<const NodeOf<typename Reading::State>&>(*view.nodes[node_]).state;
      if constexpr (requires { reading_.of(state); })
        return reading_.of(state);
      else
        return reading_.of(state, *view.market);
    } else {
      return reading_.of(*view.market);
    }
  }
  void advance([[maybe_unused]] const View& view) const noexcept override {
    if constexpr (requires { typename Reading::State; }) view.nodes[node_]->advance(view.market->now_ns);
  }
  void bind(std::size_t node) noexcept override { node_ = node; }
  [[nodiscard]] const Reading& reading() const noexcept { return reading_; }

 private:
  Reading reading_;
  std::size_t node_ = 0;
};

/// The reading of an operation that is its own state.
template <class F>
struct OwnValue {
  using State = F;
  [[nodiscard]] double of(const F& f) const noexcept { return f.value(); }
};

}  // namespace hft::feature
