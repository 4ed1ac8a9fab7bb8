#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hft::gen {

/// Picks an index with given weights in O(1): Walker's alias method, built as Vose (1991) does.
class AliasTable {
 public:
  /// `weights`: positive, at most 2^32 of them.
  explicit AliasTable(std::span<const double> weights) : rows_(weights.size()) {
    double total = 0.0;
    for (const double weight : weights) total += weight;
    std::vector<double> share(weights.size());  // 1 is the average
    std::vector<std::uint32_t> small, large;
    for (std::uint32_t i = 0; i < share.size(); ++i) {
      share[i] = weights[i] / total * static_cast<double>(share.size());
      rows_[i] = {kAlways, i};
      (share[i] < 1.0 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      const std::uint32_t low = small.back(), high = large.back();
      small.pop_back();
      rows_[low] = {static_cast<std::uint32_t>(share[low] * kScale), high};
      share[high] -= 1.0 - share[low];
      if (share[high] < 1.0) {
        large.pop_back();
        small.push_back(high);
      }
    }
  }

  /// The upper 32 bits choose a row, the lower 32 between the row and its alias.
  [[nodiscard]] std::uint32_t pick(std::uint64_t bits) const noexcept {
    const auto row = static_cast<std::uint32_t>(((bits >> 32) * rows_.size()) >> 32);
    return static_cast<std::uint32_t>(bits) <= rows_[row].keep_up_to ? row : rows_[row].alias;
  }

 private:
  struct Row {
    std::uint32_t keep_up_to;
    std::uint32_t alias;
  };
  static constexpr std::uint32_t kAlways = ~std::uint32_t{0};
  static constexpr double kScale = 4294967296.0;
  std::vector<Row> rows_;
};

}  // namespace hft::gen
