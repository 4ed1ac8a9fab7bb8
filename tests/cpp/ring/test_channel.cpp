#include "hft/ring/channel.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

namespace hft::ring {
namespace {

using Item = std::uint64_t;

class ChannelWaits : public testing::TestWithParam<WaitKind> {};

TEST_P(ChannelWaits, BlockingProducerLosesNothing) {
  constexpr Item kItems = 100'000;
  Channel<Item> channel{64, Overflow::kBlock, GetParam()};
  std::thread producer{[&channel] {
    std::array<Item, 100> batch{};  // larger than the ring: stored in parts
    Item next = 0;
    while (next < kItems) {
      if (next % 7 == 0) {
        ASSERT_EQ(channel.push(next++), Pushed::kStored);
      } else {
        const std::size_t n = std::min<Item>(batch.size(), kItems - next);
        std::iota(batch.begin(), batch.end(), next);
        ASSERT_EQ(channel.push_n(std::span{batch}.first(n)), n);
        next += n;
      }
    }
    channel.close();
  }};
  std::array<Item, 48> out{};
  Item next = 0;
  bool in_order = true;
  while (const std::size_t n = channel.pop_n(out)) {
    for (std::size_t i = 0; i < n; ++i) in_order &= out[i] == next++;
  }
  producer.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, kItems);
  EXPECT_TRUE(channel.ended());
  EXPECT_EQ(channel.n_dropped(), 0U);
}

TEST_P(ChannelWaits, ConsumerThatWaitsIsWokenByEverySinglePush) {
  constexpr Item kItems = 300;
  Channel<Item> there{8, Overflow::kBlock, GetParam()};
  Channel<Item> back{8, Overflow::kBlock, GetParam()};
  std::thread echo{[&] {
    std::array<Item, 1> item{};
    while (there.pop_n(item) != 0) ASSERT_EQ(back.push(item[0] + 1), Pushed::kStored);
    back.close();
  }};
  for (Item i = 0; i < kItems; ++i) {  // one in flight: each side sleeps once per item
    ASSERT_EQ(there.push(i), Pushed::kStored);
    std::array<Item, 1> answer{};
    ASSERT_EQ(back.pop_n(answer), 1U);
    ASSERT_EQ(answer[0], i + 1);
  }
  there.close();
  echo.join();
  EXPECT_TRUE(back.peek().empty());
}

TEST_P(ChannelWaits, CloseWakesAWaitingConsumer) {
  Channel<Item> channel{8, Overflow::kBlock, GetParam()};
  std::thread producer{[&channel] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    channel.close();
  }};
  std::array<Item, 4> out{};
  EXPECT_EQ(channel.pop_n(out), 0U);
  producer.join();
}

TEST_P(ChannelWaits, CancelWakesAProducerThatWaitsForRoom) {
  Channel<Item> channel{2, Overflow::kBlock, GetParam()};
  std::thread consumer{[&channel] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    channel.cancel();
  }};
  const std::array<Item, 5> items{};
  EXPECT_EQ(channel.push_n(items), 2U);
  consumer.join();
  EXPECT_EQ(channel.push(1), Pushed::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChannelWaits, testing::Values(WaitKind::kSpin, WaitKind::kYield, WaitKind::kBlock),
                         [](const auto& kind) { return std::string{kWaitKindNames[static_cast<int>(kind.param)]}; });

TEST(Channel, WhatWasPushedBeforeTheCloseIsStillRead) {
  Channel<Item, SpinWait> channel{8, Overflow::kBlock};
  ASSERT_EQ(channel.push(1), Pushed::kStored);
  ASSERT_EQ(channel.push(2), Pushed::kStored);
  channel.close();
  EXPECT_FALSE(channel.ended());
  ASSERT_EQ(channel.peek().size(), 2U);
  EXPECT_EQ(channel.peek()[1], 2U);
  channel.consume(1);
  std::array<Item, 4> out{};
  EXPECT_EQ(channel.pop_n(out), 1U);
  EXPECT_EQ(out[0], 2U);
  EXPECT_EQ(channel.pop_n(out), 0U);
  EXPECT_TRUE(channel.ended());
}

TEST(Channel, DropNewestKeepsTheOldestAndMarksTheGap) {
  Channel<Item, SpinWait> channel{4, Overflow::kDropNewest};
  const std::array<Item, 6> items{0, 1, 2, 3, 4, 5};
  EXPECT_FALSE(channel.gap());
  EXPECT_EQ(channel.push_n(items), 4U);
  EXPECT_TRUE(channel.gap());
  EXPECT_EQ(channel.n_dropped(), 2U);
  EXPECT_EQ(channel.push(6), Pushed::kDropped);
  EXPECT_EQ(channel.n_dropped(), 3U);
  std::array<Item, 8> out{};
  ASSERT_EQ(channel.try_pop_n(out), 4U);
  for (Item i = 0; i < 4; ++i) EXPECT_EQ(out[i], i);
  EXPECT_EQ(channel.try_pop_n(out), 0U);
  EXPECT_TRUE(channel.gap()) << "the gap lasts until something is stored behind it";
  EXPECT_EQ(channel.push(7), Pushed::kStored);
  EXPECT_FALSE(channel.gap());
}

TEST(Channel, DroppedAndDeliveredAddUpAcrossThreads) {
  constexpr Item kItems = 200'000;
  struct Marked {
    Item value;
    bool after_gap;
  };
  Channel<Marked> channel{16, Overflow::kDropNewest, WaitKind::kYield};
  std::thread producer{[&channel] {
    for (Item i = 0; i < kItems; ++i) {
      static_cast<void>(channel.push({i, channel.gap()}));
      if (i % 64 == 0) std::this_thread::yield();
    }
    channel.close();
  }};
  std::array<Marked, 8> out{};
  Item n_read = 0;
  Item expected = 0;
  bool gaps_are_marked = true;
  while (const std::size_t n = channel.pop_n(out)) {
    for (std::size_t i = 0; i < n; ++i) {
      gaps_are_marked &= out[i].after_gap == (out[i].value != expected);
      expected = out[i].value + 1;
    }
    n_read += n;
  }
  producer.join();
  EXPECT_TRUE(gaps_are_marked);
  EXPECT_EQ(n_read + channel.n_dropped(), kItems);
}

TEST(Channel, PoliciesAndWaitsHaveNames) {
  for (const auto name : kWaitKindNames) EXPECT_EQ(kWaitKindNames[static_cast<int>(*wait_kind_of(name))], name);
  for (const auto name : kOverflowNames) EXPECT_EQ(kOverflowNames[static_cast<int>(*overflow_of(name))], name);
  EXPECT_FALSE(wait_kind_of("sleep"));
  EXPECT_FALSE(overflow_of("drop_oldest"));
}

}  // namespace
}  // namespace hft::ring
