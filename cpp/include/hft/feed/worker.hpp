#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hft/feed/schedule.hpp"
#include "hft/kafka/bursts.hpp"
#include "hft/kafka/producer.hpp"
#include "hft/telemetry/latency_histogram.hpp"

namespace hft::feed {

/// Messages in the order of the schedule. The bytes belong to somebody else, who keeps them until the block is retired.
struct FeedBlock {
  std::vector<std::span<const std::byte>> values;
  std::vector<std::uint32_t> keys;       // index into FeedConfig::keys
  std::vector<std::uint16_t> topics;     // index into FeedConfig::topics
  std::vector<std::int32_t> partitions;  // empty: by the key, as every producer of ours does
  std::shared_ptr<const void> owner;
};

struct FeedConfig {
  const kafka::Library* library = nullptr;
  std::vector<kafka::Setting> settings;
  std::vector<std::string> topics;
  std::vector<std::string> keys;
  double rate_hz = 0;  // 0: as fast as it goes
  std::size_t n_producers = 1;
  bool time_header = false;  // header "t": int64, when the message was due, nanoseconds since 1970
  kafka::milliseconds connect_timeout{10'000};
};

struct FeedTotals {
  std::uint64_t n_sent = 0;
  std::uint64_t n_delivered = 0;
  std::uint64_t n_failed = 0;
  std::int64_t last_sent_ns = 0;             // steady clock
  telemetry::LatencyHistogram lateness;      // produce() called after the message was due
  telemetry::LatencyHistogram acknowledged;  // delivery seen after the message was due
  std::map<std::string, std::uint64_t> errors;

  void add(const FeedTotals& other);
};

/// Counts a text; of ever new ones only the first are kept.
void count_error(std::map<std::string, std::uint64_t>& errors, const std::string& text);

/// What the threads of one feed share. Written before the first block, but for the atomics.
struct FeedPlan {
  explicit FeedPlan(FeedConfig of) : config{std::move(of)}, schedule{config.rate_hz} {}

  FeedConfig config;
  Schedule schedule;
  std::int64_t wall_offset_ns = 0;  // wall clock minus steady clock, at the start
  std::vector<std::int32_t> n_partitions;
  std::vector<std::int32_t> partition_table;  // [topic * keys + key]
  std::atomic<bool> abort{false};
  std::atomic<std::uint64_t> n_sent{0};
  std::atomic<std::uint64_t> n_delivered{0};

  [[nodiscard]] std::int32_t partition_of(const FeedBlock& block, std::size_t i) const noexcept {
    if (!block.partitions.empty()) return block.partitions[i];
    return partition_table[block.topics[i] * config.keys.size() + block.keys[i]];
  }
  [[nodiscard]] bool aborted() const noexcept { return abort.load(std::memory_order_relaxed); }
};

/// One thread's producer and the messages of its partitions.
class Worker {
 public:
  static constexpr std::size_t kMostBursts = 3;

  /// Connects, in short tries with a `tick` between them. Throws KafkaError.
  Worker(FeedPlan& plan, std::size_t number, const std::function<void()>& tick);

  /// Sends what is ours of a block when it is due; message 0 of it is number `first` of the schedule.
  void send(const FeedBlock& block, std::uint64_t first);
  /// Waits until everything sent is answered, or the feed is aborted.
  void drain();
  /// After the thread ended: lets go of the connection.
  void disconnect() noexcept { producer_.reset(); }

  [[nodiscard]] kafka::Producer& producer() noexcept { return *producer_; }
  [[nodiscard]] const std::vector<kafka::Topic>& topics() const noexcept { return topics_; }
  [[nodiscard]] const FeedTotals& totals() const noexcept { return totals_; }

 private:
  void open(const std::string& topic, const std::function<void()>& tick);
  void send_one(const FeedBlock& block, std::size_t i, std::uint64_t index);
  void refused(const kafka::Error& why);
  void wait_until(std::int64_t due_ns);
  void begin_burst();
  void end_burst();
  void poll(kafka::milliseconds timeout);

  FeedPlan& plan_;
  std::size_t number_;
  std::unique_ptr<kafka::Producer> producer_;
  std::vector<kafka::Topic> topics_;
  FeedTotals totals_;
  kafka::Bursts bursts_{kMostBursts};
  std::optional<kafka::Bursts::Id> burst_;
  std::size_t n_burst_ = 0;  // messages in it
};

}  // namespace hft::feed
