#include "ranked_walk.hpp"

#include <algorithm>

namespace hft::model {
namespace {

constexpr std::size_t kDeepLanes = 512;  // whose deep nodes are walked together

/// Sums of Rows rows. Turns: margins whose trees take turns, and which have registers; 0: any, in memory.
template <class Real, std::size_t Turns, std::size_t Rows>
class Sums {
 public:
  Sums(const RankedForest& forest, double* margins) noexcept : forest_{forest}, margins_{margins} {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t k = 0; k < width(); ++k) set(r, k, static_cast<Real>(forest_.sums.start(forest_.base[k])));
    }
  }

  /// The leaves of n trees, the first of which is `first` in the order of sums: leaf(row, lane).
  template <class Leaf>
  [[gnu::always_inline]] inline void add(std::size_t first, std::size_t n, Leaf leaf) noexcept {
    if constexpr (Turns > 0) {
      for (std::size_t lane = 0; lane < n; lane += Turns) {
        for (std::size_t k = 0; k < Turns; ++k) {
          for (std::size_t r = 0; r < Rows; ++r) sums_[r][k] += static_cast<Real>(leaf(r, lane + k));
        }
      }
    } else {
      for (std::size_t lane = 0; lane < n; ++lane) {
        const std::size_t k = forest_.margins[first + lane];
        for (std::size_t r = 0; r < Rows; ++r) set(r, k, get(r, k) + static_cast<Real>(leaf(r, lane)));
      }
    }
  }

  void finish() noexcept {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t k = 0; k < width(); ++k) {
        margins_[r * width() + k] = forest_.sums.finish(get(r, k), forest_.base[k]);
      }
    }
  }

 private:
  [[nodiscard]] std::size_t width() const noexcept { return Turns > 0 ? Turns : forest_.n_margins; }
  [[nodiscard]] Real get(std::size_t r, std::size_t k) const noexcept {
    if constexpr (Turns > 0) return sums_[r][k];
    return static_cast<Real>(margins_[r * width() + k]);
  }
  void set(std::size_t r, std::size_t k, Real value) noexcept {
    if constexpr (Turns > 0) {
      sums_[r][k] = value;
    } else {
      margins_[r * width() + k] = static_cast<double>(value);
    }
  }

  const RankedForest& forest_;
  double* margins_;
  Real sums_[Rows][std::max<std::size_t>(Turns, 1)];
};

/// From exits of the top to leaves, of trees from `first` on. Lanes that are done leave the list; the rest do not wait
/// for each other.
void descend(const RankedForest& forest, std::size_t first, const std::uint8_t* ranks, std::uint16_t* at,
             std::size_t n_lanes) noexcept {
  const RankedForest::DeepNode* const nodes = forest.deep_nodes.data();
  const RankedForest::Parts* const parts = forest.parts.data() + first;
  std::uint16_t active[kDeepLanes];
  std::size_t n = 0;
  for (std::size_t lane = 0; lane < n_lanes; ++lane) {
    active[n] = static_cast<std::uint16_t>(lane);
    n += at[lane] < RankedForest::kLeaf;
  }
  while (n > 0) {
    std::size_t n_left = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint16_t lane = active[i];
      const RankedForest::DeepNode& node = nodes[parts[lane].deep_nodes + at[lane]];
      const std::uint16_t exit = node.exits[ranks[node.slot] > node.rank ? 1 : 0];
      at[lane] = exit;
      active[n_left] = lane;
      n_left += exit < RankedForest::kLeaf;
    }
    n = n_left;
  }
}

}  // namespace

struct RowWalks {
  template <class Real, std::size_t Turns, std::size_t Rows, bool Deep>
  static void predict(const RankedWalk& walk, const double* rows, double* margins) noexcept {
    const RankedForest& forest = *walk.forest_;
    alignas(64) std::uint8_t ranks[Rows][RankTable::kMaxSlots];
    const KernelPath::Find find = Rows == 1 ? walk.path_.find_one : walk.path_.find_rows;
    find(forest.table, rows, forest.n_features, ranks[0]);
    for (std::size_t r = 0; r < Rows; ++r) forest.table.find_categories(rows + r * forest.n_features, ranks[r]);
    Sums<Real, Turns, Rows> sums{forest, margins};
    if constexpr (Deep) {
      std::uint16_t at[Rows][kDeepLanes];
      const RankedForest::Group* group = forest.groups.data();
      const RankedForest::Group* const end = group + forest.groups.size();
      while (group != end) {
        const std::size_t first = group->first;
        std::size_t n = 0;
        for (; group != end && n + RankedForest::kMaxWidth <= kDeepLanes; n += group->n_trees, ++group) {
          enter<Rows>(walk, *group, ranks, at, n);
        }
        for (std::size_t r = 0; r < Rows; ++r) descend(forest, first, ranks[r], at[r], n);
        const double* const leaves = forest.leaves.data();
        const RankedForest::Parts* const parts = forest.parts.data() + first;
        sums.add(first, n, [&](std::size_t r, std::size_t lane) {
          return leaves[parts[lane].leaves + (at[r][lane] ^ RankedForest::kLeaf)];
        });
      }
    } else {
      alignas(64) std::uint8_t paths[Rows][RankedForest::kMaxWidth];
      for (const RankedForest::Group& group : forest.groups) {
        const KernelPath::Walk top = walk.path_.walks[group.levels];
        for (std::size_t r = 0; r < Rows; ++r) top(forest.nodes.data() + group.nodes, ranks[r], paths[r]);
        const double* leaves = forest.leaves.data() + group.exits;
        sums.add(group.first, group.n_trees, [&](std::size_t r, std::size_t lane) {
          return leaves[(lane << group.levels) + paths[r][lane]];
        });
      }
    }
    sums.finish();
  }

  /// Through the top of a group; its exits go to lanes from `first` on.
  template <std::size_t Rows>
  static void enter(const RankedWalk& walk, const RankedForest::Group& group,
                    const std::uint8_t (&ranks)[Rows][RankTable::kMaxSlots], std::uint16_t (&at)[Rows][kDeepLanes],
                    std::size_t first) noexcept {
    const RankedForest& forest = *walk.forest_;
    const std::uint16_t* exits = forest.exits.data() + group.exits;
    const std::size_t n_exits = std::size_t{1} << group.levels;
    alignas(64) std::uint8_t paths[RankedForest::kMaxWidth];
    for (std::size_t r = 0; r < Rows; ++r) {
      walk.path_.walks[group.levels](forest.nodes.data() + group.nodes, ranks[r], paths);
      const std::uint16_t* exit = exits;
      for (std::size_t lane = 0; lane < group.n_trees; ++lane, exit += n_exits) at[r][first + lane] = exit[paths[lane]];
    }
  }

  template <class Real, std::size_t Turns>
  static void choose(RankedWalk& walk) {
    constexpr std::size_t kRows = KernelPath::kRows;
    const bool deep = walk.forest_->deep;
    walk.one_ = deep ? &predict<Real, Turns, 1, true> : &predict<Real, Turns, 1, false>;
    walk.several_ = deep ? &predict<Real, Turns, kRows, true> : &predict<Real, Turns, kRows, false>;
  }

  template <class Real>
  static void choose(RankedWalk& walk) {
    switch (walk.forest_->rounds) {
      case 1: return choose<Real, 1>(walk);
      case 2: return choose<Real, 2>(walk);
      case 3: return choose<Real, 3>(walk);
      case 4: return choose<Real, 4>(walk);
      default: return choose<Real, 0>(walk);
    }
  }
};

std::shared_ptr<const RankedWalk> RankedWalk::of(const Forest& forest, const RankPlan& plan,
                                                 std::span<const KernelPath> variants) {
  for (const KernelPath& path : variants) {
    if (plan.table().n_slots() > path.max_slots) continue;
    auto ranked = RankedForest::of(forest, plan, path.layout);
    if (!ranked) return nullptr;
    auto walk = std::make_shared<RankedWalk>();
    walk->forest_ = std::move(ranked);
    walk->path_ = path;
    walk->forest_->sums.float32 ? RowWalks::choose<float>(*walk) : RowWalks::choose<double>(*walk);
    return walk;
  }
  return nullptr;
}

}  // namespace hft::model
