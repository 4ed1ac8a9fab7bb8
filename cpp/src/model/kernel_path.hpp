#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ranked_forest.hpp"
#include "rank_table.hpp"

namespace hft::model {

/// What one set of instructions does of a prediction; the rest (ranked_walk.hpp) is the same for all.
struct KernelPath {
  /// Rows of a batch side by side: they share loads, and their sums wait for each other's turn, not their own.
  static constexpr std::size_t kRows = 8;

  /// Ranks of the numerical slots of one row or of kRows rows, `stride` apart; of each row kMaxSlots.
  using Find = void (*)(const RankTable& table, const double* rows, std::size_t stride, std::uint8_t* ranks) noexcept;
  /// Through the top of a group: a path for each lane, from the group's nodes and the ranks of a row. `ranks` has room
  /// for RankTable::kMaxSlots and `paths` for the layout's width; all begin at a multiple of 64.
  using Walk = void (*)(const std::uint8_t* nodes, const std::uint8_t* ranks, std::uint8_t* paths) noexcept;

  RankedForest::Layout layout;
  std::size_t max_slots;
  Find find_one;
  Find find_rows;
  std::array<Walk, RankedForest::kMaxLevels + 1> walks;  // by the number of levels
};

/// The variants of each path, by the number of slots that they hold; none where this build has no such instructions.
[[nodiscard]] std::span<const KernelPath> scalar_paths() noexcept;
[[nodiscard]] std::span<const KernelPath> avx2_paths() noexcept;
[[nodiscard]] std::span<const KernelPath> avx512_paths() noexcept;
[[nodiscard]] std::span<const KernelPath> vbmi_paths() noexcept;

}  // namespace hft::model
