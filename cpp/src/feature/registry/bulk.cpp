#include "bulk.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <type_traits>

#include "hft/feature/node.hpp"
#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_min.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/rolling_var.hpp"
#include "hft/feature/zscore.hpp"
#include "stretches.hpp"

namespace hft::feature {
namespace {

using Slid = NearSums::Slid;

/// What a piece of a column is, once its sums are slid: m values to `out`.
struct Piece {
  const NearScale& scale;
  const Slid& slid;
  const double* x;
  std::size_t m;
  std::uint32_t n;
  bool is_small;  // no |S1| beyond NearScale::kSmallSum
};

struct MeanOf {
  using Reading = MeanReading;
  static constexpr bool kScatter = false;
  static bool side_by_side(const MeanReading&, const Stretches& s) noexcept { return s.means(); }
  static void write(const MeanReading&, const Piece& p, double* out) noexcept {
    const double n = p.n;
    if (p.is_small) {
      for (std::size_t i = 0; i < p.m; ++i) out[i] = p.scale.mean_of_small(p.slid.s1[i], n);
    } else {
      const double inverse = 1.0 / n;
      for (std::size_t i = 0; i < p.m; ++i) out[i] = p.scale.mean(p.slid.s1[i], p.n, inverse);
    }
  }
};

void write_variance(const Piece& p, double* out) noexcept {
  const double pairs = static_cast<double>(p.n) * (p.n - 1.0);
  const double square = p.scale.square();
  for (std::size_t i = 0; i < p.m; ++i) out[i] = p.slid.scatter[i] * square / pairs;
}
void write_deviation(const Piece& p, double* out) noexcept {
  write_variance(p, out);
  for (std::size_t i = 0; i < p.m; ++i) out[i] = std::sqrt(out[i]);
}

struct VarianceOf {
  using Reading = VarReading;
  static constexpr bool kScatter = true;
  static bool side_by_side(const VarReading&, const Stretches& s) noexcept { return s.variances(); }
  static void write(const VarReading&, const Piece& p, double* out) noexcept { write_variance(p, out); }
};

struct DeviationOf {
  using Reading = StdReading;
  static constexpr bool kScatter = true;
  static bool side_by_side(const StdReading&, const Stretches& s) noexcept { return s.deviations(); }
  static void write(const StdReading&, const Piece& p, double* out) noexcept { write_deviation(p, out); }
};

struct ScoreOf {
  using Reading = ZScoreReading;
  static constexpr bool kScatter = true;
  static bool side_by_side(const ZScoreReading& reading, const Stretches& s) noexcept { return s.scores(reading.flat); }
  static void write(const ZScoreReading& reading, const Piece& p, double* out) noexcept {
    write_deviation(p, out);
    for (std::size_t i = 0; i < p.m; ++i) {
      const double above = p.scale.above_mean(p.x[i], p.slid.s1[i], p.n);
      out[i] = p.slid.scatter[i] == 0.0 ? reading.flat : above / out[i];
    }
  }
};

/// Inputs between two bases about which sums are made: a quarter of a sum an input.
constexpr std::size_t kLooks = 4;

/// Eight stretches after eight, while they can; how many values went to `out`. The window's inputs lie before x.
template <class Of>
std::size_t fold_side_by_side(const typename Of::Reading& reading, std::uint32_t window, const double* x, std::size_t n,
                              double* out) noexcept {
  std::size_t at = 0;
  while (const std::size_t length = Stretches::length_of(n - at, window)) {
    if (!Of::side_by_side(reading, {x + at, length, window, out + at})) break;
    at += Stretches::kLanes * length;
  }
  return at;
}

template <class Of>
void fold_moments(Node& node, const Reader& reader, const double* x, std::size_t n, double* out) noexcept {
  Moments& state = static_cast<NodeOf<Moments>&>(node).state;
  const auto& reading = static_cast<const ReaderOf<typename Of::Reading>&>(reader).reading();
  const std::uint32_t window = state.capacity();
  Slid slid;
  std::size_t n_run = 0;   // inputs in a row before i that the window took
  std::size_t n_slid = 0;  // of them, those that it does not hold yet
  std::size_t next_look = 0;
  std::size_t next_try = Stretches::can_run() ? window : n;
  for (std::size_t i = 0; i < n;) {
    if (i >= next_try && n_run >= window) {
      const std::size_t m = fold_side_by_side<Of>(reading, window, x + i, n - i, out + i);
      i += m, n_run += m;
      if (m != 0) state.settle(x + i, true), n_slid = 0;
      next_try = i + Stretches::kLanes * window + Stretches::kPause;
      continue;
    }
    if (state.can_slide() && n_run >= window) {
      const std::size_t most = std::min({n - i, Slid::kMost, next_try - i});
      const std::size_t m = state.slide<Of::kScatter>(x + i, most, slid);
      std::int64_t largest = 0;
      for (std::size_t j = 0; j < m; ++j) largest |= slid.s1[j] ^ (slid.s1[j] >> 63);  // the magnitudes' bits
      const bool is_small = largest < NearScale::kSmallSum;
      Of::write(reading, {state.scale(), slid, x + i, m, window, is_small}, out + i);
      i += m, n_run += m, n_slid += m;
      const bool anew = !is_small && i >= next_look;
      if (anew) next_look = i + kLooks * (window + Slid::kMost);
      if (anew || m < most) state.settle(x + i, anew || !Of::kScatter), n_slid = 0;
      if (m == most) continue;
    }
    state.update(x[i]);
    out[i] = reading.of(state);
    n_run = fits_fixed(x[i]) ? n_run + 1 : 0;
    ++i;
  }
  if (n_slid != 0) state.settle(x + n, !Of::kScatter);
}

/// Best inputs of windows that lie within x[0..n), by blocks of a window's length: the best from the input on to its
/// block's end, and the best of the next block so far (van Herk 1992, Gil and Werman 1993). Of equals the newest.
template <class Better>
void slide_best(const double* x, std::size_t n, std::size_t window, double* suffix, double* out) noexcept {
  const auto best = [](double old, double fresh) { return Better{}(old, fresh) ? old : fresh; };
  for (std::size_t block = 0; block + window <= n; block += window) {
    suffix[window - 1] = x[block + window - 1];
    for (std::size_t i = window - 1; i-- > 0;) suffix[i] = best(x[block + i], suffix[i + 1]);
    out[block + window - 1] = suffix[0];
    const std::size_t n_next = std::min(window - 1, n - block - window);
    double prefix = n_next != 0 ? x[block + window] : 0.0;
    for (std::size_t i = 0; i < n_next; ++i) {
      prefix = best(prefix, x[block + window + i]);
      out[block + window + i] = best(suffix[i + 1], prefix);
    }
  }
}

/// Eight stretches after eight, while they can; how many values went to `out`.
template <class Better>
std::size_t best_side_by_side(const double* x, std::size_t n, std::uint32_t window, double* out) noexcept {
  constexpr std::size_t kStep = Stretches::kLanes * Stretches::kLengthOfBest;
  std::size_t at = 0;
  for (; at + kStep <= n; at += kStep) {
    const Stretches s{x + at, Stretches::kLengthOfBest, window, out + at};
    if (!(std::is_same_v<Better, std::less<>> ? s.smallest() : s.largest())) break;
  }
  return at;
}

template <class Reading, class Better>
void fold_best(Node& node, const Reader& reader, const double* x, std::size_t n, double* out) noexcept {
  Extremum<Better>& state = static_cast<NodeOf<Extremum<Better>>&>(node).state;
  const Reading& reading = static_cast<const ReaderOf<Reading>&>(reader).reading();
  constexpr std::size_t kMostOnStack = 4096;
  const std::uint32_t window = state.capacity();
  const auto restart = [&](const double* end) {
    state.reset();
    for (const double* at = end - window; at != end; ++at) state.update(*at);
  };
  std::size_t n_run = 0;  // usable inputs in a row before i
  std::size_t next_try = Stretches::can_run() && window >= 2 && window <= Stretches::kLongestBest ? 0 : n;
  for (std::size_t i = 0; i < n;) {
    if (i >= next_try && n_run >= window) {
      const std::size_t m = best_side_by_side<Better>(x + i, n - i, window, out + i);
      i += m, n_run += m;
      if (m != 0) restart(x + i);
      next_try = i + Stretches::kPause;
      continue;
    }
    const std::size_t most = i < next_try ? next_try - i : window - n_run;
    const double* const stop = x + i + std::min(n - i, most);
    const double* const bad = std::find_if_not(x + i, stop, [](double v) { return fits_fixed(v); });
    const auto end = static_cast<std::size_t>(bad - x);
    const std::size_t first = i;
    n_run += end - first;
    const bool by_blocks = window <= kMostOnStack && end - first >= std::size_t{4} * window;
    const std::size_t n_steps = by_blocks ? window - 1 : end - first;  // these look further back
    for (; i < first + n_steps; ++i) state.update(x[i]), out[i] = reading.of(state);
    if (by_blocks) {
      double suffix[kMostOnStack];
      slide_best<Better>(x + first, end - first, window, suffix, out + first);
      restart(x + end), i = end;
    }
    if (bad != stop) state.update(x[i]), out[i] = reading.of(state), ++i, n_run = 0;
  }
}

}  // namespace

void fold_mean(Node& node, const Reader& reader, const double* const* x, const std::int64_t*, std::size_t n,
               double* out) noexcept {
  fold_moments<MeanOf>(node, reader, *x, n, out);
}
void fold_deviation(Node& node, const Reader& reader, const double* const* x, const std::int64_t*, std::size_t n,
                    double* out) noexcept {
  fold_moments<DeviationOf>(node, reader, *x, n, out);
}
void fold_variance(Node& node, const Reader& reader, const double* const* x, const std::int64_t*, std::size_t n,
                   double* out) noexcept {
  fold_moments<VarianceOf>(node, reader, *x, n, out);
}
void fold_zscore(Node& node, const Reader& reader, const double* const* x, const std::int64_t*, std::size_t n,
                 double* out) noexcept {
  fold_moments<ScoreOf>(node, reader, *x, n, out);
}
void fold_min(Node& node, const Reader& reader, const double* const* x, const std::int64_t*, std::size_t n,
              double* out) noexcept {
  fold_best<MinReading, std::less<>>(node, reader, *x, n, out);
}
void fold_max(Node& node, const Reader& reader, const double* const* x, const std::int64_t*, std::size_t n,
              double* out) noexcept {
  fold_best<MaxReading, std::greater<>>(node, reader, *x, n, out);
}

}  // namespace hft::feature
