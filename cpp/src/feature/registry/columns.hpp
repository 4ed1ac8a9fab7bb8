#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "../params.hpp"
#include "hft/feature/bank/series_bank.hpp"
#include "hft/feature/registry.hpp"

namespace hft::feature {

/// How parameters become a column: what the registry's rows call.

/// How the seed of a state fades: F::fading(), where there is a seed.
template <class F>
Fading fading_of(const F& f) {
  if constexpr (requires { f.fading(); }) return f.fading();
  return {};
}

/// Inputs over whole columns. A state without storage of its own is worked on as a copy, in registers: through the
/// node, every write to `out` could alias it. One that owns a window stays where it is.
template <class Reading>
class FoldOf {
  using State = typename Reading::State;

 public:
  static void run(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
                  double* out) noexcept {
    State& state = static_cast<NodeOf<State>&>(node).state;
    const Reading& reading = static_cast<const ReaderOf<Reading>&>(reader).reading();
    constexpr auto kInputs = std::make_index_sequence<kInputsOf<State>>{};
    if constexpr (std::is_trivially_copyable_v<State>) {
      State local = state;
      each(local, reading, x, ts_ns, n, out, kInputs);
      state = local;
    } else {
      each(state, reading, x, ts_ns, n, out, kInputs);
    }
  }

 private:
  template <std::size_t... I>
  static void each(State& state, const Reading& reading, const double* const* x, const std::int64_t* ts_ns,
                   std::size_t n, double* out, std::index_sequence<I...>) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
      feed(state, ts_ns == nullptr ? 0 : ts_ns[i], x[I][i]...);
      out[i] = reading.of(state);
    }
  }
};

template <class Reading>
constexpr Fold fold_of() noexcept {
  if constexpr (requires(typename Reading::State s, const Market& m) { s.update(m); }) return nullptr;
  else return &FoldOf<Reading>::run;
}

template <class Reading>
Column stateless(Reading reading, std::string unit) {
  return {nullptr, "", std::make_unique<ReaderOf<Reading>>(reading), 0, std::move(unit)};
}

template <class F>
Column own_state(F f, std::string unit) {
  const std::uint32_t lookback = f.lookback();
  const Fading fading = fading_of(f);
  return {std::make_unique<NodeOf<F>>(std::move(f)), "", std::make_unique<ReaderOf<OwnValue<F>>>(OwnValue<F>{}),
          lookback, std::move(unit), fading, fold_of<OwnValue<F>>()};
}

/// What a pipeline has instead of the node: a lane of its input's bank.
inline Column banked(Column column, const LaneRequest& lane) {
  column.bank = std::make_unique<SeriesBank>(lane);
  return column;
}

/// Says kind and parameters of a state, each exactly.
inline std::string key_of(std::string kind, const Params& p, std::initializer_list<const char*> names) {
  for (const char* name : names) kind += ":" + text_of(p.values().at(name));
  return kind;
}

/// Columns of the same state, parameters (`key` says both) and input share one node.
template <class Reading>
Column shared(std::string key, typename Reading::State state, Reading reading, std::uint32_t lookback,
              std::string unit) {
  const Fading fading = fading_of(state);
  return {std::make_unique<NodeOf<typename Reading::State>>(std::move(state)), std::move(key),
          std::make_unique<ReaderOf<Reading>>(std::move(reading)), lookback, std::move(unit), fading,
          fold_of<Reading>()};
}

/// The same for states that are made of a window alone.
template <class Reading>
Column shared_window(std::string kind, const WindowLength& window, typename Reading::State state, Reading reading,
                     std::uint32_t lookback, std::string unit) {
  kind += ":" + window.text() + (window.is_time() ? ":" + std::to_string(window.capacity()) : "");
  return shared(std::move(kind), std::move(state), std::move(reading), lookback, std::move(unit));
}

template <class Reading>
Column rolling(const char* kind, const Params& p, Reading reading, std::string unit) {
  auto state = Reading::make_state(p.window());
  const std::uint32_t lookback = state.lookback(Reading::kMinInputs);
  return shared_window(kind, p.window(), std::move(state), std::move(reading), lookback, std::move(unit));
}

/// The same, a lane of a bank where the window counts inputs and is not too long for that; `fold` is then the way over
/// whole columns.
template <class Window>
Column rolling_lane(const char* kind, const Params& p, Window window, std::string unit, LaneRequest lane,
                    Fold fold = nullptr) {
  Column column = rolling(kind, p, std::move(window), std::move(unit));
  const WindowLength length = p.window();
  lane.n = length.capacity();
  if (fold != nullptr && !length.is_time()) column.fold = fold;
  return length.is_time() || lane.n > BankPlan::kMaxWindow ? std::move(column) : banked(std::move(column), lane);
}

}  // namespace hft::feature
