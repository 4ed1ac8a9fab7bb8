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
    std::size_t deep_levels;  // of the top where a tree is deeper than max_levels
    bool heaps;
  };
  static constexpr std::size_t kMaxWidth = 64;
  static constexpr std::size_t kMaxLevels = 8;
  static constexpr std::size_t kMaxRounds = 4;         // margins whose trees may take turns
  static constexpr std::uint16_t kLeaf = 1U << 15U;    // of an exit: a leaf of its tree, else a deep node of it

  struct Group {
    std::uint32_t levels;
    std::uint32_t n_trees;
    std::size_t nodes;  // where those of the group begin
    std::size_t exits;  // where its exits (deep) or leaves begin: 2^levels of each lane
    std::size_t first;  // tree, in the order of sums
  };
  struct DeepNode {
    std::array<std::uint16_t, 2> exits;  // left, right
    std::uint8_t slot;
    std::uint8_t rank;
  };

  struct Parts {
    std::uint32_t deep_nodes;
    std::uint32_t leaves;
  };

  /// Null where a tree has more nodes than an exit can name, or the forest more than fit.
  static std::shared_ptr<const RankedForest> of(const Forest& forest, const RankPlan& plan, const Layout& layout);

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
  std::vector<std::uint16_t> exits = {};
  std::vector<DeepNode> deep_nodes = {};
  std::vector<Parts> parts = {};  // where those of each tree begin, in the order of sums; empty unless deep
};

}  // namespace hft::model
