#define HFT_KERNEL_ISA
#include "find_ranks.hpp"
#include "kernel_path.hpp"

namespace hft::model {
namespace {

constexpr std::size_t kLanes = 16;

struct BinarySearch {
  static constexpr std::size_t kSide = 4;

  template <bool MissingRight, std::size_t Steps, std::size_t N>
  static void ranks(const double (&x)[N], const double* const (&thresholds)[N], unsigned (&found)[N]) noexcept {
    const double* t[N];
    std::size_t n[N];
    for (std::size_t i = 0; i < N; ++i) t[i] = thresholds[i] + RankTable::pivots_of(Steps), n[i] = 0;
    for (std::size_t left = Steps; left > 0; --left) {
      const std::size_t step = std::size_t{1} << (left - 1);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < N; ++i) {
        const double middle = t[i][n[i] + step - 1];
        const bool below = MissingRight ? !(x[i] <= middle) : middle < x[i];
        n[i] += below ? step : 0;
      }
    }
    for (std::size_t i = 0; i < N; ++i) found[i] = static_cast<unsigned>(n[i]);
  }
};

/// Each tree has a heap of its own: node i has its children at 2 i and 2 i + 1. kSide trees take a level together.
template <std::size_t Levels>
void walk(const std::uint8_t* nodes, const std::uint8_t* ranks, std::uint8_t* paths) noexcept {
  constexpr std::size_t kSide = 8;
  constexpr std::size_t kHeap = std::size_t{2} << Levels;  // bytes
  for (std::size_t lane = 0; lane < kLanes; lane += kSide, nodes += kSide * kHeap) {
    std::size_t at[kSide];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kSide; ++i) at[i] = 1;
    for (std::size_t level = 0; level < Levels; ++level) {
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kSide; ++i) {
        const std::uint8_t* node = nodes + i * kHeap + 2 * at[i];
        at[i] = at[i] + at[i] + static_cast<std::size_t>(node[1] < ranks[node[0]]);
      }
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kSide; ++i) {
      paths[lane + i] = static_cast<std::uint8_t>(at[i] - (std::size_t{1} << Levels));
    }
  }
}

template <std::size_t... Levels>
constexpr KernelPath path_of(std::index_sequence<Levels...>) {
  constexpr RankedForest::Layout kLayout{kLanes, sizeof...(Levels) - 1, 6, true};
  return {kLayout, RankTable::kMaxSlots, &find_ranks<BinarySearch, 1>, &find_ranks<BinarySearch, KernelPath::kRows>,
          {&walk<Levels>...}};
}

}  // namespace

std::span<const KernelPath> scalar_paths() noexcept {
  static constexpr std::array<KernelPath, 1> kPaths{
      path_of(std::make_index_sequence<RankedForest::kMaxLevels + 1>{})};
  return kPaths;
}

}  // namespace hft::model
