// HFT_KERNEL_ISA is the attribute of the path that includes this: AVX-512 with or without VBMI.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define HFT_LANES [[HFT_KERNEL_ISA, gnu::always_inline]] static inline

namespace hft::model {

/// 64 bytes of AVX-512; how ranks are looked up is the path's: Lookup has Table, table and lookup.
template <class Lookup>
struct Avx512Lanes : Lookup {
  static constexpr std::size_t kWidth = 64;
  using Reg = __m512i;
  using Mask = __mmask64;

  HFT_LANES Reg zero() noexcept { return _mm512_setzero_si512(); }
  HFT_LANES Reg load(const std::uint8_t* at) noexcept { return _mm512_load_si512(at); }
  HFT_LANES void store(std::uint8_t* at, Reg reg) noexcept { _mm512_store_si512(at, reg); }
  HFT_LANES Mask above(Reg a, Reg b) noexcept { return _mm512_cmpgt_epu8_mask(a, b); }
  HFT_LANES Reg select(Mask mask, Reg left, Reg right) noexcept { return _mm512_mask_blend_epi8(mask, left, right); }
  template <std::size_t Bit>
  HFT_LANES Reg with_bit(Reg path, Mask mask) noexcept {
    return _mm512_mask_add_epi8(path, mask, path, _mm512_set1_epi8(static_cast<char>(1U << Bit)));
  }
};

/// `Path` is a type that only the including file knows: two files' code, for other instructions, must not be merged.
template <class Path>
struct Avx512Count {
  template <bool MissingRight, std::size_t N>
  HFT_LANES unsigned below(double x, const double* t) noexcept {
    constexpr int kRule = MissingRight ? _CMP_NLE_UQ : _CMP_GT_OQ;
    if constexpr (N == 4) {
      return count(_mm256_cmp_pd_mask(_mm256_set1_pd(x), _mm256_loadu_pd(t), kRule));
    } else {
      const __m512d all = _mm512_set1_pd(x);
      const unsigned low = _mm512_cmp_pd_mask(all, _mm512_loadu_pd(t), kRule);
      if constexpr (N == 8) return count(low);
      return count(low | static_cast<unsigned>(_mm512_cmp_pd_mask(all, _mm512_loadu_pd(t + 8), kRule)) << 8U);
    }
  }

 private:
  HFT_LANES unsigned count(unsigned mask) noexcept { return static_cast<unsigned>(_mm_popcnt_u32(mask)); }
};

}  // namespace hft::model
