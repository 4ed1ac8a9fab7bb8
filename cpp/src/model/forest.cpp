#include "hft/model/forest.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "hft/base/number_text.hpp"

namespace hft::model {
namespace {

static_assert(std::endian::native == std::endian::little, "forest.bin is little-endian");

constexpr char kMagic[] = "HFTFRST1";
constexpr std::uint32_t kFloat32Sums = 1, kBaseFirst = 2, kWholeCategories = 4;

struct Header {
  char magic[8];
  std::uint32_t n_features, n_margins, n_trees, flags;
  std::uint64_t n_nodes, n_category_words;
  double divisor;
  std::uint64_t zero[2];
};
static_assert(sizeof(Header) == 64);

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("forest: " + what); }

template <class T>
std::string text_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return base::shortest_text(value);
  } else {
    return std::to_string(value);
  }
}

template <class T>
void expect(bool holds, const std::string& where, const std::string& rule, T value) {
  if (!holds) refuse(where + " must be " + rule + ", was " + text_of(value));
}

void expect_within(const std::string& what, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  expect(least <= value && value <= most, what, text_of(least) + " to " + text_of(most), value);
}

constexpr const char* kFloat32Rule = "a float32 under FLOAT32_SUMS";

bool is_float32(double finite) {
  return std::abs(finite) <= 0x1.fffffep127 && static_cast<double>(static_cast<float>(finite)) == finite;
}

constexpr std::uint64_t padded(std::uint64_t n_bytes) { return (n_bytes + 7) / 8 * 8; }

/// Takes arrays off the front; their lengths were made sure of.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : rest_{bytes} {}

  template <class T>
  std::vector<T> take(std::uint64_t n, const char* what) {
    std::vector<T> items(n);
    const std::size_t n_bytes = n * sizeof(T);
    if (n != 0) std::memcpy(items.data(), rest_.data(), n_bytes);
    for (std::size_t i = n_bytes; i < padded(n_bytes); ++i) {
      if (rest_[i] != std::byte{0}) refuse(std::string{"padding after "} + what + " must be zero");
    }
    rest_ = rest_.subspan(padded(n_bytes));
    return items;
  }

 private:
  std::span<const std::byte> rest_;
};

Header read_header(std::span<const std::byte> bytes) {
  Header header{};
  if (bytes.size() < sizeof header) refuse("must hold at least 64 bytes, holds " + text_of(bytes.size()));
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof header.magic) != 0) {
    refuse(std::string{"must begin with "} + kMagic + ": this is no forest.bin, or of another version");
  }
  expect_within("n_features", header.n_features, 1, 1U << 20U);
  expect_within("n_margins", header.n_margins, 1, 1U << 16U);
  expect_within("n_trees", header.n_trees, 0, 1U << 24U);
  expect_within("flags", header.flags, 0, kFloat32Sums | kBaseFirst | kWholeCategories);
  expect_within("n_nodes", header.n_nodes, header.n_trees, 0xFFFF'FFFE);
  expect_within("n_category_words", header.n_category_words, 0, 0xFFFF'FFFE);
  expect(std::isfinite(header.divisor) && header.divisor > 0.0, "divisor", "finite and > 0", header.divisor);
  if (header.zero[0] != 0 || header.zero[1] != 0) refuse("bytes 48 to 63 must be zero");
  const std::uint64_t length = sizeof header + 8ULL * header.n_margins + padded(4ULL * (header.n_trees + 1ULL)) +
                               padded(4ULL * header.n_trees) + sizeof(Forest::Node) * header.n_nodes +
                               padded(4 * header.n_category_words);
  if (bytes.size() != length) {
    refuse("must hold " + text_of(length) + " bytes by its header, holds " + text_of(bytes.size()));
  }
  return header;
}

class TreeCheck {
 public:
  TreeCheck(const Forest& forest, std::size_t tree) : forest_{forest}, tree_{tree}, nodes_{forest.tree(tree)} {}

  void run(std::vector<bool>& has_parent) const {
    has_parent.assign(nodes_.size(), false);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i > 0 && !has_parent[i]) refuse(at(i) + " has no parent before it");
      const Forest::Node& node = nodes_[i];
      if (node.left == Forest::kNone && node.right == Forest::kNone) {
        check_leaf(i);
        continue;
      }
      for (const std::uint32_t child : {node.left, node.right}) {
        if (child <= i || child >= nodes_.size()) {
          fail(i, "child", "after its parent and below " + text_of(nodes_.size()), child);
        }
        if (has_parent[child]) refuse(at(child) + " has two parents");
        has_parent[child] = true;
      }
      node.categorical() ? check_category_split(i) : check_numerical_split(i);
      if (node.feature() >= forest_.n_features) {
        fail(i, "feature", "below " + text_of(forest_.n_features), node.feature());
      }
    }
  }

 private:
  [[nodiscard]] std::string at(std::size_t node) const {
    return "tree " + text_of(tree_) + ", node " + text_of(node);
  }

  template <class T>
  [[noreturn]] void fail(std::size_t node, const std::string& what, const std::string& rule, T value) const {
    refuse(at(node) + ": " + what + " must be " + rule + ", was " + text_of(value));
  }

  void check_leaf(std::size_t i) const {
    const Forest::Node& node = nodes_[i];
    if (node.split != 0 || node.categories != 0) refuse(at(i) + ": a leaf has neither feature nor categories");
    if (!std::isfinite(node.value)) fail(i, "leaf", "finite", node.value);
    if (forest_.float32_sums && !is_float32(node.value)) fail(i, "leaf", kFloat32Rule, node.value);
  }

  void check_numerical_split(std::size_t i) const {
    const Forest::Node& node = nodes_[i];
    if (std::isnan(node.value)) refuse(at(i) + ": threshold must not be NaN");
    if (node.categories != 0) fail(i, "categories of a numerical split", "0", node.categories);
  }

  void check_category_split(std::size_t i) const {
    const Forest::Node& node = nodes_[i];
    const std::size_t n_words = forest_.category_words.size();
    if (node.value != 0.0) fail(i, "value of a category split", "0", node.value);
    if (node.categories >= n_words) fail(i, "categories", "below " + text_of(n_words), node.categories);
    const std::uint32_t length = forest_.category_words[node.categories];
    if (length == 0 || length >= n_words - node.categories) {
      fail(i, "words of the category set", "1 to " + text_of(n_words - node.categories - 1), length);
    }
  }

  const Forest& forest_;
  std::size_t tree_;
  std::span<const Forest::Node> nodes_;
};

}  // namespace

Forest parse_forest(std::span<const std::byte> bytes) {
  const Header header = read_header(bytes);
  Forest forest;
  forest.n_features = header.n_features;
  forest.n_margins = header.n_margins;
  forest.float32_sums = (header.flags & kFloat32Sums) != 0;
  forest.base_first = (header.flags & kBaseFirst) != 0;
  forest.whole_categories = (header.flags & kWholeCategories) != 0;
  forest.divisor = header.divisor;
  Cursor cursor{bytes.subspan(sizeof header)};
  forest.base = cursor.take<double>(header.n_margins, "base");
  forest.first_nodes = cursor.take<std::uint32_t>(header.n_trees + 1ULL, "first nodes");
  forest.margins = cursor.take<std::uint32_t>(header.n_trees, "margins");
  forest.nodes = cursor.take<Forest::Node>(header.n_nodes, "nodes");
  forest.category_words = cursor.take<std::uint32_t>(header.n_category_words, "category words");

  for (std::size_t k = 0; k < forest.base.size(); ++k) {
    const double base = forest.base[k];
    expect(std::isfinite(base), "base of margin " + text_of(k), "finite", base);
    expect(!forest.float32_sums || is_float32(base), "base of margin " + text_of(k), kFloat32Rule, base);
  }
  expect(forest.first_nodes.front() == 0, "first node of tree 0", "0", forest.first_nodes.front());
  expect(forest.first_nodes.back() == header.n_nodes, "end of the last tree", text_of(header.n_nodes),
         forest.first_nodes.back());
  for (std::size_t t = 0; t < forest.n_trees(); ++t) {
    const std::uint32_t first = forest.first_nodes[t], end = forest.first_nodes[t + 1];
    if (first < end && end <= header.n_nodes) continue;
    refuse("tree " + text_of(t) + ": must end after its first node " + text_of(first) + " and at most at " +
           text_of(header.n_nodes) + ", ends at " + text_of(end));
  }
  std::vector<bool> has_parent;
  for (std::size_t t = 0; t < forest.n_trees(); ++t) {
    if (forest.margins[t] >= forest.n_margins) {
      refuse("tree " + text_of(t) + ": margin must be below " + text_of(forest.n_margins) + ", was " +
             text_of(forest.margins[t]));
    }
    TreeCheck{forest, t}.run(has_parent);
  }
  return forest;
}

}  // namespace hft::model
