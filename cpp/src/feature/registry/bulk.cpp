#include "bulk.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "hft/feature/node.hpp"
#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_min.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/zscore.hpp"

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

void write_deviation(const Piece& p, double* out) noexcept {
  const double pairs = static_cast<double>(p.n) * (p.n - 1.0);
  const double square = p.scale.square();
  for (std::size_t i = 0; i < p.m; ++i) out[i] = std::sqrt(p.slid.scatter[i] * square / pairs);
}

struct DeviationOf {
  using Reading = StdReading;
  static constexpr bool kScatter = true;
  static void write(const StdReading&, const Piece& p, double* out) noexcept { write_deviation(p, out); }
};

struct ScoreOf {
  using Reading = ZScoreReading;
  static constexpr bool kScatter = true;
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

template <class Of>
void fold_moments(Node& node, const Reader& reader, const double* x, std::size_t n, double* out) noexcept {
  Moments& state = static_cast<NodeOf<Moments>&>(node).state;
  const auto& reading = static_cast<const ReaderOf<typename Of::Reading>&>(reader).reading();
  Slid slid;
  std::size_t n_run = 0;   // inputs in a row before i that the window took
  std::size_t n_slid = 0;  // of them, those that it does not hold yet
  std::size_t next_look = 0;
  for (std::size_t i = 0; i < n;) {
    if (state.can_slide() && n_run >= state.n_inputs()) {
      const std::size_t most = std::min(n - i, Slid::kMost);
      const std::size_t m = state.slide<Of::kScatter>(x + i, most, slid);
      std::int64_t largest = 0;
      for (std::size_t j = 0; j < m; ++j) largest |= slid.s1[j] ^ (slid.s1[j] >> 63);  // the magnitudes' bits
      const bool is_small = largest < NearScale::kSmallSum;
      Of::write(reading, {state.scale(), slid, x + i, m, state.n_inputs(), is_small}, out + i);
      i += m, n_run += m, n_slid += m;
      const bool anew = !is_small && i >= next_look;
      if (anew) next_look = i + kLooks * (state.n_inputs() + Slid::kMost);
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

template <class Reading, class Better>
void fold_best(Node& node, const Reader& reader, const double* x, std::size_t n, double* out) noexcept {
  Extremum<Better>& state = static_cast<NodeOf<Extremum<Better>>&>(node).state;
  const Reading& reading = static_cast<const ReaderOf<Reading>&>(reader).reading();
  constexpr std::size_t kMostOnStack = 4096;
  const std::size_t window = state.capacity();
  const auto step = [&](std::size_t i) { state.update(x[i]), out[i] = reading.of(state); };
  for (std::size_t i = 0; i < n;) {
    const double* const bad = std::find_if_not(x + i, x + n, [](double v) { return fits_fixed(v); });
    const auto end = static_cast<std::size_t>(bad - x);
    if (window > kMostOnStack || end - i < 4 * window) {
      for (; i < end; ++i) step(i);
    } else {
      const std::size_t first = i;
      for (; i < first + window - 1; ++i) step(i);
      double suffix[kMostOnStack];
      // Its first window - 1 values are those above, which see further back.
      slide_best<Better>(x + first, end - first, window, suffix, out + first);
      state.reset();
      for (i = end - window; i < end; ++i) state.update(x[i]);
    }
    if (i < n) step(i++);
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
