#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
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
  /// What widen says where there is no room for another lane.
  static constexpr std::uint32_t kFull = static_cast<std::uint32_t>(-1);
  /// Another column wants the same state, and perhaps more of it: which of its lanes is then the column's. Before the
  /// first event only.
  virtual std::uint32_t widen(const Node& other) = 0;
  /// The lane of the column that it was made for.
  [[nodiscard]] virtual std::uint32_t first_lane() const noexcept { return 0; }

  /// `x` are the inputs, as many as the operation takes; operations on the market itself ignore them.
  virtual void step(const Market& market, const double* x) noexcept = 0;
  virtual void advance(std::int64_t now_ns) noexcept = 0;
  virtual void reset() noexcept = 0;
  /// The symbol begins anew: a session, or what comes behind a gap. As new, but for what belongs to the market itself.
  virtual void begin_anew(bool after_gap) noexcept = 0;
  [[nodiscard]] virtual std::uint64_t early_leaves() const noexcept = 0;
  /// What every input touches, beside the object itself: worth having in the cache before it comes.
  [[nodiscard]] virtual std::span<const std::byte> hot_bytes() const noexcept { return {}; }
  /// Memory that one such state takes, its own bytes and its window's.
  [[nodiscard]] virtual std::size_t room_bytes() const noexcept = 0;

  virtual void save(base::ByteWriter& out) const = 0;
  virtual void load(base::ByteReader& in) = 0;

 protected:
  Node(const Node&) = default;
};

/// How many inputs a state takes at a time: State::kInputs, or one. None: whoever owns it feeds it.
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
  std::uint32_t widen(const Node& other) override {
    if constexpr (requires { state.widen(state); }) state.widen(static_cast<const NodeOf&>(other).state);
    return 0;
  }
  void step([[maybe_unused]] const Market& market, [[maybe_unused]] const double* x) noexcept override {
    if constexpr (requires { state.update(market); })
      state.update(market);
    else if constexpr (kInputsOf<State> > 0)
      step(x, market.now_ns, std::make_index_sequence<kInputsOf<State>>{});
  }
  void advance(std::int64_t now_ns) noexcept override {
    if constexpr (requires { state.advance(now_ns); }) state.advance(now_ns);
  }
  void reset() noexcept override { state.reset(); }
  void begin_anew([[maybe_unused]] bool after_gap) noexcept override {
    if constexpr (requires { state.begin_anew(after_gap); })
      state.begin_anew(after_gap);
    else
      state.reset();
  }
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

/// Where a value goes, and which lane of its node it is read from.
struct Output {
  std::uint32_t lane;
  std::uint32_t column;
};

/// How one value is read. Shared by all symbols, so it holds parameters and no state.
class Reader {
 public:
  virtual ~Reader() = default;
  [[nodiscard]] virtual double read(const View& view) const noexcept = 0;
  /// Several lanes of its node in one call, those of neighbouring numbers side by side.
  virtual void read_many(const View& view, std::span<const Output> outputs, double* row) const noexcept {
    for (const Output& output : outputs) row[output.column] = read(view);
  }
  /// Whether one call may read this one's value and the other's.
  [[nodiscard]] virtual bool reads_beside([[maybe_unused]] const Reader& other) const noexcept { return false; }
  [[nodiscard]] virtual std::uint32_t lane() const noexcept { return 0; }
  /// Brings time windows below to the symbol's time: what is read must depend on the time alone, not on which events
  /// happened to give rows before.
  virtual void advance(const View& view) const noexcept = 0;
  /// Which node it reads, and which lane of that, once the plan has placed it.
  virtual void bind([[maybe_unused]] std::size_t node, [[maybe_unused]] std::uint32_t lane) noexcept {}
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
  void bind(std::size_t node, std::uint32_t) noexcept override { node_ = node; }
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
