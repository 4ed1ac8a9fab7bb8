#include "kernel_path.hpp"

#if defined(__x86_64__)
#define HFT_KERNEL_ISA gnu::target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,popcnt,bmi,bmi2")
#include "lane_walk.hpp"
#include "lanes_avx512.hpp"
#endif

namespace hft::model {
#if defined(__x86_64__)
namespace {

/// A permutation looks up among 64 ranks, one of two registers among 128.
template <std::size_t Tables>
struct PermuteLookup {
  struct Table {
    __m512i ranks[Tables];
  };
  HFT_LANES Table table(const std::uint8_t* ranks) noexcept {
    Table table;
    for (std::size_t i = 0; i < Tables; ++i) table.ranks[i] = _mm512_load_si512(ranks + 64 * i);
    return table;
  }
  HFT_LANES __m512i lookup(const Table& table, __m512i slot) noexcept {
    const __m512i* ranks = table.ranks;
    if constexpr (Tables == 1) {
      return _mm512_permutexvar_epi8(slot, ranks[0]);
    } else {
      const __m512i low = _mm512_permutex2var_epi8(ranks[0], slot, ranks[1]);
      if constexpr (Tables == 2) return low;
      const __m512i high = _mm512_permutex2var_epi8(ranks[Tables - 2], slot, ranks[Tables - 1]);
      return _mm512_mask_blend_epi8(_mm512_movepi8_mask(slot), low, high);
    }
  }
};

struct Path;

template <std::size_t Tables>
constexpr KernelPath variant() {
  return lane_path<Avx512Lanes<PermuteLookup<Tables>>, SearchByCounts<Avx512Count<Path>>, 6>(64 * Tables);
}

}  // namespace
#endif

std::span<const KernelPath> vbmi_paths() noexcept {
#if defined(__x86_64__)
  static constexpr std::array<KernelPath, 3> kPaths{variant<1>(), variant<2>(), variant<4>()};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("popcnt")) {
    return kPaths;
  }
#endif
  return {};
}

}  // namespace hft::model
