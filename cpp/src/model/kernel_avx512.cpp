#include "kernel_path.hpp"

#if defined(__x86_64__)
#define HFT_KERNEL_ISA gnu::target("avx512f,avx512bw,avx512vl,avx512dq,popcnt,bmi,bmi2")
#include "lane_walk.hpp"
#include "lanes_avx512.hpp"
#endif

namespace hft::model {
#if defined(__x86_64__)
namespace {

/// A shuffle looks up among 16 ranks, so `Tables` of them hold 16 times as many slots.
template <std::size_t Tables>
struct ShuffleLookup {
  struct Table {
    __m512i ranks[Tables];
  };
  HFT_LANES Table table(const std::uint8_t* ranks) noexcept {
    Table table;
    for (std::size_t i = 0; i < Tables; ++i) {
      table.ranks[i] = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(ranks + 16 * i)));
    }
    return table;
  }
  HFT_LANES __m512i lookup(const Table& table, __m512i slot) noexcept {
    const __m512i low = Tables > 8 ? _mm512_and_si512(slot, _mm512_set1_epi8(15)) : slot;  // a set bit 7 would give 0
    return among<0, Tables>(table, slot, low);
  }

 private:
  /// Of N tables from First on, by the bits of the slot above the lowest four.
  template <std::size_t First, std::size_t N>
  HFT_LANES __m512i among(const Table& table, __m512i slot, __m512i low) noexcept {
    if constexpr (N == 1) {
      return _mm512_shuffle_epi8(table.ranks[First], low);
    } else {
      constexpr char kBit = static_cast<char>(8 * N);
      const __m512i left = among<First, N / 2>(table, slot, low);
      const __m512i right = among<First + N / 2, N / 2>(table, slot, low);
      return _mm512_mask_blend_epi8(_mm512_test_epi8_mask(slot, _mm512_set1_epi8(kBit)), left, right);
    }
  }
};

struct Path;

template <std::size_t Tables>
constexpr KernelPath variant() {
  return lane_path<Avx512Lanes<ShuffleLookup<Tables>>, SearchByCounts<Avx512Count<Path>>, 6>(16 * Tables);
}

}  // namespace
#endif

std::span<const KernelPath> avx512_paths() noexcept {
#if defined(__x86_64__)
  static constexpr std::array<KernelPath, 4> kPaths{variant<2>(), variant<4>(), variant<8>(), variant<16>()};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
    return kPaths;
  }
#endif
  return {};
}

}  // namespace hft::model
