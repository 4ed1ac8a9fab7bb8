#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "hft/model/forest.hpp"
#include "margin_sums.hpp"
#include "rank_table.hpp"

namespace hft::model {

/// A forest whose splits compare ranks, laid out for one path of the kernel. Trees come in groups, a lane each. The top
/// levels of every tree of a group are made complete, so that no lane is done before another and no branch is needed;
/// what lies below them is walked node by node.
///
/// A node of the top is at (level, path); a child's path is that of its parent and one bit more, 0 left and 1 right:
///   lanes: the bit is the highest. Node p = 2^level - 1 + path is `width` bytes of slots, then `width` of ranks.
///   heaps: the bit is the lowest. Node p + 1 of its tree's own heap is a byte of slot, then one of rank.
struct RankedForest {
  struct Layout {
    std::size_t width;       // lanes of a group, at most kMaxWidth
    std::size_t max_levels;  // of the top, at most kMaxLevels
    bool heaps;
  };
  static constexpr std::size_t kMaxWidth = 64;
  static constexpr std::size_t kMaxLevels = 8;
  static constexpr std::size_t kMaxRounds = 4;         // margins whose trees may take turns
  static constexpr std::uint32_t kLeaf = 1U << 31U;    // of an exit: the index of a leaf, else of a deep node

  struct Group {
    std::uint32_t levels;
    std::uint32_t n_trees;
    std::size_t nodes;  // where those of the group begin
    std::size_t exits;  // where its exits (deep) or leaves begin: 2^levels of each lane
    std::size_t first;  // tree, in the order of sums
  };
  struct DeepNode {
    std::array<std::uint32_t, 2> exits = {};  // left, right
    std::uint8_t slot;
    std::uint8_t rank;
  };

  /// Null where the forest has more slots than `max_slots`, or more nodes than an exit can name.
  static std::shared_ptr<const RankedForest> of(const Forest& forest, const Layout& layout, std::size_t max_slots);

  RankTable table;
  MarginSums sums;
  std::size_t n_features;
  std::size_t n_margins;
  std::vector<double> base;
  /// Where trees of all margins take turns from the first to the last, the number of margins; else 0.
  std::size_t rounds = 0;
  bool deep = false;
  std::vector<Group> groups = {};
  std::vector<std::uint32_t> margins = {};  // of each tree, in the order of sums
  AlignedVector<std::uint8_t> nodes = {};
  std::vector<double> leaves = {};
  std::vector<std::uint32_t> exits = {};
  std::vector<DeepNode> deep_nodes = {};
};

}  // namespace hft::model
