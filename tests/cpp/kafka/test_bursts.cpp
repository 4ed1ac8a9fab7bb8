#include "hft/kafka/bursts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "hft/ring/channel.hpp"

namespace hft::kafka {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

TEST(Bursts, no_more_than_so_many_are_on_their_way) {
  Bursts bursts{2};
  const auto first = bursts.begin(microseconds{0});
  const auto second = bursts.begin(microseconds{0});
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_FALSE(bursts.begin(microseconds{0}));
  bursts.end(*first);  // empty: over at once
  EXPECT_TRUE(bursts.begin(microseconds{0}));
}

TEST(Bursts, a_burst_is_on_its_way_until_it_ended_and_all_of_it_is_acknowledged) {
  Bursts bursts{1};
  const auto burst = bursts.begin(microseconds{0});
  ASSERT_TRUE(burst);
  bursts.add(*burst);
  bursts.acknowledged(*burst);
  EXPECT_FALSE(bursts.begin(microseconds{0})) << "more may follow";
  bursts.add(*burst);
  bursts.end(*burst);
  EXPECT_FALSE(bursts.begin(microseconds{0})) << "one is not acknowledged";
  bursts.acknowledged(*burst);
  EXPECT_TRUE(bursts.begin(microseconds{0}));
}

TEST(Bursts, who_waits_for_room_gives_up_in_time) {
  Bursts bursts{1};
  ASSERT_TRUE(bursts.begin(microseconds{0}));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(bursts.begin(microseconds{20'000}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, microseconds{20'000});
}

TEST(Bursts, two_threads_hand_over_and_acknowledge) {
  constexpr std::size_t kMost = 3;
  constexpr int kRounds = 20'000;
  Bursts bursts{kMost};
  ring::Channel<Bursts::Id> sent{1024, ring::Overflow::kBlock, ring::WaitKind::kBlock};
  std::atomic<int> n_open{0};  // messages of bursts that may not be counted out yet
  std::thread acknowledging{[&] {
    std::vector<Bursts::Id> batch(7);
    while (const std::size_t n = sent.pop_n(batch)) {
      for (std::size_t i = 0; i < n; ++i) {
        n_open.fetch_sub(1);
        bursts.acknowledged(batch[i]);
      }
    }
  }};
  int most_open = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto burst = bursts.begin(seconds{10});
    ASSERT_TRUE(burst) << "round " << round;
    for (int i = 0; i <= round % 4; ++i) {
      bursts.add(*burst);
      most_open = std::max(most_open, n_open.fetch_add(1) + 1);
      ASSERT_EQ(sent.push(*burst), ring::Pushed::kStored);
    }
    bursts.end(*burst);
  }
  sent.close();
  acknowledging.join();
  EXPECT_EQ(n_open.load(), 0);
  EXPECT_LE(most_open, static_cast<int>(kMost) * 4);
  for (std::size_t i = 0; i < kMost; ++i) EXPECT_TRUE(bursts.begin(microseconds{0}));
}

}  // namespace
}  // namespace hft::kafka
