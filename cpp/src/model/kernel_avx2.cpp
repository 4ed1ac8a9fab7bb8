#include "kernel_path.hpp"

#if defined(__x86_64__)
#include "lanes_avx2.hpp"
// After the attribute that it needs:
#include "lane_walk.hpp"
#endif

namespace hft::model {

std::span<const KernelPath> avx2_paths() noexcept {
#if defined(__x86_64__)
  using Search = SearchByCounts<Avx2Count>;
  static constexpr std::array<KernelPath, 4> kPaths{
      lane_path<Avx2Lanes<2>, Search, 6>(32), lane_path<Avx2Lanes<4>, Search, 6>(64),
      lane_path<Avx2Lanes<8>, Search, 6>(128), lane_path<Avx2Lanes<16>, Search, 6>(256)};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi2")) {
    return kPaths;
  }
#endif
  return {};
}

}  // namespace hft::model
