#include <cmath>

#include "lanes.hpp"
#include "stretches.hpp"

#ifdef HFT_LANES
namespace hft::feature {
namespace {

using lanes::kLanes, lanes::load, lanes::store;

/// The better of two, of equals the fresh one, as the instructions do it.
struct Smaller {
  [[HFT_LANES, gnu::always_inline]] static __m512d of(__m512d old, __m512d fresh) noexcept {
    return _mm512_min_pd(old, fresh);
  }
};
struct Larger {
  [[HFT_LANES, gnu::always_inline]] static __m512d of(__m512d old, __m512d fresh) noexcept {
    return _mm512_max_pd(old, fresh);
  }
};

[[HFT_LANES]] bool all_fit(const double* x, const double* end) noexcept {
  const __m512d bound = _mm512_set1_pd(0x1p40);
  bool fit = true;
  for (; x + kLanes <= end; x += kLanes) {
    fit &= _mm512_cmp_pd_mask(_mm512_abs_pd(_mm512_loadu_pd(x)), bound, _CMP_LT_OQ) == 0xFF;
  }
  for (; x != end; ++x) fit &= std::abs(*x) < 0x1p40;
  return fit;
}

/// By blocks of a window's rows, as slide_best in bulk.cpp. What the rows of a block are, its suffixes know; so the
/// values take their place.
template <class Better>
[[HFT_LANES]] void slide_best(__m512d* rows, std::size_t n_rows, std::size_t window) noexcept {
  __m512d suffix[Stretches::kLongestBest];
  for (std::size_t block = 0; block + window <= n_rows; block += window) {
    __m512d best = rows[block + window - 1];
    for (std::size_t i = window - 1; i > 0; --i) {
      suffix[i] = best;
      best = Better::of(rows[block + i - 1], best);
    }
    rows[block] = best;
    const std::size_t n_next = n_rows - block - window < window - 1 ? n_rows - block - window : window - 1;
    if (n_next == 0) continue;
    __m512d prefix = rows[block + window];
    for (std::size_t i = 0; i < n_next; ++i) {
      prefix = Better::of(prefix, rows[block + window + i]);
      rows[block + i + 1] = Better::of(suffix[i + 1], prefix);
    }
  }
}

template <class Better>
[[HFT_LANES]] bool best_of(const Stretches& s) noexcept {
  const std::size_t before = s.window - 1;
  if (!all_fit(s.x - before, s.x + kLanes * s.length)) return false;
  // Rows from the first window's first input on, and some that fill up the last eight.
  __m512d rows[Stretches::kLengthOfBest + Stretches::kLongestBest];
  const std::size_t n_rows = s.length + before;
  const std::size_t n_head = n_rows % kLanes;
  __m512d eight[kLanes];
  for (std::size_t t = 0; t < n_head; ++t) rows[t] = lanes::load_one(s.x + t - before, s.length);
  for (std::size_t at = n_head; at < n_rows; at += kLanes) {
    load(s.x + at - before, s.length, eight);
    for (std::size_t t = 0; t < kLanes; ++t) rows[at + t] = eight[t];
  }
  slide_best<Better>(rows, n_rows, s.window);
  for (std::size_t at = 0; at < s.length; at += kLanes) {
    for (std::size_t t = 0; t < kLanes; ++t) eight[t] = rows[at + t];
    store(eight, s.out + at, s.length);
  }
  return true;
}

}  // namespace

bool Stretches::smallest() const noexcept { return best_of<Smaller>(*this); }
bool Stretches::largest() const noexcept { return best_of<Larger>(*this); }

}  // namespace hft::feature
#else
namespace hft::feature {

bool Stretches::smallest() const noexcept { return false; }
bool Stretches::largest() const noexcept { return false; }

}  // namespace hft::feature
#endif
