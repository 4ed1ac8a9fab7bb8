#pragma once

#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>

/// Before a function that uses what follows: it runs on CPUs with AVX-512 IFMA alone, whatever the rest is made for.
#define HFT_LANES gnu::target("avx512f,avx512dq,avx512vl,avx512ifma")

/// Stretches of a column side by side: eight rows of a register are eight inputs of each stretch.
namespace hft::feature::lanes {

inline constexpr std::size_t kLanes = 8;

inline bool can_run() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma");
}

/// Row t has element t of each stretch; and back.
[[HFT_LANES, gnu::always_inline]] inline void transpose(__m512d (&r)[kLanes]) noexcept {
  __m512d t[kLanes];
  for (std::size_t i = 0; i < kLanes; i += 2) {
    t[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const __m512d a = _mm512_shuffle_f64x2(t[i], t[i + 2], 0x88);
    const __m512d b = _mm512_shuffle_f64x2(t[i], t[i + 2], 0xdd);
    const __m512d c = _mm512_shuffle_f64x2(t[i + 4], t[i + 6], 0x88);
    const __m512d d = _mm512_shuffle_f64x2(t[i + 4], t[i + 6], 0xdd);
    r[i] = _mm512_shuffle_f64x2(a, c, 0x88);
    r[i + 4] = _mm512_shuffle_f64x2(a, c, 0xdd);
    r[i + 2] = _mm512_shuffle_f64x2(b, d, 0x88);
    r[i + 6] = _mm512_shuffle_f64x2(b, d, 0xdd);
  }
}

[[HFT_LANES, gnu::always_inline]] inline void load(const double* x, std::size_t length,
                                                   __m512d (&rows)[kLanes]) noexcept {
  for (std::size_t k = 0; k < kLanes; ++k) rows[k] = _mm512_loadu_pd(x + k * length);
  transpose(rows);
}

/// One row, where they do not come by eights.
[[HFT_LANES, gnu::always_inline]] inline __m512d load_one(const double* x, std::size_t length) noexcept {
  return _mm512_set_pd(x[7 * length], x[6 * length], x[5 * length], x[4 * length], x[3 * length], x[2 * length],
                       x[length], x[0]);
}

[[HFT_LANES, gnu::always_inline]] inline void store(__m512d (&rows)[kLanes], double* out,
                                                    std::size_t length) noexcept {
  transpose(rows);
  for (std::size_t k = 0; k < kLanes; ++k) _mm512_storeu_pd(out + k * length, rows[k]);
}

}  // namespace hft::feature::lanes
#endif
