#include "hft/ring/spsc_ring.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

namespace hft::ring {
namespace {

using Item = std::uint64_t;

TEST(SpscRing, RefusesCapacitiesThatAreNoPowerOfTwo) {
  for (const std::size_t capacity : {0, 1, 3, 6, 1000}) {
    EXPECT_THROW(SpscRing<Item>{capacity}, std::invalid_argument) << capacity;
  }
  try {
    SpscRing<Item>{3};
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "SpscRing: capacity must be a power of two >= 2, was 3");
  }
}

TEST(SpscRing, HoldsExactlyItsCapacity) {
  SpscRing<Item> ring{4};
  Item out = 0;
  EXPECT_FALSE(ring.try_pop(out));
  for (Item i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(i));
  EXPECT_FALSE(ring.try_push(99));
  EXPECT_EQ(ring.size_approx(), 4U);
  for (Item i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.try_pop(out));
    EXPECT_EQ(out, i);
  }
  EXPECT_FALSE(ring.try_pop(out));
  EXPECT_EQ(ring.size_approx(), 0U);
}

TEST(SpscRing, KeepsItsStorageAlignedForItsItems) {
  struct alignas(256) Wide {
    std::uint64_t value;
  };
  SpscRing<Wide> ring{2};
  ASSERT_TRUE(ring.try_push({7}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ring.peek().data()) % 256, 0U);
}

/// Starts of the indices: before 2^64, before a multiple of the capacity, in between.
class SpscRingAtWrap : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SpscRingAtWrap, SingleItemsComeOutInOrder) {
  SpscRing<Item> ring{8, GetParam()};
  Item next_in = 0;
  Item next_out = 0;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 1 + round % 8; ++i) {
      if (ring.try_push(next_in)) ++next_in;
    }
    for (int i = 0; i < 1 + round % 5; ++i) {
      if (Item out = 0; ring.try_pop(out)) {
        ASSERT_EQ(out, next_out++);
      }
    }
    ASSERT_EQ(ring.size_approx(), next_in - next_out);
  }
}

TEST_P(SpscRingAtWrap, FullAndEmptyAreToldApart) {
  SpscRing<Item> ring{8, GetParam()};
  std::array<Item, 9> items{};
  std::iota(items.begin(), items.end(), Item{0});
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(ring.try_push_n(items), 8U);
    EXPECT_EQ(ring.try_push_n(items), 0U);
    EXPECT_FALSE(ring.try_push(1));
    std::array<Item, 9> out{};
    EXPECT_EQ(ring.pop_n(out), 8U);
    for (Item i = 0; i < 8; ++i) EXPECT_EQ(out[i], i);
    EXPECT_EQ(ring.pop_n(out), 0U);
    Item one = 0;
    EXPECT_TRUE(ring.try_push(5) && ring.try_pop(one));  // shifts the next round by a slot
  }
}

TEST_P(SpscRingAtWrap, BatchesOfEverySizeComeOutInOrder) {
  for (std::size_t n_in = 1; n_in <= 9; ++n_in) {
    for (std::size_t n_out = 1; n_out <= 9; ++n_out) {
      SpscRing<Item> ring{8, GetParam()};
      std::vector<Item> in(n_in);
      std::vector<Item> out(n_out);
      Item pushed = 0;
      Item popped = 0;
      for (int round = 0; round < 12; ++round) {
        std::iota(in.begin(), in.end(), pushed);
        pushed += ring.try_push_n(in);
        const std::size_t n = ring.pop_n(out);
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], popped++);
        ASSERT_EQ(ring.size_approx(), pushed - popped);
      }
    }
  }
}

TEST_P(SpscRingAtWrap, PeekShowsTheOldestUpToTheEdgeAndConsumeFreesThem) {
  SpscRing<Item> ring{8, GetParam()};
  Item pushed = 0;
  Item popped = 0;
  for (int round = 0; round < 30; ++round) {
    while (ring.try_push(pushed)) ++pushed;
    const auto items = ring.peek();
    ASSERT_FALSE(items.empty());
    for (std::size_t i = 0; i < items.size(); ++i) ASSERT_EQ(items[i], popped + i);
    const std::size_t n = std::min<std::size_t>(items.size(), 3);
    ring.consume(n);
    popped += n;
  }
  while (!ring.peek().empty()) {
    popped += ring.peek().size();
    ring.consume(ring.peek().size());
  }
  EXPECT_EQ(popped, pushed);
}

INSTANTIATE_TEST_SUITE_P(Starts, SpscRingAtWrap,
                         testing::Values(0, 5, 8 * 1000 - 1, 8 * 1000 - 3, (std::uint64_t{1} << 32U) - 2,
                                         std::numeric_limits<std::uint64_t>::max(),
                                         std::numeric_limits<std::uint64_t>::max() - 6));

TEST(SpscRing, TwoThreadsPassMillionsOfItemsWithoutLossOrReorder) {
  struct Pair {
    std::uint64_t value;
    std::uint64_t check;
    std::uint64_t pad[6];
  };
  constexpr std::uint64_t kItems = 2'000'000;
  SpscRing<Pair> ring{256, std::numeric_limits<std::uint64_t>::max() - kItems / 2};  // 2^64 is passed half way
  std::thread producer{[&ring] {
    std::array<Pair, 16> batch{};
    for (std::uint64_t i = 0; i < kItems;) {
      if (i % 3 == 0) {  // single and batched pushes mixed
        const Pair item{i, ~i, {}};
        while (!ring.try_push(item)) std::this_thread::yield();
        ++i;
        continue;
      }
      const std::size_t n = std::min<std::uint64_t>(batch.size(), kItems - i);
      for (std::size_t k = 0; k < n; ++k) batch[k] = {i + k, ~(i + k), {}};
      std::size_t done = 0;
      while ((done += ring.try_push_n(std::span{batch}.subspan(done, n - done))) < n) std::this_thread::yield();
      i += n;
    }
  }};
  std::uint64_t next = 0;
  std::uint64_t n_wrong = 0;
  const auto check = [&](const Pair& item) { n_wrong += item.value != next || item.check != ~next, ++next; };
  std::array<Pair, 24> batch{};
  for (unsigned turn = 0; next < kItems; ++turn) {
    const std::uint64_t before = next;
    if (turn % 3 == 0) {
      if (Pair item; ring.try_pop(item)) check(item);
    } else if (turn % 3 == 1) {
      for (std::size_t k = 0, n = ring.pop_n(batch); k < n; ++k) check(batch[k]);
    } else {
      const auto items = ring.peek();
      for (const Pair& item : items) check(item);
      ring.consume(items.size());
    }
    if (next == before) std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(n_wrong, 0U);
  EXPECT_EQ(next, kItems);
  EXPECT_EQ(ring.size_approx(), 0U);
}

}  // namespace
}  // namespace hft::ring
