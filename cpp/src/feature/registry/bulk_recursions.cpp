#include <algorithm>

#include "bulk.hpp"
#include "hft/feature/ema.hpp"
#include "hft/feature/node.hpp"
#include "hft/feature/rsi.hpp"
#include "recursions.hpp"

namespace hft::feature {
namespace {

bool run(Ema& ema, const Recursion& r) noexcept {
  double level = ema.value();
  const bool done = r.average(level);
  if (done) ema.settle(level);
  return done;
}

bool run(Rsi& rsi, const Recursion& r) noexcept {
  Rsi::Past past = rsi.past();
  const bool done = r.strength(past.previous, rsi.flat(), past.mean_gain, past.mean_loss);
  past.previous = r.x[Recursion::kLanes * r.length - 1];
  if (done) rsi.settle(past);
  return done;
}

/// Stretches where they pay, the step where they do not, or where an input is not usable.
template <class Average>
void fold_recursion(Node& node, const double* x, std::size_t n, double* out) noexcept {
  Average& shared = static_cast<NodeOf<Average>&>(node).state;
  Average state = shared;  // in registers: through the node, every write to `out` could alias it
  const std::size_t lead = Recursion::lead_of(state.alpha());
  for (std::size_t i = 0; i < n;) {
    const bool may = state.ready() && Recursion::can_run();
    const std::size_t length = may ? Recursion::length_of(n - i, lead) : 0;
    const std::size_t all = length * Recursion::kLanes;
    if (length != 0 && run(state, Recursion{x + i, length, lead, state.alpha(), out + i})) {
      i += all;
      continue;
    }
    const std::size_t n_steps = all != 0 ? all : state.ready() ? n - i : std::size_t{state.lookback()} + 1;
    const std::size_t stop = i + std::min(n - i, n_steps);
    for (; i < stop; ++i) out[i] = state.update(x[i]);
  }
  shared = state;
}

}  // namespace

void fold_ema(Node& node, const Reader&, const double* const* x, const std::int64_t*, std::size_t n,
              double* out) noexcept {
  fold_recursion<Ema>(node, *x, n, out);
}
void fold_rsi(Node& node, const Reader&, const double* const* x, const std::int64_t*, std::size_t n,
              double* out) noexcept {
  fold_recursion<Rsi>(node, *x, n, out);
}

}  // namespace hft::feature
