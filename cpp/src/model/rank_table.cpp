#include "rank_table.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

namespace hft::model {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Thresholds of one slot, before slots have their order.
struct Part {
  bool missing_right;
  std::uint8_t steps;
  std::uint32_t feature;
  std::span<const double> thresholds;
  std::uint8_t* slot;
};

}  // namespace

std::optional<RankPlan> RankPlan::of(const Forest& forest) {
  constexpr std::size_t kMostSetWords = 1U << 22U;  // sets of a stranger's file may overlap: each is looked at whole
  Columns columns;
  Sets sets;
  std::map<std::pair<Side, std::uint32_t>, Set*> seen;  // by the place of the words
  std::size_t n_set_words = 0;
  for (std::uint32_t i = 0; i < forest.nodes.size(); ++i) {
    const Forest::Node& node = forest.nodes[i];
    if (node.leaf()) continue;
    const Side side = side_of(node);
    if (!node.categorical()) {
      columns[side].splits.push_back({node.value, i});
      continue;
    }
    Set*& set = seen[{side, node.categories}];
    if (set == nullptr) {
      const std::uint32_t* words = forest.category_words.data() + node.categories;
      n_set_words += words[0];
      if (n_set_words > kMostSetWords) return std::nullopt;
      set = &sets.try_emplace({side, {words + 1, words + 1 + words[0]}}, Set{{}, node.categories}).first->second;
      if (sets.size() > RankTable::kMaxSlots) return std::nullopt;
    }
    set->nodes.push_back(i);
  }
  std::size_t n_slots = sets.size();
  for (auto& [side, column] : columns) {
    std::ranges::sort(column.splits, {}, &Split::threshold);
    for (const Split& split : column.splits) {  // -0.0 is 0.0
      if (column.thresholds.empty() || column.thresholds.back() < split.threshold) {
        column.thresholds.push_back(split.threshold);
      }
    }
    column.slots.resize((column.thresholds.size() + RankTable::kMaxThresholds - 1) / RankTable::kMaxThresholds);
    n_slots += column.slots.size();
  }
  if (n_slots > RankTable::kMaxSlots) return std::nullopt;
  RankPlan plan;
  plan.tests_.resize(forest.nodes.size());
  plan.add_numbers(columns);
  plan.add_categories(forest, sets);
  return plan;
}

void RankPlan::add_numbers(Columns& columns) {
  std::vector<Part> parts;
  for (auto& [side, column] : columns) {
    std::span<const double> left{column.thresholds};
    for (std::uint8_t& slot : column.slots) {
      const auto own = left.first(std::min(RankTable::kMaxThresholds, left.size()));
      parts.push_back({side.first, static_cast<std::uint8_t>(std::bit_width(own.size())), side.second, own, &slot});
      left = left.subspan(own.size());
    }
  }
  std::ranges::stable_sort(parts, {}, [](const Part& part) { return std::pair{part.missing_right, part.steps}; });
  for (const Part& part : parts) {
    const auto slot = static_cast<std::uint16_t>(table_.slots_.size());
    std::vector<RankTable::Run>& runs = table_.runs_;
    if (runs.empty() || runs.back().missing_right != part.missing_right || runs.back().steps != part.steps) {
      runs.push_back({part.missing_right, part.steps, slot, slot});
    }
    ++runs.back().end;
    table_.slots_.push_back({part.feature, static_cast<std::uint32_t>(table_.thresholds_.size())});
    std::vector<double> padded{part.thresholds.begin(), part.thresholds.end()};
    const std::size_t n_pivots = RankTable::pivots_of(part.steps);
    padded.resize(std::max({std::size_t{1} << part.steps, std::size_t{16}, 16 * n_pivots}), kInf);
    for (std::size_t i = 0; i < n_pivots; ++i) table_.thresholds_.push_back(padded[16 * i + 15]);
    table_.thresholds_.insert(table_.thresholds_.end(), padded.begin(), padded.end());
    *part.slot = static_cast<std::uint8_t>(slot);
  }
  table_.thresholds_.resize(table_.thresholds_.size() + 16, kInf);
  table_.thresholds_.shrink_to_fit();  // a read past the end is one, to a sanitizer too

  for (const auto& [side, column] : columns) {
    std::size_t k = 0;
    for (const Split& split : column.splits) {
      k += column.thresholds[k] < split.threshold ? 1 : 0;
      tests_[split.node] = {column.slots[k / RankTable::kMaxThresholds],
                            static_cast<std::uint8_t>(k % RankTable::kMaxThresholds)};
    }
  }
}

void RankPlan::add_categories(const Forest& forest, const Sets& sets) {
  table_.sets_.whole_categories = forest.whole_categories;
  table_.sets_.category_words = forest.category_words;
  for (const auto& [key, set] : sets) {
    const Side& side = key.first;
    const Test test{static_cast<std::uint8_t>(table_.n_slots()), 0};
    table_.category_slots_.push_back({side.second, set.categories, side.first});
    for (const std::uint32_t node : set.nodes) tests_[node] = test;
  }
}

void RankTable::find_categories(const double* row, std::uint8_t* ranks) const noexcept {
  ranks += slots_.size();
  for (const CategorySlot& slot : category_slots_) {
    const double x = row[slot.feature];
    const bool right = std::isnan(x) ? slot.missing_right : !sets_.in_set(x, slot.categories);
    *ranks++ = right ? 1 : 0;
  }
}

}  // namespace hft::model
