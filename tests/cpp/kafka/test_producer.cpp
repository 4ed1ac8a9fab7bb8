#include "hft/kafka/producer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "mock_cluster.hpp"

namespace hft::kafka {
namespace {

using namespace test;
using ProducerTest = MockCluster;

TEST_F(ProducerTest, EveryMessageIsReportedOnceInOrderWithItsTagAndOffset) {
  create("out", 2);
  Producer producer{*library_, settings()};
  const Topic topic = producer.open("out");
  EXPECT_EQ(topic.n_partitions, 2);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(producer.produce(topic, static_cast<std::int32_t>(i % 2), {}, bytes("x"), {}, i + 7));
  }
  std::vector<std::uint64_t> next_tag{7, 8};
  std::vector<std::int64_t> next_offset{0, 0};
  ASSERT_TRUE(producer.flush(10s, [&](std::uint64_t tag, std::int32_t partition, std::int64_t offset, int code) {
    const auto p = static_cast<std::size_t>(partition);
    EXPECT_EQ(code, 0);
    EXPECT_EQ(tag, next_tag[p]);
    EXPECT_EQ(offset, next_offset[p]++);
    next_tag[p] += 2;
  }));
  EXPECT_EQ(next_offset, (std::vector<std::int64_t>{500, 500}));
  EXPECT_EQ(producer.outq_len(), 0U);
  EXPECT_FALSE(producer.fatal());
}

TEST_F(ProducerTest, FullQueueRefusesAndTakesAgainAfterPolling) {
  create("out", 1);
  Producer producer{*library_, settings({{"queue.buffering.max.messages", "10"}})};
  const Topic topic = producer.open("out");
  Error why;
  int n_taken = 0;
  while (n_taken < 100 && producer.produce(topic, 0, {}, bytes("x"), {}, 0, &why)) ++n_taken;
  EXPECT_EQ(n_taken, 10) << "deliveries free their places only when polled";
  EXPECT_EQ(why.kind, ErrorKind::kQueueFull);
  EXPECT_EQ(why.code, c::kQueueFull);
  ASSERT_TRUE(producer.flush(10s));
  EXPECT_TRUE(producer.produce(topic, 0, {}, bytes("x"), {}, 0, &why));
  ASSERT_TRUE(producer.flush(10s));
}

TEST_F(ProducerTest, BrokerErrorsThatPassAreRetriedWithoutLossOrDouble) {
  create("out", 1);
  Producer producer{*library_, settings()};
  const Topic topic = producer.open("out");
  fail_next(kProduceKey, c::kNotLeader);
  fail_next(kProduceKey, c::kRequestTimedOut);
  fill(producer, topic, 0, 200);
  Consumer consumer{*library_, settings(), std::vector<TopicPartitionOffset>{{"out", 0, kEarliest}}};
  const auto messages = read(consumer, 200);
  ASSERT_EQ(messages.size(), 200U);
  EXPECT_EQ(messages[199], "0/0@199=199");
  EXPECT_EQ(consumer.watermarks("out", 0, 5s).high, 200);
}

TEST_F(ProducerTest, FatalErrorIsKeptAndRefusesEverythingAfterIt) {
  create("out", 1);
  Producer producer{*library_, settings()};
  const Topic topic = producer.open("out");
  constexpr int kOutOfOrderSequence = 45;
  call<int(c::Handle*, int, const char*)>("rd_kafka_test_fatal_error")(producer.client().handle(), kOutOfOrderSequence,
                                                                      "for the test");
  Error why;
  EXPECT_FALSE(producer.produce(topic, 0, {}, bytes("x"), {}, 0, &why));
  EXPECT_EQ(why.kind, ErrorKind::kFatal);
  const auto fatal = producer.fatal();
  ASSERT_TRUE(fatal);
  EXPECT_EQ(fatal->code, kOutOfOrderSequence);
  EXPECT_NE(fatal->text.find("for the test"), std::string::npos) << fatal->text;
}

TEST_F(ProducerTest, MessageThatCannotBeWrittenMakesItFatalRatherThanLeaveAHole) {
  create("out", 1);
  Producer producer{*library_, settings()};
  const Topic topic = producer.open("out");
  constexpr c::Code kMessageTooLarge = 10;
  fail_next(kProduceKey, kMessageTooLarge);
  ASSERT_TRUE(producer.produce(topic, 0, {}, bytes("x"), {}, 1));
  int failed_with = 0;
  EXPECT_TRUE(producer.flush(10s, [&](std::uint64_t, std::int32_t, std::int64_t, int code) { failed_with = code; }));
  EXPECT_NE(failed_with, 0);
  EXPECT_TRUE(producer.fatal());
}

TEST_F(ProducerTest, MissingTopicIsNamedAtTheStart) {
  call<void(void*, const char*, int)>("rd_kafka_mock_topic_set_error")(cluster_, "absent", 3);
  Producer producer{*library_, settings()};
  const std::string why = failure_of([&] { (void)producer.open("absent", 2s); });
  EXPECT_NE(why.find("Kafka topic \"absent\": Broker: Unknown topic or partition"), std::string::npos) << why;
}

TEST_F(ProducerTest, NobodyThereIsSaidInTimeWithTheLastError) {
  Producer producer{*library_, std::vector<Setting>{{"bootstrap.servers", "127.0.0.1:1"}}};
  const auto start = std::chrono::steady_clock::now();
  const std::string why = failure_of([&] { (void)producer.open("ticks", 500ms); });
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_NE(why.find("Kafka topic \"ticks\""), std::string::npos) << why;
  EXPECT_NE(why.find("127.0.0.1:1"), std::string::npos) << why;
}

TEST_F(ProducerTest, SettingsThatBreakAPromiseAreRefused) {
  const auto refusal = [&](const Setting& s) {
    return failure_of([&] { Producer{*library_, std::vector<Setting>{s}}; });
  };
  EXPECT_EQ(refusal({"enable.idempotence", "false"}), "Kafka property \"enable.idempotence\" is fixed: true");
  EXPECT_EQ(refusal({"acks", "1"}), "Kafka property \"acks\" is fixed: all");
  EXPECT_EQ(refusal({"acks", "all"}), "nothing was thrown");
  EXPECT_NE(refusal({"linger.sm", "1"}).find("Kafka property \"linger.sm\": librdkafka"), std::string::npos);
}

TEST_F(ProducerTest, SecretsNeverShow) {
  const std::string why = failure_of([&] {
    Producer{*library_, std::vector<Setting>{{"sasl.password.x", "hunter22"}, {"sasl.password", "hunter2"}}};
  });
  EXPECT_NE(why.find("sasl.password.x"), std::string::npos) << why;
  EXPECT_EQ(why.find("hunter2"), std::string::npos) << why;
  const Producer producer{*library_, settings({{"sasl.password", "hunter2"}, {"ssl.key.password", "hunter22"}})};
  EXPECT_EQ(producer.client().redacted("a hunter22 b hunter2 c"), "a *** b *** c");
}

TEST_F(ProducerTest, TooManyHeadersAreRefusedAndNotCut) {
  create("out", 1);
  Producer producer{*library_, settings()};
  const Topic topic = producer.open("out");
  const std::vector<Header> headers(Producer::kMaxHeaders + 1, Header{"h", {}});
  Error why;
  EXPECT_FALSE(producer.produce(topic, 0, {}, {}, headers, 0, &why));
  EXPECT_EQ(why.text, "too many headers");
  EXPECT_TRUE(producer.produce(topic, 0, {}, {}, std::span{headers}.first(Producer::kMaxHeaders), 0, &why));
  EXPECT_TRUE(producer.flush(10s));
}

}  // namespace
}  // namespace hft::kafka
