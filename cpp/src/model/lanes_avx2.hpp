#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define HFT_KERNEL_ISA gnu::target("avx2,popcnt,bmi,bmi2")
#define HFT_LANES [[HFT_KERNEL_ISA, gnu::always_inline]] static inline

namespace hft::model {

/// 32 bytes of AVX2. A shuffle looks up among 16 ranks, so `Tables` of them hold 16 times as many slots.
template <std::size_t Tables>
struct Avx2Lanes {
  static constexpr std::size_t kWidth = 32;
  using Reg = __m256i;
  using Mask = __m256i;
  struct Table {
    Reg ranks[Tables];
  };

  HFT_LANES Reg zero() noexcept { return _mm256_setzero_si256(); }
  HFT_LANES Table table(const std::uint8_t* ranks) noexcept {
    Table table;
    for (std::size_t i = 0; i < Tables; ++i) {
      table.ranks[i] =
          _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(ranks + 16 * i)));
    }
    return table;
  }
  HFT_LANES Reg load(const std::uint8_t* at) noexcept {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(at));
  }
  HFT_LANES void store(std::uint8_t* at, Reg reg) noexcept {
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), reg);
  }
  HFT_LANES Reg lookup(const Table& table, Reg slot) noexcept {
    const Reg low = Tables > 8 ? _mm256_and_si256(slot, _mm256_set1_epi8(15)) : slot;  // a set bit 7 would give 0
    return among<0, Tables>(table, slot, low);
  }
  HFT_LANES Mask above(Reg a, Reg b) noexcept {  // unsigned: a - b, but not below 0
    return _mm256_cmpgt_epi8(_mm256_xor_si256(a, _mm256_set1_epi8(-128)), _mm256_xor_si256(b, _mm256_set1_epi8(-128)));
  }
  HFT_LANES Reg select(Mask mask, Reg left, Reg right) noexcept { return _mm256_blendv_epi8(left, right, mask); }
  template <std::size_t Bit>
  HFT_LANES Reg with_bit(Reg path, Mask mask) noexcept {
    return _mm256_or_si256(path, _mm256_and_si256(mask, _mm256_set1_epi8(static_cast<char>(1U << Bit))));
  }

 private:
  /// Of N tables from First on, by the bits of the slot above the lowest four.
  template <std::size_t First, std::size_t N>
  HFT_LANES Reg among(const Table& table, Reg slot, Reg low) noexcept {
    if constexpr (N == 1) {
      return _mm256_shuffle_epi8(table.ranks[First], low);
    } else {
      constexpr int kToSign = N == 2 ? 3 : N == 4 ? 2 : N == 8 ? 1 : 0;
      const Reg left = among<First, N / 2>(table, slot, low);
      const Reg right = among<First + N / 2, N / 2>(table, slot, low);
      return _mm256_blendv_epi8(left, right, _mm256_slli_epi16(slot, kToSign));
    }
  }
};

struct Avx2Count {
  template <bool MissingRight, std::size_t N>
  HFT_LANES unsigned below(double x, const double* t) noexcept {
    const __m256d all = _mm256_set1_pd(x);
    if constexpr (N == 4) {
      return count(_mm256_movemask_pd(compare<MissingRight>(all, t)));
    } else if constexpr (N == 8) {
      return count(_mm256_movemask_ps(pair<MissingRight>(all, t)));
    } else {
      const __m256i low = _mm256_castps_si256(pair<MissingRight>(all, t));
      const __m256i high = _mm256_castps_si256(pair<MissingRight>(all, t + 8));
      return count(_mm256_movemask_epi8(_mm256_packs_epi32(low, high))) / 2;
    }
  }

 private:
  template <bool MissingRight>
  HFT_LANES __m256d compare(__m256d x, const double* t) noexcept {
    return _mm256_cmp_pd(x, _mm256_loadu_pd(t), MissingRight ? _CMP_NLE_UQ : _CMP_GT_OQ);
  }
  /// Of eight compares, 32 bits each; in no order.
  template <bool MissingRight>
  HFT_LANES __m256 pair(__m256d x, const double* t) noexcept {
    return _mm256_shuffle_ps(_mm256_castpd_ps(compare<MissingRight>(x, t)),
                             _mm256_castpd_ps(compare<MissingRight>(x, t + 4)), 0x88);
  }
  HFT_LANES unsigned count(int mask) noexcept {
    return static_cast<unsigned>(_mm_popcnt_u32(static_cast<unsigned>(mask)));
  }
};

}  // namespace hft::model
