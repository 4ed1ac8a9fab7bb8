#define HFT_KERNEL_ISA
#include "find_ranks.hpp"
#include "kernel_path.hpp"

namespace hft::model {
namespace {

constexpr std::size_t kLanes = 16;

struct BinarySearch {
  template <bool MissingRight, std::size_t Steps>
  static unsigned rank(double x, const double* t) noexcept {
    t += RankTable::pivots_of(Steps);
    std::size_t n = 0;
    for (std::size_t step = Steps; step-- > 0;) {
      const double middle = t[n + (std::size_t{1} << step) - 1];
      const bool below = MissingRight ? !(x <= middle) : middle < x;
      n += static_cast<std::size_t>(below) << step;
    }
    return static_cast<unsigned>(n);
  }
};

/// Each tree has a heap of its own: node i has its children at 2 i and 2 i + 1.
template <std::size_t Levels>
void walk(const std::uint8_t* nodes, const std::uint8_t* ranks, std::uint8_t* paths) noexcept {
  for (std::size_t lane = 0; lane < kLanes; ++lane, nodes += std::size_t{2} << Levels) {
    std::size_t i = 1;
    for (std::size_t level = 0; level < Levels; ++level) {
      i = i + i + static_cast<std::size_t>(nodes[2 * i + 1] < ranks[nodes[2 * i]]);
    }
    paths[lane] = static_cast<std::uint8_t>(i - (std::size_t{1} << Levels));
  }
}

template <std::size_t... Levels>
constexpr KernelPath path_of(std::index_sequence<Levels...>) {
  return {{kLanes, sizeof...(Levels) - 1, true}, RankTable::kMaxSlots, &find_ranks<BinarySearch>, {&walk<Levels>...}};
}

}  // namespace

std::span<const KernelPath> scalar_paths() noexcept {
  static constexpr std::array<KernelPath, 1> kPaths{
      path_of(std::make_index_sequence<RankedForest::kMaxLevels + 1>{})};
  return kPaths;
}

}  // namespace hft::model
