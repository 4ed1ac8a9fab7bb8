#include "ranked_forest.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace hft::model {
namespace {

using Nodes = std::span<const Forest::Node>;

std::vector<std::uint32_t> depths_of(const Forest& forest) {
  std::vector<std::uint32_t> depths;
  std::vector<std::uint32_t> level;
  for (std::size_t t = 0; t < forest.n_trees(); ++t) {
    const Nodes nodes = forest.tree(t);
    level.assign(nodes.size(), 0);
    std::uint32_t deepest = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {  // parents come first
      deepest = std::max(deepest, level[i]);
      if (!nodes[i].leaf()) level[nodes[i].left] = level[nodes[i].right] = level[i] + 1;
    }
    depths.push_back(deepest);
  }
  return depths;
}

/// Trees by their turn in their margin, so that sums of several margins run side by side.
struct Order {
  std::vector<std::uint32_t> trees;
  std::size_t rounds = 0;
};

Order order_of(const Forest& forest) {
  std::vector<std::uint32_t> turns(forest.n_margins, 0);
  std::vector<std::uint32_t> turn_of;
  for (const std::uint32_t margin : forest.margins) turn_of.push_back(turns[margin]++);
  Order order;
  order.trees.resize(forest.n_trees());
  std::iota(order.trees.begin(), order.trees.end(), 0U);
  std::ranges::stable_sort(order.trees, {}, [&](std::uint32_t t) { return std::pair{turn_of[t], forest.margins[t]}; });
  const bool even = std::ranges::all_of(turns, [&](std::uint32_t n) { return n == turns.front(); });
  if (even && forest.n_margins <= RankedForest::kMaxRounds) order.rounds = forest.n_margins;
  return order;
}

/// Writes one group after the other.
class Builder {
 public:
  Builder(const Forest& forest, const RankPlan& plan, const RankedForest::Layout& layout, RankedForest& ranked)
      : forest_{forest}, plan_{plan}, layout_{layout}, ranked_{ranked} {}

  void add_group(std::span<const std::uint32_t> trees, std::size_t first, std::uint32_t levels) {
    RankedForest::Group group{levels, static_cast<std::uint32_t>(trees.size()), ranked_.nodes.size(), 0, first};
    group.exits = ranked_.deep ? ranked_.exits.size() : ranked_.leaves.size();
    const std::size_t n_paths = std::size_t{1} << levels;
    const std::size_t n_bytes = 2 * layout_.width * (layout_.heaps ? n_paths : n_paths - 1);
    ranked_.nodes.resize(ranked_.nodes.size() + n_bytes);
    if (ranked_.deep) {
      ranked_.exits.resize(ranked_.exits.size() + trees.size() * n_paths);
    } else {
      ranked_.leaves.resize(ranked_.leaves.size() + trees.size() * n_paths);
    }
    group_ = group;
    for (lane_ = 0; lane_ < trees.size(); ++lane_) {
      tree_ = forest_.tree(trees[lane_]);
      part_.deep_nodes = static_cast<std::uint32_t>(ranked_.deep_nodes.size());
      part_.leaves = static_cast<std::uint32_t>(ranked_.leaves.size());
      if (ranked_.deep) ranked_.parts.push_back(part_);
      fill(0, 0, 0);
      ranked_.margins.push_back(forest_.margins[trees[lane_]]);
    }
    ranked_.groups.push_back(group);
  }

 private:
  [[nodiscard]] RankPlan::Test test_of(const Forest::Node& split) const noexcept {
    return plan_.test_of(static_cast<std::size_t>(&split - forest_.nodes.data()));
  }

  void put(std::uint32_t level, std::uint32_t path, RankPlan::Test test) {
    const std::size_t p = (std::size_t{1} << level) - 1 + path;
    std::uint8_t* group = ranked_.nodes.data() + group_.nodes;
    if (layout_.heaps) {
      std::uint8_t* node = group + 2 * ((lane_ << group_.levels) + p + 1);
      node[0] = test.slot, node[1] = test.rank;
    } else {
      std::uint8_t* node = group + 2 * p * layout_.width + lane_;
      node[0] = test.slot, node[layout_.width] = test.rank;
    }
  }

  void fill(std::uint32_t node, std::uint32_t level, std::uint32_t path) {
    const Forest::Node& split = tree_[node];
    if (level == group_.levels) {
      const std::size_t at = group_.exits + (lane_ << group_.levels) + path;
      if (ranked_.deep) {
        ranked_.exits[at] = exit_of(node);
      } else {
        ranked_.leaves[at] = split.value;
      }
      return;
    }
    put(level, path, split.leaf() ? RankPlan::Test{} : test_of(split));
    const std::uint32_t left = layout_.heaps ? 2 * path : path;
    fill(split.leaf() ? node : split.left, level + 1, left);
    fill(split.leaf() ? node : split.right, level + 1, layout_.heaps ? left + 1 : left | 1U << level);
  }

  /// A leaf, or a deep node with all below it; node by node, because trees may be deeper than the stack.
  std::uint16_t exit_of(std::uint32_t root) {
    struct Todo {
      std::uint32_t node;
      std::size_t parent;  // a deep node, or none
      std::size_t side;
    };
    constexpr auto kNone = static_cast<std::size_t>(-1);
    std::uint16_t first = 0;
    std::vector<Todo> todo{{root, kNone, 0}};
    while (!todo.empty()) {
      const Todo next = todo.back();
      todo.pop_back();
      const Forest::Node& node = tree_[next.node];
      std::size_t exit = 0;
      if (node.leaf()) {
        exit = RankedForest::kLeaf + ranked_.leaves.size() - part_.leaves;
        ranked_.leaves.push_back(node.value);
      } else {
        const std::size_t at = ranked_.deep_nodes.size();
        exit = at - part_.deep_nodes;
        const RankPlan::Test test = test_of(node);
        ranked_.deep_nodes.push_back({{0, 0}, test.slot, test.rank});
        todo.push_back({node.right, at, 1});
        todo.push_back({node.left, at, 0});
      }
      (next.parent == kNone ? first : ranked_.deep_nodes[next.parent].exits[next.side]) =
          static_cast<std::uint16_t>(exit);
    }
    return first;
  }

  const Forest& forest_;
  const RankPlan& plan_;
  RankedForest::Layout layout_;
  RankedForest& ranked_;
  RankedForest::Group group_{};
  Nodes tree_;
  RankedForest::Parts part_{};
  std::size_t lane_ = 0;
};

}  // namespace

std::shared_ptr<const RankedForest> RankedForest::of(const Forest& forest, const RankPlan& plan,
                                                     const Layout& layout) {
  constexpr std::size_t kMostNodes = 1U << 23U;   // of the forest
  constexpr std::size_t kMostPlaces = 1U << 24U;  // of complete tops: they copy leaves that end early
  constexpr std::size_t kMostOfTree = kLeaf - (std::size_t{1} << kMaxLevels);
  if (forest.nodes.size() > kMostNodes) return nullptr;
  for (std::size_t t = 0; t < forest.n_trees(); ++t) {
    if (forest.tree(t).size() > kMostOfTree) return nullptr;
  }
  auto ranked = std::make_shared<RankedForest>(RankedForest{.table = plan.table(),
                                                            .sums = MarginSums{forest},
                                                            .n_features = forest.n_features,
                                                            .n_margins = forest.n_margins,
                                                            .base = forest.base});
  const std::vector<std::uint32_t> depths = depths_of(forest);
  const Order order = order_of(forest);
  ranked->rounds = order.rounds;
  ranked->deep = std::ranges::any_of(depths, [&](std::uint32_t depth) { return depth > layout.max_levels; });
  // A group is whole rounds, so that every one begins with margin 0.
  const std::size_t step = layout.width - (order.rounds > 1 ? layout.width % order.rounds : 0);
  const auto top = static_cast<std::uint32_t>(ranked->deep ? layout.deep_levels : layout.max_levels);
  Builder builder{forest, plan, layout, *ranked};
  std::size_t n_places = 0;
  for (std::size_t first = 0; first < order.trees.size(); first += step) {
    const auto trees = std::span{order.trees}.subspan(first, std::min(step, order.trees.size() - first));
    std::uint32_t levels = 0;
    for (const std::uint32_t t : trees) levels = std::max(levels, depths[t]);
    levels = std::min(levels, top);
    n_places += layout.width << levels;
    if (n_places > kMostPlaces) return nullptr;
    builder.add_group(trees, first, levels);
  }
  return ranked;
}

}  // namespace hft::model
