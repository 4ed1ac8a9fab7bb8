#include "stretches.hpp"

#include <algorithm>

#include "hft/feature/near_scale.hpp"
#include "lanes.hpp"

#ifdef HFT_LANES
namespace hft::feature {
namespace {

using lanes::kLanes, lanes::load, lanes::load_one, lanes::store;
constexpr int kDigit = 52;  // bits that one integer product takes of each factor

/// a / n, rounded once, for an integer n below 2^26 and its reciprocal, rounded: the remainder of the first guess is
/// exact, and a quotient by such an n is nowhere so near the middle of two doubles that the correction could err, nor
/// on it unless n is a power of two (Markstein 1990).
[[HFT_LANES, gnu::always_inline]] inline __m512d divide(__m512d a, __m512d n, __m512d inverse) noexcept {
  const __m512d guess = _mm512_mul_pd(a, inverse);
  return _mm512_fmadd_pd(_mm512_fnmadd_pd(guess, n, a), inverse, guess);
}

/// Do all inputs lie near the first, on its grid?
[[HFT_LANES]] bool all_near(const Stretches& s, const NearScale& scale) noexcept {
  const __m512d base = _mm512_set1_pd(scale.base());
  const __m512d reach = _mm512_set1_pd(scale.reach());
  const double* x = s.x - s.window;
  const double* const end = s.x + kLanes * s.length;
  bool near = true;
  for (; x + kLanes <= end; x += kLanes) {
    const __m512d distance = _mm512_abs_pd(_mm512_sub_pd(_mm512_loadu_pd(x), base));
    near &= _mm512_cmp_pd_mask(distance, reach, _CMP_LE_OQ) == 0xFF;
  }
  for (; x != end; ++x) near &= scale.reaches(*x);
  return near;
}

/// S1 and S2 of eight windows, of distances from a base below all inputs: S1 below 2^62, S2 in digits of 52 bits.
struct Sums {
  __m512i s1, low, high;
};

struct Grid {
  __m512d base, per_unit;
  [[HFT_LANES, gnu::always_inline]] __m512i distance(__m512d x) const noexcept {  // in 0..2^50
    return _mm512_cvttpd_epi64(_mm512_mul_pd(_mm512_sub_pd(x, base), per_unit));
  }
};

[[HFT_LANES, gnu::always_inline]] inline void enter(Sums& sums, __m512i d) noexcept {
  sums.s1 = _mm512_add_epi64(sums.s1, d);
  sums.low = _mm512_madd52lo_epu64(sums.low, d, d);
  sums.high = _mm512_madd52hi_epu64(sums.high, d, d);
}
[[HFT_LANES, gnu::always_inline]] inline void leave(Sums& sums, __m512i d) noexcept {
  const __m512i zero = _mm512_setzero_si512();
  sums.s1 = _mm512_sub_epi64(sums.s1, d);
  sums.low = _mm512_sub_epi64(sums.low, _mm512_madd52lo_epu64(zero, d, d));
  sums.high = _mm512_sub_epi64(sums.high, _mm512_madd52hi_epu64(zero, d, d));
}

/// Three digits below 2^124, rounded once, where not all have 0 for their upper one: of those that have, two halves; of
/// the others one integer has the upper bits, 55 at least, and a last one that says whether there were others.
[[HFT_LANES, gnu::noinline]] __m512d round_large(__m512i upper, __m512i middle, __m512i low) noexcept {
  constexpr std::int64_t kBits50 = (std::int64_t{1} << 50) - 1;
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i high = _mm512_or_epi64(_mm512_slli_epi64(upper, kDigit), middle);
  const __m512i w = _mm512_or_epi64(_mm512_slli_epi64(high, 2), _mm512_srli_epi64(low, 50));
  const __mmask8 w_inexact = _mm512_test_epi64_mask(low, _mm512_set1_epi64(kBits50));
  const __m512d large = _mm512_cvtepu64_pd(_mm512_mask_or_epi64(w, w_inexact, w, one));
  const __m512i v = _mm512_or_epi64(_mm512_slli_epi64(upper, 44), _mm512_srli_epi64(middle, 8));
  const __m512i rest = _mm512_or_epi64(_mm512_and_epi64(middle, _mm512_set1_epi64(0xFF)), low);
  const __m512d larger = _mm512_cvtepu64_pd(_mm512_mask_or_epi64(v, _mm512_test_epi64_mask(rest, rest), v, one));
  const __mmask8 is_larger = _mm512_cmpge_epu64_mask(upper, _mm512_set1_epi64(1 << 10));
  const __m512d halves =
      _mm512_add_pd(_mm512_mul_pd(_mm512_cvtepi64_pd(middle), _mm512_set1_pd(0x1p52)), _mm512_cvtepi64_pd(low));
  const __m512d some = _mm512_mask_mul_pd(halves, _mm512_test_epi64_mask(upper, upper), large, _mm512_set1_pd(0x1p50));
  return _mm512_mask_mul_pd(some, is_larger, larger, _mm512_set1_pd(0x1p60));
}

/// n S2 - S1^2, rounded once.
[[HFT_LANES, gnu::always_inline]] inline __m512d scatter(const Sums& sums, __m512i n) noexcept {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i mask = _mm512_set1_epi64((std::int64_t{1} << kDigit) - 1);
  const __m512i s2_high = _mm512_add_epi64(sums.high, _mm512_srli_epi64(sums.low, kDigit));
  const __m512i s1_high = _mm512_srli_epi64(sums.s1, kDigit);
  const __m512i twice = _mm512_add_epi64(s1_high, s1_high);
  // In three digits; a product takes the lower 52 bits of each factor.
  const __m512i p0 = _mm512_madd52lo_epu64(zero, n, sums.low);
  const __m512i p1 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, n, sums.low), n, s2_high);
  const __m512i p2 =
      _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, n, s2_high), n, _mm512_srli_epi64(s2_high, kDigit));
  const __m512i q0 = _mm512_madd52lo_epu64(zero, sums.s1, sums.s1);
  const __m512i q1 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, sums.s1, sums.s1), twice, sums.s1);
  const __m512i q2 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, twice, sums.s1), s1_high, s1_high);
  const __m512i d0 = _mm512_sub_epi64(p0, q0);
  const __m512i d1 = _mm512_add_epi64(_mm512_sub_epi64(p1, q1), _mm512_srai_epi64(d0, kDigit));
  const __m512i upper = _mm512_add_epi64(_mm512_sub_epi64(p2, q2), _mm512_srai_epi64(d1, kDigit));
  const __m512i middle = _mm512_and_epi64(d1, mask);
  const __m512i low = _mm512_and_epi64(d0, mask);
  if (_mm512_test_epi64_mask(upper, upper) != 0) [[unlikely]]
    return round_large(upper, middle, low);
  // Two exact halves: their sum is the one rounding.
  return _mm512_add_pd(_mm512_mul_pd(_mm512_cvtepi64_pd(middle), _mm512_set1_pd(0x1p52)), _mm512_cvtepi64_pd(low));
}

enum class Value { kVariance, kDeviation, kScore };

template <Value kValue>
[[HFT_LANES]] void spreads(const Stretches& s, const NearScale& scale, double flat_value) noexcept {
  const double n_inputs = s.window;
  const __m512i count = _mm512_set1_epi64(s.window);
  const __m512d n = _mm512_set1_pd(n_inputs), n_inverse = _mm512_set1_pd(1.0 / n_inputs);
  const double n_pairs = n_inputs * (n_inputs - 1.0);
  const __m512d pairs = _mm512_set1_pd(n_pairs), pairs_inverse = _mm512_set1_pd(1.0 / n_pairs);
  const __m512d square = _mm512_set1_pd(scale.square()), unit = _mm512_set1_pd(scale.unit());
  const __m512d flat = _mm512_set1_pd(flat_value);
  const Grid grid{_mm512_set1_pd(scale.base() - scale.reach()), _mm512_set1_pd(1.0 / scale.unit())};
  Sums sums{_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (const double* x = s.x - s.window; x != s.x; ++x) enter(sums, grid.distance(load_one(x, s.length)));
  for (std::size_t at = 0; at < s.length; at += kLanes) {
    __m512d now[kLanes], old[kLanes];
    load(s.x + at, s.length, now);
    load(s.x + at - s.window, s.length, old);
    for (std::size_t t = 0; t < kLanes; ++t) {
      const __m512i d = grid.distance(now[t]);
      enter(sums, d);
      leave(sums, grid.distance(old[t]));
      const __m512d variance = divide(_mm512_mul_pd(scatter(sums, count), square), pairs, pairs_inverse);
      if constexpr (kValue == Value::kVariance) {
        now[t] = variance;
      } else if constexpr (kValue == Value::kDeviation) {
        now[t] = _mm512_sqrt_pd(variance);
      } else {
        const __m512i above_n = _mm512_sub_epi64(_mm512_mullo_epi64(d, count), sums.s1);
        const __m512d above = divide(_mm512_mul_pd(_mm512_cvtepi64_pd(above_n), unit), n, n_inverse);
        const __mmask8 is_flat = _mm512_cmp_pd_mask(variance, _mm512_setzero_pd(), _CMP_EQ_OQ);
        now[t] = _mm512_mask_mov_pd(_mm512_div_pd(above, _mm512_sqrt_pd(variance)), is_flat, flat);
      }
    }
    store(now, s.out + at, s.length);
  }
}

/// Distances here are doubles, exact in multiples of the unit. Each lane moves its base along: a small sum's quotient
/// may be rounded before the base is added (NearScale::mean_of_small), so sums must stay small.
[[HFT_LANES]] bool small_means(const Stretches& s, const NearScale& scale) noexcept {
  constexpr std::size_t kStay = 64;
  const double n_inputs = s.window;
  const __m512d n = _mm512_set1_pd(n_inputs), inverse = _mm512_set1_pd(1.0 / n_inputs);
  __m512d base = load_one(s.x, s.length);
  __m512d sum = _mm512_setzero_pd();
  __m512d largest = _mm512_setzero_pd();
  for (const double* x = s.x - s.window; x != s.x; ++x) {
    sum = _mm512_add_pd(sum, _mm512_sub_pd(load_one(x, s.length), base));
    largest = _mm512_max_pd(largest, _mm512_abs_pd(sum));
  }
  for (std::size_t at = 0; at < s.length; at += kLanes) {
    __m512d now[kLanes], old[kLanes];
    load(s.x + at, s.length, now);
    load(s.x + at - s.window, s.length, old);
    if (at % kStay == 0) {
      sum = _mm512_fmadd_pd(n, _mm512_sub_pd(base, now[0]), sum);
      base = now[0];
    }
    for (std::size_t t = 0; t < kLanes; ++t) {
      sum = _mm512_add_pd(sum, _mm512_sub_pd(now[t], old[t]));
      largest = _mm512_max_pd(largest, _mm512_abs_pd(sum));
      now[t] = _mm512_add_pd(base, divide(sum, n, inverse));
    }
    store(now, s.out + at, s.length);
  }
  return _mm512_reduce_max_pd(largest) <= static_cast<double>(NearScale::kSmallSum) * scale.unit();
}

/// NearScale::mean for any sum; the base is positive.
[[HFT_LANES]] void means_of_integers(const Stretches& s, const NearScale& scale) noexcept {
  const double n_inputs = s.window;
  const __m512i n = _mm512_set1_epi64(s.window), one = _mm512_set1_epi64(1);
  const __m512d inverse = _mm512_set1_pd(1.0 / n_inputs), quarter = _mm512_set1_pd(0.25 * scale.unit());
  const double lowest = scale.base() - scale.reach();
  const Grid grid{_mm512_set1_pd(lowest), _mm512_set1_pd(1.0 / scale.unit())};
  const __m512i base = _mm512_set1_epi64(static_cast<std::int64_t>(lowest / scale.unit()));
  __m512i s1 = _mm512_setzero_si512();
  for (const double* x = s.x - s.window; x != s.x; ++x) {
    s1 = _mm512_add_epi64(s1, grid.distance(load_one(x, s.length)));
  }
  for (std::size_t at = 0; at < s.length; at += kLanes) {
    __m512d now[kLanes], old[kLanes];
    load(s.x + at, s.length, now);
    load(s.x + at - s.window, s.length, old);
    for (std::size_t t = 0; t < kLanes; ++t) {
      s1 = _mm512_add_epi64(s1, _mm512_sub_epi64(grid.distance(now[t]), grid.distance(old[t])));
      __m512i quotient = _mm512_cvttpd_epi64(_mm512_mul_pd(_mm512_cvtepi64_pd(s1), inverse));  // off by one at most
      __m512i rest = _mm512_sub_epi64(s1, _mm512_mullo_epi64(quotient, n));
      const __mmask8 below_0 = _mm512_movepi64_mask(rest);
      quotient = _mm512_mask_sub_epi64(quotient, below_0, quotient, one);
      rest = _mm512_mask_add_epi64(rest, below_0, rest, n);
      const __mmask8 beyond = _mm512_cmpge_epi64_mask(rest, n);
      quotient = _mm512_mask_add_epi64(quotient, beyond, quotient, one);
      rest = _mm512_mask_sub_epi64(rest, beyond, rest, n);
      const __m512i twice = _mm512_add_epi64(rest, rest);
      const __mmask8 half = _mm512_cmpge_epi64_mask(twice, n);
      const __mmask8 more = _mm512_cmpneq_epi64_mask(twice, _mm512_maskz_mov_epi64(half, n));
      __m512i mean = _mm512_slli_epi64(_mm512_add_epi64(base, quotient), 2);
      mean = _mm512_mask_add_epi64(mean, half, mean, _mm512_set1_epi64(2));
      mean = _mm512_mask_add_epi64(mean, more, mean, one);
      now[t] = _mm512_mul_pd(_mm512_cvtepi64_pd(mean), quarter);
    }
    store(now, s.out + at, s.length);
  }
}

template <Value kValue>
bool spreads_of(const Stretches& s, double flat) noexcept {
  if (!NearScale::can_start(*s.x)) return false;
  const NearScale scale{*s.x};
  if (!all_near(s, scale)) return false;
  spreads<kValue>(s, scale, flat);
  return true;
}

}  // namespace

bool Stretches::can_run() noexcept {
  static const bool can = lanes::can_run();
  return can;
}

bool Stretches::means() const noexcept {
  constexpr std::uint32_t kOftenSmall = 128;
  if (!NearScale::can_start(*x)) return false;
  const NearScale scale{*x};
  if (!all_near(*this, scale)) return false;
  if (window <= kOftenSmall && small_means(*this, scale)) return true;
  if (*x < 0.0) return false;
  means_of_integers(*this, scale);
  return true;
}

bool Stretches::variances() const noexcept { return spreads_of<Value::kVariance>(*this, 0.0); }
bool Stretches::deviations() const noexcept { return spreads_of<Value::kDeviation>(*this, 0.0); }
bool Stretches::scores(double flat) const noexcept { return spreads_of<Value::kScore>(*this, flat); }

#else
namespace hft::feature {

bool Stretches::can_run() noexcept { return false; }
bool Stretches::means() const noexcept { return false; }
bool Stretches::variances() const noexcept { return false; }
bool Stretches::deviations() const noexcept { return false; }
bool Stretches::scores(double) const noexcept { return false; }
#endif

std::size_t Stretches::length_of(std::size_t n, std::uint32_t window) noexcept {
  constexpr std::size_t kLongest = 1024;
  const std::size_t most = std::min(n / kLanes, std::max<std::size_t>(kLongest, 4 * std::size_t{window}));
  // An odd number of cache lines: eight places that lie powers of two apart would fight for the same lines.
  const std::size_t length = ((most / kLanes - 1) | 1U) * kLanes;
  const bool pays = window <= NearScale::kMaxInputs && most >= std::max<std::size_t>(64, window);
  return pays ? std::min(length, most / kLanes * kLanes) : 0;
}

}  // namespace hft::feature
