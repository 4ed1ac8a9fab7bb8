#include "hft/kafka/consumer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "mock_cluster.hpp"

namespace hft::kafka {
namespace {

using namespace test;
using ConsumerTest = MockCluster;
using From = std::vector<TopicPartitionOffset>;

TEST_F(ConsumerTest, WhatWasProducedIsReadWithKeysAndHeaders) {
  create("ticks", 1);
  Producer producer{*library_, settings()};
  const Topic topic = producer.open("ticks");
  const std::string binary{"\0\xff\x01", 3};
  const std::vector<Header> headers{{"hft", bytes(binary)}, {"order", bytes("abc")}, {"empty", {}}};
  ASSERT_TRUE(producer.produce(topic, 0, bytes("AAA"), bytes("value"), headers, 0));
  ASSERT_TRUE(producer.produce(topic, 0, {}, bytes(""), {}, 0));
  ASSERT_TRUE(producer.flush(10s));

  Consumer consumer{*library_, settings(), From{{"ticks", 0, kEarliest}}};
  std::vector<Message> got(2);
  std::size_t n = 0;
  for (int i = 0; i < 200 && n < 2; ++i) n += consumer.poll(std::span{got}.subspan(n), 50ms);
  ASSERT_EQ(n, 2U);
  EXPECT_EQ(text(got[0].key), "AAA");
  EXPECT_EQ(text(got[0].value), "value");
  EXPECT_EQ(got[0].offset, 0);
  EXPECT_GT(got[0].timestamp_ms, 0);
  const auto read_headers = consumer.headers_of(got[0]);
  ASSERT_EQ(read_headers.size(), 3U);
  EXPECT_EQ(read_headers[0].name, "hft");
  EXPECT_EQ(text(read_headers[0].value), binary);
  EXPECT_EQ(read_headers[1].name, "order");
  EXPECT_TRUE(read_headers[2].value.empty());
  EXPECT_TRUE(got[1].key.empty());
  EXPECT_TRUE(got[1].value.empty());
  EXPECT_TRUE(consumer.headers_of(got[1]).empty());
  for (Message& message : got) consumer.release(message);
  EXPECT_EQ(got[0].handle, nullptr);
}

TEST_F(ConsumerTest, BeginsAtTheGivenOffsets) {
  create("ticks", 3);
  create("quotes", 1);
  Producer producer{*library_, settings()};
  const Topic ticks = producer.open("ticks");
  for (std::int32_t p = 0; p < 3; ++p) fill(producer, ticks, p, 10);
  fill(producer, producer.open("quotes"), 0, 5);

  Consumer consumer{*library_, settings(),
                    From{{"ticks", 0, 8}, {"quotes", 0, kEarliest}, {"ticks", 2, kLatest}, {"ticks", 1, 10}}};
  EXPECT_EQ(consumer.topics(), (std::vector<std::string>{"ticks", "quotes"}));
  EXPECT_EQ(consumer.n_partitions(0), 3);
  EXPECT_EQ(consumer.assignment()[1].offset, 0);
  EXPECT_EQ(consumer.assignment()[2].offset, 10) << "a number that can be stored";
  fill(producer, ticks, 2, 1);
  auto messages = read(consumer, 8);
  std::ranges::sort(messages);
  EXPECT_EQ(messages, (std::vector<std::string>{"0/0@8=8", "0/0@9=9", "0/2@10=0", "1/0@0=0", "1/0@1=1", "1/0@2=2",
                                                "1/0@3=3", "1/0@4=4"}));
  EXPECT_TRUE(read(consumer, 1, 300ms).empty());
}

TEST_F(ConsumerTest, PollTakesWhatIsThereAndDoesNotWaitForMore) {
  create("ticks", 1);
  Producer producer{*library_, settings()};
  fill(producer, producer.open("ticks"), 0, 3);
  Consumer consumer{*library_, settings(), From{{"ticks", 0, 0}}};
  std::vector<Message> room(512);
  const auto start = std::chrono::steady_clock::now();
  std::size_t n = 0;
  while (n < 3) n += consumer.poll(std::span{room}.subspan(n), 10s);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  for (std::size_t i = 0; i < n; ++i) consumer.release(room[i]);
  EXPECT_EQ(consumer.poll({}, 10s), 0U);
}

TEST_F(ConsumerTest, SplitLanesAreReadInAnyOrderAndThenMerged) {
  create("trades", 1);
  create("quotes", 1);
  Producer producer{*library_, settings()};
  const Topic trades = producer.open("trades");
  const Topic quotes = producer.open("quotes");
  fill(producer, trades, 0, 4);
  fill(producer, quotes, 0, 4);
  Consumer consumer{*library_, settings(), From{{"trades", 0, 0}, {"quotes", 0, 0}}, Lanes::kSplit};
  std::vector<std::string> seen;
  for (const std::size_t lane : {1, 0, 1, 1, 0}) {
    Message one;
    std::size_t n = 0;
    for (int i = 0; i < 200 && n == 0; ++i) n = consumer.poll_one(lane, {&one, 1}, 50ms);
    ASSERT_EQ(n, 1U);
    seen.push_back(std::to_string(one.topic) + "@" + std::to_string(one.offset));
    consumer.release(one);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"1@0", "0@0", "1@1", "1@2", "0@1"}));
  consumer.merge();
  fill(producer, trades, 0, 1);
  auto rest = read(consumer, 4);
  std::ranges::sort(rest);
  EXPECT_EQ(rest, (std::vector<std::string>{"0/0@2=2", "0/0@3=3", "0/0@4=0", "1/0@3=3"}));
}

TEST_F(ConsumerTest, OffsetOutsideTheLogIsAnErrorWithItsEnds) {
  create("ticks", 2);
  Producer producer{*library_, settings()};
  fill(producer, producer.open("ticks"), 1, 5);
  Consumer consumer{*library_, settings(), From{{"ticks", 1, 100}}};
  EXPECT_TRUE(read(consumer, 1, 10s).empty());
  ASSERT_TRUE(consumer.failed());
  const auto error = consumer.take_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::kInputLost);
  EXPECT_EQ(error->text,
            "Kafka topic \"ticks\" partition 1: offset 100 is not in the log, which holds offsets 0 to below 5");
  EXPECT_FALSE(consumer.failed());
  EXPECT_FALSE(consumer.take_error());
}

TEST_F(ConsumerTest, AssignmentThatCannotBeIsRefusedAtTheStart) {
  create("ticks", 2);
  const auto refusal = [&](const From& from) {
    return failure_of([&] { Consumer{*library_, settings(), from, Lanes::kMerged, 2s}; });
  };
  EXPECT_EQ(refusal({{"ticks", 2, 0}}), "Kafka topic \"ticks\" partition 2: the topic has partitions 0 to 1");
  EXPECT_EQ(refusal({{"ticks", 0, -7}}), "Kafka topic \"ticks\" partition 0: offset must be >= 0, was -7");
  EXPECT_EQ(refusal({{"ticks", 0, 0}, {"ticks", 0, 0}}), "Kafka topic \"ticks\" partition 0 is assigned twice");
  EXPECT_EQ(refusal({}), "nothing was thrown");
}

TEST_F(ConsumerTest, PassingFetchErrorsAreRetried) {
  create("ticks", 1);
  Producer producer{*library_, settings()};
  fill(producer, producer.open("ticks"), 0, 50);
  fail_next(kFetchKey, c::kNotLeader);
  Consumer consumer{*library_, settings(), From{{"ticks", 0, 0}}};
  EXPECT_EQ(read(consumer, 50).size(), 50U);
  EXPECT_FALSE(consumer.failed());
}

TEST_F(ConsumerTest, WatermarksWaitForABrokerThatDoesNotKnowThemYet) {
  create("ticks", 1);
  Producer producer{*library_, settings()};
  fill(producer, producer.open("ticks"), 0, 50);
  Consumer consumer{*library_, settings(), From{{"ticks", 0, 0}}};
  for (const c::Code code : {c::kOffsetNotAvailable, c::kUnknownTopicOrPart}) {
    fail_next(kListOffsetsKey, code);
    EXPECT_EQ(consumer.watermarks("ticks", 0, 5s).high, 50) << code;
  }
}

TEST_F(ConsumerTest, OffsetsMayNotBeCommittedOrReset) {
  const auto refusal = [&](const Setting& s) {
    return failure_of([&] { Consumer{*library_, settings({s}), {}}; });
  };
  EXPECT_EQ(refusal({"auto.offset.reset", "earliest"}), "Kafka property \"auto.offset.reset\" is fixed: error");
  EXPECT_EQ(refusal({"enable.auto.commit", "true"}), "Kafka property \"enable.auto.commit\" is fixed: false");
}

TEST_F(ConsumerTest, EventsBringStatisticsAndNotesAboutOldLibraries) {
  Consumer consumer{*library_, settings({{"statistics.interval.ms", "100"}}), {}};
  bool stats = false;
  for (int i = 0; i < 50 && !stats; ++i) {
    for (const ClientEvent& event : consumer.poll_events(100ms)) {
      stats = stats || (event.kind == EventKind::kStats && event.text.starts_with("{"));
    }
  }
  EXPECT_TRUE(stats);
}

}  // namespace
}  // namespace hft::kafka
