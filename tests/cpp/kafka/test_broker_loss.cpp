// Leaders that go and come back, on the mock cluster: nothing is lost, and a nudge finds the new leader at once.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "mock_cluster.hpp"

namespace hft::kafka {
namespace {

using namespace test;
using BrokerLoss = MockCluster;
using From = std::vector<TopicPartitionOffset>;

/// What the control thread of a daemon does.
template <class... Clients>
void watch(Clients&... clients) {
  const auto look = [](auto& client) {
    (void)client.poll_events(0ms);
    if (client.broker_down()) client.nudge();
  };
  (look(clients), ...);
}

TEST_F(BrokerLoss, LeaderThatDiesIsReplacedSoonAfterTheNudge) {
  using std::chrono::steady_clock;
  bool was_quick = false;
  // A connection that dies between two requests is no news to the client, and a busy machine may hold a round up.
  // Without the nudge no round is quicker than a second.
  for (int round = 0; round < 20 && !was_quick; ++round) {
    const std::string name = "ticks" + std::to_string(round);
    create(name, 1);
    set_leader(name, 0, 1);
    Producer producer{*library_, settings()};
    Consumer consumer{*library_, settings(), From{{name, 0, 0}}};
    const Topic topic = producer.open(name);
    fill(producer, topic, 0, 10);
    ASSERT_EQ(read(consumer, 10).size(), 10U);
    EXPECT_FALSE(consumer.broker_down());

    set_down(1);
    set_leader(name, 0, 2);
    const auto lost = steady_clock::now();
    ASSERT_TRUE(producer.produce(topic, 0, {}, bytes("after"), {}, 1));
    std::vector<std::string> messages;
    while (messages.empty() && steady_clock::now() - lost < 10s) {
      watch(producer, consumer);
      producer.poll(5ms, [](auto...) {});
      messages = read(consumer, 1, 20ms);
    }
    const bool was_nudged = consumer.broker_down() || producer.broker_down();
    was_quick = was_nudged && steady_clock::now() - lost < 900ms;
    ASSERT_EQ(messages, std::vector<std::string>{"0/0@10=after"});
    set_up(1);
  }
  EXPECT_TRUE(was_quick) << "the client alone looks once a second";
}

TEST_F(BrokerLoss, AllBrokersDownAndUpAgainLosesNothing) {
  create("ticks", 1);
  Producer producer{*library_, settings()};
  Consumer consumer{*library_, settings(), From{{"ticks", 0, 0}}};
  const Topic topic = producer.open("ticks");
  fill(producer, topic, 0, 5);
  for (const std::int32_t broker : {1, 2, 3}) set_down(broker);
  for (int i = 5; i < 50; ++i) {
    ASSERT_TRUE(producer.produce(topic, 0, {}, bytes(std::to_string(i)), {}, 0));
  }
  EXPECT_FALSE(producer.flush(500ms));
  for (int i = 0; i < 100 && !consumer.broker_down(); ++i) (void)consumer.poll_events(20ms);
  EXPECT_TRUE(consumer.broker_down());
  for (const std::int32_t broker : {1, 2, 3}) set_up(broker);
  EXPECT_TRUE(producer.flush(20s));
  const auto messages = read(consumer, 50, 20s);
  ASSERT_EQ(messages.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(messages[i], "0/0@" + std::to_string(i) + "=" + std::to_string(i));
  }
  EXPECT_FALSE(consumer.failed());
  EXPECT_FALSE(producer.fatal());
}

}  // namespace
}  // namespace hft::kafka
