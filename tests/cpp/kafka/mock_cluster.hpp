#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/kafka/consumer.hpp"
#include "hft/kafka/producer.hpp"

namespace hft::kafka::test {

using namespace std::chrono_literals;

/// The library under test, or why there is none.
inline const Library* library_or_null(std::string* why) {
  try {
    return &Library::load();
  } catch (const KafkaError& error) {
    *why = error.what();
    return nullptr;
  }
}

/// Three brokers inside this process: for error injection, never for speed or for loss. Fails in CI, and is skipped
/// elsewhere, when there is no librdkafka.
class MockCluster : public ::testing::Test {
 protected:
  static constexpr std::int16_t kProduceKey = 0;
  static constexpr std::int16_t kFetchKey = 1;
  static constexpr std::int16_t kListOffsetsKey = 2;

  void SetUp() override {
    std::string why;
    library_ = library_or_null(&why);
    if (library_ == nullptr) {
      if (std::getenv("CI") != nullptr) FAIL() << why;
      GTEST_SKIP() << why;
    }
    home_ = std::make_unique<Producer>(*library_, std::vector<Setting>{});
    cluster_ = call<void*(c::Handle*, int)>("rd_kafka_mock_cluster_new")(home_->client().handle(), 3);
    ASSERT_NE(cluster_, nullptr);
  }
  void TearDown() override {
    if (cluster_ != nullptr) call<void(void*)>("rd_kafka_mock_cluster_destroy")(cluster_);
  }

  void create(const std::string& topic, int n_partitions) {
    ASSERT_EQ(call<int(void*, const char*, int, int)>("rd_kafka_mock_topic_create")(cluster_, topic.c_str(),
                                                                                    n_partitions, 3), 0);
  }
  void set_leader(const std::string& topic, std::int32_t partition, std::int32_t broker) {
    call<int(void*, const char*, std::int32_t, std::int32_t)>("rd_kafka_mock_partition_set_leader")(
        cluster_, topic.c_str(), partition, broker);
  }
  void set_down(std::int32_t broker) {
    call<int(void*, std::int32_t)>("rd_kafka_mock_broker_set_down")(cluster_, broker);
  }
  void set_up(std::int32_t broker) { call<int(void*, std::int32_t)>("rd_kafka_mock_broker_set_up")(cluster_, broker); }
  void fail_next(std::int16_t api_key, c::Code code) {
    call<void(void*, std::int16_t, std::size_t, ...)>("rd_kafka_mock_push_request_errors")(cluster_, api_key, 1, code);
  }
  template <class Signature>
  [[nodiscard]] Signature* call(const char* name) const {
    return reinterpret_cast<Signature*>(library_->symbol(name));
  }

  [[nodiscard]] std::vector<Setting> settings(std::vector<Setting> more = {}) const {
    more.push_back({"bootstrap.servers",
                    call<const char*(const void*)>("rd_kafka_mock_cluster_bootstraps")(cluster_)});
    return more;
  }

  const Library* library_ = nullptr;
  std::unique_ptr<Producer> home_;
  void* cluster_ = nullptr;
};

inline std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }
inline std::string text(std::span<const std::byte> raw) {
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

/// Produces "0", "1", ... and waits until all are in the log.
inline void fill(Producer& producer, const Topic& topic, std::int32_t partition, int n) {
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(producer.produce(topic, partition, bytes("AAA"), bytes(std::to_string(i)), {}, 0));
  }
  ASSERT_TRUE(producer.flush(10s));
}

/// Reads until `n` messages came or `timeout` passed; returns "topic index/partition@offset=value" of each.
inline std::vector<std::string> read(Consumer& consumer, std::size_t n, std::chrono::milliseconds timeout = 10s) {
  std::vector<std::string> out;
  std::vector<Message> batch(64);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (out.size() < n && std::chrono::steady_clock::now() < deadline && !consumer.failed()) {
    const std::size_t got = consumer.poll(std::span{batch}.first(std::min(batch.size(), n - out.size())), 50ms);
    for (std::size_t i = 0; i < got; ++i) {
      const Message& m = batch[i];
      out.push_back(std::to_string(m.topic) + "/" + std::to_string(m.partition) + "@" + std::to_string(m.offset) + "=" +
                    text(m.value));
      consumer.release(batch[i]);
    }
  }
  return out;
}

template <class Action>
std::string failure_of(Action&& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace hft::kafka::test
