#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hft/feature/room.hpp"

namespace hft::feature {

/// Up to `capacity` numbers in ascending order, in blocks of at most 512: insert, erase, the k-th smallest, and how
/// many are smaller. Equal numbers may stand there several times.
///
/// A block is found by binary search over the blocks' first numbers, its place in the order by a Fenwick tree over
/// their counts; within a block numbers move. Full blocks are halved; neighbours that hold 256 or fewer together are
/// joined, so there are at most 4 n / 512 + 1 of them.
/// Cost: insert and erase O(log n) and a move of at most 4 KiB; a halving or joining, every 256 steps at most, O(n /
/// 512) besides. Reading: O(log n); one block: O(1) by rank.   No allocation after construction.
class SortedBlocks {
 public:
  static constexpr std::uint32_t kBlock = 512;

  /// Cold path: allocates; what is not used is not touched.
  explicit SortedBlocks(std::uint32_t capacity)
      : block_size_{std::min(capacity, kBlock)},
        max_blocks_{capacity <= kBlock ? 1 : 4 * capacity / kBlock + 2},
        entries_(std::size_t{max_blocks_} * block_size_),
        firsts_(max_blocks_),
        counts_(max_blocks_),
        rooms_(max_blocks_),
        tree_(max_blocks_ + std::size_t{1}) {
    clear();
  }

  void clear() noexcept { n_blocks_ = 1, n_rooms_ = 1, size_ = 0, rooms_[0] = 0, counts_[0] = 0, tree_[1] = 0; }

  /// Needs size() < capacity.
  void insert(double x) noexcept {
    std::uint32_t at = last_block<true>(x);
    if (counts_[at] == block_size_) [[unlikely]] {
      halve(at);
      at += static_cast<std::uint32_t>(firsts_[at + 1] <= x);
    }
    double* const block = begin(at);
    const std::uint32_t n = counts_[at];
    const std::uint32_t i = count_before<true>(block, n, x);
    std::memmove(block + i + 1, block + i, (n - i) * sizeof(double));
    block[i] = x;
    firsts_[at] = block[0];
    ++counts_[at], ++size_;
    if (n_blocks_ > 1) shift_tree(at, 1);
  }

  /// Needs x to be there.
  void erase(double x) noexcept {
    const std::uint32_t at = last_block<true>(x);
    double* const block = begin(at);
    const std::uint32_t n = --counts_[at];
    const std::uint32_t i = count_before<false>(block, n + 1, x);
    std::memmove(block + i, block + i + 1, (n - i) * sizeof(double));
    firsts_[at] = block[0];
    --size_;
    if (n_blocks_ == 1) return;
    shift_tree(at, ~std::uint32_t{0});
    if (n > kBlock / 2) return;
    if (at + 1 < n_blocks_ && n + counts_[at + 1] <= kBlock / 2)
      join(at);
    else if (at > 0 && n + counts_[at - 1] <= kBlock / 2)
      join(at - 1);
    else if (n == 0)
      remove(at);
  }

  /// The k-th smallest, from 0. Needs k < size().
  [[nodiscard]] double operator[](std::uint32_t k) const noexcept {
    if (n_blocks_ == 1) return entries_[std::size_t{rooms_[0]} * block_size_ + k];
    std::uint32_t at = 0;  // blocks that end at rank k or before
    for (std::uint32_t step = top_step(); step != 0; step /= 2) {
      if (at + step <= n_blocks_ && tree_[at + step] <= k) at += step, k -= tree_[at];
    }
    return begin(at)[k];
  }

  [[nodiscard]] std::uint32_t count_less(double x) const noexcept { return count<false>(x); }
  [[nodiscard]] std::uint32_t count_not_greater(double x) const noexcept { return count<true>(x); }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t room_bytes() const noexcept {
    return entries_.size() * sizeof(double) + max_blocks_ * (sizeof(double) + 3 * sizeof(std::uint32_t));
  }

 private:
  [[nodiscard]] double* begin(std::uint32_t at) noexcept {
    return entries_.data() + std::size_t{rooms_[at]} * block_size_;
  }
  [[nodiscard]] const double* begin(std::uint32_t at) const noexcept {
    return entries_.data() + std::size_t{rooms_[at]} * block_size_;
  }

  /// How many of n sorted numbers are smaller than x, or not greater. The product keeps the loop free of branches that
  /// nobody can predict.
  template <bool kOrEqual>
  static std::uint32_t count_before(const double* sorted, std::uint32_t n, double x) noexcept {
    const auto before = [x](double y) { return static_cast<std::uint32_t>(kOrEqual ? y <= x : y < x); };
    const double* base = sorted;
    while (n > 1) {
      const std::uint32_t half = n / 2;
      base += std::size_t{half} * before(base[half - 1]);
      n -= half;
    }
    return static_cast<std::uint32_t>(base - sorted) + (n == 1 ? before(*base) : 0);
  }

  /// The last block whose first number is smaller than x (or not greater), else the first block.
  template <bool kOrEqual>
  [[nodiscard]] std::uint32_t last_block(double x) const noexcept {
    return n_blocks_ == 1 ? 0 : count_before<kOrEqual>(firsts_.data() + 1, n_blocks_ - 1, x);
  }

  template <bool kOrEqual>
  [[nodiscard]] std::uint32_t count(double x) const noexcept {
    const std::uint32_t at = last_block<kOrEqual>(x);
    std::uint32_t n = count_before<kOrEqual>(begin(at), counts_[at], x);
    for (std::uint32_t i = at; i != 0; i &= i - 1) n += tree_[i];
    return n;
  }

  void halve(std::uint32_t at) noexcept {
    open_after(at);
    const std::uint32_t n = counts_[at] / 2;
    counts_[at + 1] = counts_[at] - n;
    counts_[at] = n;
    std::memcpy(begin(at + 1), begin(at) + n, counts_[at + 1] * sizeof(double));
    firsts_[at + 1] = begin(at + 1)[0];
    make_tree();
  }
  void join(std::uint32_t at) noexcept {
    std::memcpy(begin(at) + counts_[at], begin(at + 1), counts_[at + 1] * sizeof(double));
    counts_[at] += counts_[at + 1];
    firsts_[at] = begin(at)[0];
    remove(at + 1);
  }
  void open_after(std::uint32_t at) noexcept {
    const std::uint32_t room = n_blocks_ < n_rooms_ ? rooms_[n_blocks_] : n_rooms_++;  // those given back come first
    each_by_block([&](auto* by_block) {
      std::memmove(by_block + at + 2, by_block + at + 1, (n_blocks_ - at - 1) * sizeof *by_block);
    });
    rooms_[at + 1] = room;
    ++n_blocks_;
  }
  void remove(std::uint32_t at) noexcept {
    const std::uint32_t room = rooms_[at];
    --n_blocks_;
    each_by_block([&](auto* by_block) {
      std::memmove(by_block + at, by_block + at + 1, (n_blocks_ - at) * sizeof *by_block);
    });
    rooms_[n_blocks_] = room;
    make_tree();
  }
  template <class Move>
  void each_by_block(Move&& move) noexcept {
    move(firsts_.data()), move(counts_.data()), move(rooms_.data());
  }

  void make_tree() noexcept {
    for (std::uint32_t i = 1; i <= n_blocks_; ++i) tree_[i] = counts_[i - 1];
    for (std::uint32_t i = 1; i <= n_blocks_; ++i) {
      if (const std::uint32_t above = i + (i & (~i + 1)); above <= n_blocks_) tree_[above] += tree_[i];
    }
  }
  void shift_tree(std::uint32_t at, std::uint32_t by) noexcept {
    for (std::uint32_t i = at + 1; i <= n_blocks_; i += i & (~i + 1)) tree_[i] += by;
  }
  [[nodiscard]] std::uint32_t top_step() const noexcept { return std::bit_floor(n_blocks_); }

  std::uint32_t block_size_;
  std::uint32_t max_blocks_;
  std::uint32_t n_blocks_ = 1;
  std::uint32_t n_rooms_ = 1;  // rooms in use, or given back
  std::uint32_t size_ = 0;
  Room<double> entries_;
  // By place in the order:
  Room<double> firsts_;
  Room<std::uint32_t> counts_;
  Room<std::uint32_t> rooms_;  // where a block's numbers are; behind n_blocks_: rooms given back
  Room<std::uint32_t> tree_;   // Fenwick, from 1
};

}  // namespace hft::feature
