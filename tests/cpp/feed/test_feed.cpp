#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/feed/hop_probe.hpp"
#include "hft/feed/paced_feed.hpp"
#include "mock_cluster.hpp"

namespace hft::feed {
namespace {

using namespace kafka::test;

const PacedFeed::Tick kNoTick = [] {};

TEST(Schedule, AMessageIsDueByItsNumberHoweverLateTheOnesBeforeItWere) {
  Schedule schedule{4.0};
  schedule.begin(1'000);
  EXPECT_TRUE(schedule.paced());
  EXPECT_EQ(schedule.due_ns(0), 1'000);
  EXPECT_EQ(schedule.due_ns(3), 750'001'000);
  EXPECT_FALSE(Schedule{0.0}.paced());
}

class FeedTest : public MockCluster {
 protected:
  [[nodiscard]] FeedConfig config(double rate_hz, std::size_t n_producers = 1) const {
    FeedConfig made;
    made.library = library_;
    made.settings = settings();
    made.topics = {"in"};
    made.keys = {"AAA", "BBB"};
    made.rate_hz = rate_hz;
    made.n_producers = n_producers;
    return made;
  }

  /// "0", "1", ..., to partitions 0, 1, 0, ...
  static std::shared_ptr<const FeedBlock> block(int n) {
    auto texts = std::make_shared<std::vector<std::string>>();
    for (int i = 0; i < n; ++i) texts->push_back(std::to_string(i));
    auto made = std::make_shared<FeedBlock>();
    for (std::size_t i = 0; i < texts->size(); ++i) {
      made->values.push_back(bytes((*texts)[i]));
      made->keys.push_back(0);
      made->topics.push_back(0);
      made->partitions.push_back(static_cast<std::int32_t>(i % 2));
    }
    made->owner = texts;
    return made;
  }
};

TEST_F(FeedTest, SeveralProducersDeliverEachMessageOnceInTheOrderOfItsPartition) {
  create("in", 2);
  PacedFeed feed{config(0, 2), kNoTick};
  EXPECT_EQ(feed.n_partitions(0), 2);
  feed.push(block(100), kNoTick);
  feed.push(block(100), kNoTick);
  ASSERT_TRUE(feed.finish(10s, kNoTick));
  EXPECT_EQ(feed.totals().n_sent, 200U);
  EXPECT_EQ(feed.totals().n_delivered, 200U);
  EXPECT_EQ(feed.totals().n_failed, 0U);
  EXPECT_THROW(feed.push(block(1), kNoTick), std::logic_error);

  kafka::Consumer consumer{*library_, settings(),
                           std::vector<kafka::TopicPartitionOffset>{{"in", 1, kafka::kEarliest}}};
  const std::vector<std::string> seen = read(consumer, 100);
  ASSERT_EQ(seen.size(), 100U);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i], "0/1@" + std::to_string(i) + "=" + std::to_string(i % 50 * 2 + 1));
  }
}

TEST_F(FeedTest, NoMessageGoesBeforeItsTimeAndNoneTakesLongerThanItsAnswer) {
  create("in", 2);
  PacedFeed feed{config(1'000), kNoTick};
  const std::int64_t begin_ns = steady_ns();
  feed.push(block(100), kNoTick);
  ASSERT_TRUE(feed.finish(10s, kNoTick));
  const FeedTotals totals = feed.totals();
  EXPECT_GE(totals.last_sent_ns - begin_ns, 99'000'000);
  EXPECT_EQ(totals.lateness.count(), 100U);
  EXPECT_EQ(totals.acknowledged.count(), 100U);
}

TEST_F(FeedTest, WhatTheWaitingThreadThrowsEndsTheFeed) {
  create("in", 2);
  PacedFeed feed{config(10), kNoTick};
  feed.push(block(1'000), kNoTick);
  EXPECT_THROW((void)feed.finish(10s, [] { throw std::runtime_error("interrupted"); }), std::runtime_error);
  feed.stop();
  EXPECT_LT(feed.n_sent(), 1'000U);
}

TEST_F(FeedTest, AFeedWithoutProducersIsRefused) {
  EXPECT_EQ(failure_of([&] { PacedFeed{config(0, 0), kNoTick}; }), "n_producers must be >= 1, was 0");
}

TEST_F(FeedTest, TheProbeMeetsEveryMessageThatItSent) {
  create("in", 2);
  ProbeConfig probe_config;
  probe_config.feed = config(2'000);
  probe_config.consumer = settings();
  probe_config.read_topic = "in";
  probe_config.warm_up = 20;
  HopProbe probe{probe_config, kNoTick};
  const ProbeTotals totals = probe.run(block(100), kNoTick);
  EXPECT_EQ(totals.error, "");
  EXPECT_EQ(totals.n_read, 100U);
  EXPECT_EQ(totals.n_matched, 100U);
  EXPECT_EQ(totals.latency.count(), 80U);
}

}  // namespace
}  // namespace hft::feed
