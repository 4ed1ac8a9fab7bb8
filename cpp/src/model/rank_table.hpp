#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "aligned.hpp"
#include "hft/model/forest.hpp"

namespace hft::model {

/// What the splits of a forest ask of a row, as a byte each.
///
/// The thresholds of a feature's splits, sorted: t_0 < t_1 < ... The rank of x is the number of them below x, and
/// x <= t_k exactly where rank <= k. So a row is searched once for each feature, and every split compares two bytes.
///
/// A slot is one such byte: of a feature, of the splits that send NaN the same way (left: rank 0; right: above every
/// k), and of 255 thresholds at most; a feature with more has more slots. A category split has a slot for each set: 0
/// where it goes left, else 1.
class RankTable {
 public:
  static constexpr std::size_t kMaxSlots = 256;
  static constexpr std::size_t kMaxThresholds = 255;
  static constexpr std::uint8_t kAlwaysLeft = 255;  // no rank is above it

  /// Slots beside each other that are searched the same way.
  struct Run {
    bool missing_right;
    std::uint8_t steps;  // of a binary search: 2^steps - 1 thresholds at most
    std::uint16_t first;
    std::uint16_t end;
  };

  struct Slot {
    std::uint32_t feature;
    std::uint32_t offset;  // of its part of thresholds()
  };

  [[nodiscard]] std::size_t n_slots() const noexcept { return slots_.size() + category_slots_.size(); }
  [[nodiscard]] const std::vector<Run>& runs() const noexcept { return runs_; }
  [[nodiscard]] const Slot* slots() const noexcept { return slots_.data(); }

  /// A slot's part: every 16th threshold (as many as pivots_of), then the thresholds; infinity up to sixteen for each
  /// pivot and to whole powers of two. Sixteen further may be read: NaN is above all pivots.
  [[nodiscard]] const double* thresholds() const noexcept { return thresholds_.data(); }
  static constexpr std::size_t pivots_of(std::size_t steps) noexcept {
    return steps <= 4 ? 0 : steps <= 6 ? 4 : steps == 7 ? 8 : 16;
  }

  /// Writes the bytes of the category splits.
  void find_categories(const double* row, std::uint8_t* ranks) const noexcept;

 private:
  friend class RankPlan;
  struct CategorySlot {
    std::uint32_t feature;
    std::uint32_t categories;
    bool missing_right;
  };

  std::vector<Run> runs_;
  std::vector<Slot> slots_;
  AlignedVector<double> thresholds_;
  std::vector<CategorySlot> category_slots_;  // after the others
  Forest sets_;  // the category words alone
};

/// Gives a forest its slots, and each split its place among them.
class RankPlan {
 public:
  /// Which byte a split compares with which: right where the rank of `slot` is above `rank`.
  struct Test {
    std::uint8_t slot = 0;
    std::uint8_t rank = RankTable::kAlwaysLeft;
  };

  /// Nothing where the forest needs more than RankTable::kMaxSlots.
  static std::optional<RankPlan> of(const Forest& forest);

  /// `split` is the index of a node of the forest that is no leaf.
  [[nodiscard]] Test test_of(std::size_t split) const noexcept { return tests_[split]; }
  [[nodiscard]] const RankTable& table() const noexcept { return table_; }

 private:
  using Side = std::pair<bool, std::uint32_t>;  // missing values go right, feature
  struct Split {
    double threshold;
    std::uint32_t node;
  };
  struct Column {
    std::vector<Split> splits;
    std::vector<double> thresholds;   // of all splits, each once
    std::vector<std::uint8_t> slots;  // of kMaxThresholds each
  };
  struct Set {
    std::vector<std::uint32_t> nodes;
    std::uint32_t categories;  // where the first split has its words
  };
  using Columns = std::map<Side, Column>;
  using Sets = std::map<std::pair<Side, std::vector<std::uint32_t>>, Set>;

  void add_numbers(Columns& columns);
  void add_categories(const Forest& forest, const Sets& sets);
  [[nodiscard]] static Side side_of(const Forest::Node& node) { return {!node.default_left(), node.feature()}; }

  RankTable table_;
  std::vector<Test> tests_;  // of each node
};

}  // namespace hft::model
