#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hft::model {

/// A forest as data, the truth of what a model computes (docs/reference/models.md has the bytes of `forest.bin`).
///
///   numerical split: NaN -> the default side; else left where x <= value
///   category split:  NaN -> the default side; else left where c = trunc(x) is in the set; a negative x, 2^31 and more,
///                    and under WHOLE_CATEGORIES a fraction, are in no set
///   margin k:        s = 0; s += leaf of each tree of k, in order; s /= divisor unless it is 1; s += base[k]
///   BASE_FIRST:      s = base[k]; s += leaf ...; s /= divisor unless it is 1
///   FLOAT32_SUMS:    every + and / of a margin is done in float
struct Forest {
  struct Node {
    double value;              // threshold or leaf
    std::uint32_t left;        // index inside the tree; kNone at a leaf, as is right
    std::uint32_t right;
    std::uint32_t split;       // feature and flags; 0 at a leaf
    std::uint32_t categories;  // index of the first word of the set

    [[nodiscard]] bool leaf() const noexcept { return left == kNone; }
    [[nodiscard]] std::uint32_t feature() const noexcept { return split & (kCategorical - 1); }
    [[nodiscard]] bool categorical() const noexcept { return (split & kCategorical) != 0; }
    [[nodiscard]] bool default_left() const noexcept { return (split & kDefaultLeft) != 0; }
  };
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  static constexpr std::uint32_t kCategorical = 1U << 30U;
  static constexpr std::uint32_t kDefaultLeft = 1U << 31U;

  std::uint32_t n_features = 0;
  std::uint32_t n_margins = 0;
  bool float32_sums = false;
  bool base_first = false;
  bool whole_categories = false;
  double divisor = 1.0;
  std::vector<double> base;                   // of each margin
  std::vector<std::uint32_t> first_nodes;     // of each tree, then the number of nodes
  std::vector<std::uint32_t> margins;         // that each tree adds to
  std::vector<Node> nodes;                    // a tree's root first, children after their parent
  std::vector<std::uint32_t> category_words;  // sets: the number of words, then bits

  [[nodiscard]] std::size_t n_trees() const noexcept { return margins.size(); }

  /// The nodes of tree `t`.
  [[nodiscard]] std::span<const Node> tree(std::size_t t) const noexcept {
    return {nodes.data() + first_nodes[t], nodes.data() + first_nodes[t + 1]};
  }

  /// Whether a value that is not NaN is in the set that begins at `categories`.
  [[nodiscard]] bool in_set(double x, std::uint32_t categories) const noexcept {
    if (!(x >= 0.0 && x < 2147483648.0)) return false;
    const auto category = static_cast<std::uint32_t>(x);
    if (whole_categories && static_cast<double>(category) != x) return false;
    const std::uint32_t word = category / 32;
    return word < category_words[categories] && (category_words[categories + 1 + word] >> (category % 32) & 1U) != 0;
  }
};
static_assert(sizeof(Forest::Node) == 24, "forest.bin has this layout");

/// Cold path. Reads the bytes of a `forest.bin` and checks every rule of the format, so that whoever walks the forest
/// checks nothing. Throws std::invalid_argument that names tree, node, value and rule.
[[nodiscard]] Forest parse_forest(std::span<const std::byte> bytes);

}  // namespace hft::model
