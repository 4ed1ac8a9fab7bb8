#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace hft::bench {

/// Shape of a forest of complete trees, one margin.
struct ForestShape {
  std::uint32_t n_trees;
  std::uint32_t depth;
  std::uint32_t n_features;
};

/// The bytes of a `forest.bin` whose splits are values of `rows` (row by row, n_features values each), so that rows of
/// their kind spread over all leaves.
inline std::vector<std::byte> random_forest(const ForestShape& shape, std::span<const double> rows,
                                            std::uint64_t seed) {
  std::vector<std::byte> bytes;
  const auto put = [&bytes](auto value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
  };
  const auto pad = [&] {
    while (bytes.size() % 8 != 0) put(std::uint8_t{0});
  };
  constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  std::mt19937_64 draw{seed};
  const std::uint32_t n_splits = (1U << shape.depth) - 1;
  const std::uint32_t n_nodes = 2 * n_splits + 1;
  const std::size_t n_rows = rows.size() / shape.n_features;
  for (const char c : {'H', 'F', 'T', 'F', 'R', 'S', 'T', '1'}) put(c);
  for (const std::uint32_t n : {shape.n_features, 1U, shape.n_trees, 0U}) put(n);
  put(std::uint64_t{n_nodes} * shape.n_trees);
  put(std::uint64_t{0});
  put(1.0);
  for (int i = 0; i < 3; ++i) put(0.0);  // 16 reserved bytes, then the base
  for (std::uint32_t tree = 0; tree <= shape.n_trees; ++tree) put(tree * n_nodes);
  pad();
  for (std::uint32_t tree = 0; tree < shape.n_trees; ++tree) put(std::uint32_t{0});
  pad();
  std::normal_distribution<double> leaf{0.0, 0.1};
  for (std::uint32_t tree = 0; tree < shape.n_trees; ++tree) {
    for (std::uint32_t node = 0; node < n_nodes; ++node) {
      const bool splits = node < n_splits;
      const auto feature = static_cast<std::uint32_t>(draw() % shape.n_features);
      put(splits ? rows[(draw() % n_rows) * shape.n_features + feature] : leaf(draw));
      put(splits ? 2 * node + 1 : kNone);
      put(splits ? 2 * node + 2 : kNone);
      put(splits ? feature : 0U);
      put(0U);
    }
  }
  return bytes;
}

}  // namespace hft::bench
