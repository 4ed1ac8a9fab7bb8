#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "hft/kafka/bursts.hpp"
#include "hft/kafka/producer.hpp"
#include "hft/telemetry/latency_histogram.hpp"

namespace hft::bindings {

[[nodiscard]] std::int64_t steady_ns() noexcept;

/// Message i is due at start + i / rate by the steady clock, however late the ones before it were.
class Schedule {
 public:
  explicit Schedule(double rate_hz) : period_ns_{rate_hz > 0 ? 1e9 / rate_hz : 0} {}
  /// The moment of message 0.
  void begin(std::int64_t at_ns) noexcept { start_ns_ = at_ns; }
  [[nodiscard]] bool paced() const noexcept { return period_ns_ > 0; }
  [[nodiscard]] std::int64_t start_ns() const noexcept { return start_ns_; }
  [[nodiscard]] std::int64_t due_ns(std::uint64_t i) const noexcept {
    return start_ns_ + static_cast<std::int64_t>(static_cast<double>(i) * period_ns_);
  }

 private:
  double period_ns_;
  std::int64_t start_ns_ = 0;
};

/// Messages in the order of the schedule. The bytes belong to somebody else, who keeps them until the block is retired.
struct FeedBlock {
  std::vector<std::span<const std::byte>> values;
  std::vector<std::uint32_t> keys;        // index into FeedConfig::keys
  std::vector<std::uint16_t> topics;      // index into FeedConfig::topics
  std::vector<std::int32_t> partitions;   // empty: by the key, as every producer of ours does
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
  std::int64_t last_sent_ns = 0;  // steady clock
  telemetry::LatencyHistogram lateness;      // produce() called after the message was due
  telemetry::LatencyHistogram acknowledged;  // delivery seen after the message was due
  std::map<std::string, std::uint64_t> errors;
};

/// Sends prepared messages to Kafka at a fixed rate, whatever the brokers do: an open loop.
///
/// Several threads with a producer each; a partition belongs to one of them, so its order is that of the blocks. They
/// sleep until a message is due (timer slack of 1 us) and never spin: a core that spins is one that the brokers lack.
class PacedFeed {
 public:
  /// Called by whoever waits, about every 50 ms. What it throws ends the feed.
  using Tick = std::function<void()>;

  /// Connects and learns the partitions. Throws KafkaError.
  PacedFeed(FeedConfig config, const Tick& tick);
  ~PacedFeed();
  PacedFeed(const PacedFeed&) = delete;
  PacedFeed& operator=(const PacedFeed&) = delete;

  /// Hands a block to the threads; waits while kMostBlocks are still being sent. The first block starts the schedule.
  void push(std::shared_ptr<const FeedBlock> block, const Tick& tick);
  /// No more blocks: waits until everything is delivered. False: given up after `timeout` without any progress.
  [[nodiscard]] bool finish(kafka::milliseconds timeout, const Tick& tick);
  /// Gives up what was not sent, and waits for the threads.
  void stop() noexcept;
  void abort() noexcept { abort_.store(true, std::memory_order_relaxed); }

  /// Lets go of the blocks that no thread needs any more: theirs are the bytes of somebody who may care where.
  void drop_retired();
  [[nodiscard]] std::uint64_t n_sent() const noexcept { return n_sent_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t n_delivered() const noexcept { return n_delivered_.load(std::memory_order_relaxed); }
  [[nodiscard]] const Schedule& schedule() const noexcept { return schedule_; }
  [[nodiscard]] std::int32_t partition_of(const FeedBlock& block, std::size_t i) const noexcept;
  [[nodiscard]] std::int32_t n_partitions(std::size_t topic) const { return n_partitions_.at(topic); }
  /// After finish().
  [[nodiscard]] FeedTotals totals() const;

  static constexpr std::size_t kMostBlocks = 3;
  static constexpr std::size_t kMostBursts = 3;

 private:
  struct Worker {
    std::size_t number = 0;
    std::unique_ptr<kafka::Producer> producer;
    std::vector<kafka::Topic> topics;
    FeedTotals totals;
    kafka::Bursts bursts{kMostBursts};
    std::optional<kafka::Bursts::Id> burst;
    std::size_t n_burst = 0;  // messages in it
    std::thread thread;
    bool done = false;  // guarded by mutex_
  };
  struct Pending {
    std::shared_ptr<const FeedBlock> block;
    std::uint64_t first = 0;  // of the schedule
    std::size_t n_workers_left = 0;
  };

  void connect(Worker& worker, const Tick& tick);
  void work(Worker& worker) noexcept;
  [[nodiscard]] Pending next_block(std::uint64_t number);
  void finish_block(std::uint64_t number);
  void send(Worker& worker, const Pending& pending);
  void send_one(Worker& worker, const FeedBlock& block, std::size_t i, std::uint64_t index);
  void wait_until(Worker& worker, std::int64_t due_ns);
  void begin_burst(Worker& worker);
  void end_burst(Worker& worker);
  void poll(Worker& worker, kafka::milliseconds timeout);
  void attend(std::unique_lock<std::mutex>& lock, const Tick& tick);
  void join() noexcept;
  [[nodiscard]] bool aborted() const noexcept { return abort_.load(std::memory_order_relaxed); }

  FeedConfig config_;
  Schedule schedule_;
  std::int64_t wall_offset_ns_ = 0;  // wall clock minus steady clock, at the start
  std::vector<std::int32_t> n_partitions_;
  std::vector<std::int32_t> partition_table_;  // [topic * keys + key]
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> abort_{false};
  std::atomic<std::uint64_t> n_sent_{0};
  std::atomic<std::uint64_t> n_delivered_{0};
  std::map<std::string, std::uint64_t> client_errors_;

  std::mutex mutex_;  // guards what follows, and Worker::done
  std::condition_variable changed_;
  std::deque<Pending> pending_;
  std::uint64_t first_pending_ = 0;  // number of pending_.front()
  std::uint64_t n_scheduled_ = 0;
  bool ended_ = false;
  std::vector<std::shared_ptr<const FeedBlock>> retired_;
};

}  // namespace hft::bindings
