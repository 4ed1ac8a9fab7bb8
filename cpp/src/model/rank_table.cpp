#include "rank_table.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace hft::model {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Thresholds of one slot, before slots have their order.
struct Part {
  bool missing_right;
  std::uint8_t steps;
  std::uint32_t feature;
  std::size_t index;  // among the parts of its feature
  std::vector<double> thresholds;
};

std::vector<Part> parts_of(const std::map<std::pair<bool, std::uint32_t>, std::vector<double>>& sorted) {
  std::vector<Part> parts;
  for (const auto& [side, all] : sorted) {
    for (std::size_t first = 0; first < all.size(); first += RankTable::kMaxThresholds) {
      const std::size_t n = std::min(RankTable::kMaxThresholds, all.size() - first);
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
      parts.push_back({side.first, static_cast<std::uint8_t>(std::bit_width(n)), side.second,
                       first / RankTable::kMaxThresholds, {begin, begin + static_cast<std::ptrdiff_t>(n)}});
    }
  }
  return parts;
}

}  // namespace

std::optional<RankPlan> RankPlan::of(const Forest& forest) {
  constexpr std::size_t kMostSetWords = 1U << 22U;  // sets of a stranger's file may overlap: each is looked at whole
  RankPlan plan;
  std::size_t n_set_words = 0;
  for (const Forest::Node& node : forest.nodes) {
    if (node.leaf()) continue;
    const Side side = side_of(node);
    if (!node.categorical()) {
      plan.thresholds_[side].push_back(node.value);
    } else if (plan.category_slots_.try_emplace({side, node.categories}).second) {
      const std::uint32_t* words = forest.category_words.data() + node.categories;
      plan.sets_.try_emplace({side, {words + 1, words + 1 + words[0]}}, node.categories);
      n_set_words += words[0];
      if (plan.sets_.size() > RankTable::kMaxSlots || n_set_words > kMostSetWords) return std::nullopt;
    }
  }
  std::size_t n_slots = plan.sets_.size();
  for (auto& [side, all] : plan.thresholds_) {
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());  // -0.0 is 0.0
    n_slots += (all.size() + RankTable::kMaxThresholds - 1) / RankTable::kMaxThresholds;
  }
  if (n_slots > RankTable::kMaxSlots) return std::nullopt;
  plan.add_numbers();
  plan.add_categories(forest);
  return plan;
}

void RankPlan::add_numbers() {
  std::vector<Part> parts = parts_of(thresholds_);
  std::ranges::stable_sort(parts, {}, [](const Part& part) { return std::pair{part.missing_right, part.steps}; });
  for (const Part& part : parts) {
    const auto slot = static_cast<std::uint16_t>(table_.slots_.size());
    std::vector<RankTable::Run>& runs = table_.runs_;
    if (runs.empty() || runs.back().missing_right != part.missing_right || runs.back().steps != part.steps) {
      runs.push_back({part.missing_right, part.steps, slot, slot});
    }
    ++runs.back().end;
    table_.slots_.push_back({part.feature, static_cast<std::uint32_t>(table_.thresholds_.size())});
    std::vector<double> padded = part.thresholds;
    const std::size_t n_pivots = RankTable::pivots_of(part.steps);
    padded.resize(std::max({std::size_t{1} << part.steps, std::size_t{16}, 16 * n_pivots}), kInf);
    for (std::size_t i = 0; i < n_pivots; ++i) table_.thresholds_.push_back(padded[16 * i + 15]);
    table_.thresholds_.insert(table_.thresholds_.end(), padded.begin(), padded.end());

    std::vector<std::uint8_t>& slots = slots_[{part.missing_right, part.feature}];
    slots.resize(std::max(slots.size(), part.index + 1));
    slots[part.index] = static_cast<std::uint8_t>(slot);
  }
  table_.thresholds_.resize(table_.thresholds_.size() + 16, kInf);
  table_.thresholds_.shrink_to_fit();  // a read past the end is one, to a sanitizer too
}

void RankPlan::add_categories(const Forest& forest) {
  table_.sets_.whole_categories = forest.whole_categories;
  table_.sets_.category_words = forest.category_words;
  std::map<Set, std::uint8_t> slot_of;
  for (const auto& [set, categories] : sets_) {
    slot_of[set] = static_cast<std::uint8_t>(table_.n_slots());
    table_.category_slots_.push_back({set.first.second, categories, set.first.first});
  }
  for (auto& [split, slot] : category_slots_) {
    const std::uint32_t* words = forest.category_words.data() + split.second;
    slot = slot_of.at({split.first, {words + 1, words + 1 + words[0]}});
  }
}

RankPlan::Test RankPlan::test_of(const Forest::Node& split) const {
  const Side side = side_of(split);
  if (split.categorical()) return {category_slots_.at({side, split.categories}), 0};
  const std::vector<double>& all = thresholds_.at(side);
  const auto k = static_cast<std::size_t>(std::ranges::lower_bound(all, split.value) - all.begin());
  return {slots_.at(side)[k / RankTable::kMaxThresholds],
          static_cast<std::uint8_t>(k % RankTable::kMaxThresholds)};
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
