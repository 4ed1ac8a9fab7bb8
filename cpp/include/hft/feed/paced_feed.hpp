#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hft/feed/schedule.hpp"
#include "hft/feed/worker.hpp"

namespace hft::feed {

/// Sends prepared messages to Kafka at a fixed rate, whatever the brokers do: an open loop.
///
/// Several threads with a producer each; a partition belongs to one of them, so its order is that of the blocks. They
/// sleep until a message is due (timer slack of 1 us) and never spin: a core that spins is one that the brokers lack.
class PacedFeed {
 public:
  /// Called by whoever waits, about every 50 ms. What it throws ends the feed.
  using Tick = std::function<void()>;

  /// Connects and learns the partitions. Throws KafkaError; std::invalid_argument without a producer.
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
  void abort() noexcept { plan_.abort.store(true, std::memory_order_relaxed); }

  /// Lets go of the blocks that no thread needs any more: theirs are the bytes of somebody who may care where.
  void drop_retired();
  [[nodiscard]] std::uint64_t n_sent() const noexcept { return plan_.n_sent.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t n_delivered() const noexcept { return plan_.n_delivered.load(std::memory_order_relaxed); }
  [[nodiscard]] const Schedule& schedule() const noexcept { return plan_.schedule; }
  [[nodiscard]] std::int32_t partition_of(const FeedBlock& block, std::size_t i) const noexcept {
    return plan_.partition_of(block, i);
  }
  [[nodiscard]] std::int32_t n_partitions(std::size_t topic) const { return plan_.n_partitions.at(topic); }
  /// After finish().
  [[nodiscard]] FeedTotals totals() const;

  static constexpr std::size_t kMostBlocks = 3;

 private:
  struct Hand {
    Worker worker;
    std::thread thread;
    bool done = false;  // guarded by mutex_
    Hand(FeedPlan& plan, std::size_t number, const Tick& tick) : worker{plan, number, tick} {}
  };
  struct Pending {
    std::shared_ptr<const FeedBlock> block;
    std::uint64_t first = 0;  // of the schedule
    std::size_t n_hands_left = 0;
  };

  void work(Hand& hand) noexcept;
  [[nodiscard]] Pending next_block(std::uint64_t number);
  void finish_block(std::uint64_t number);
  void attend(std::unique_lock<std::mutex>& lock, const Tick& tick);
  void join() noexcept;

  FeedPlan plan_;
  std::vector<std::unique_ptr<Hand>> hands_;
  std::map<std::string, std::uint64_t> client_errors_;

  std::mutex mutex_;  // guards what follows, and Hand::done
  std::condition_variable changed_;
  std::deque<Pending> pending_;
  std::uint64_t first_pending_ = 0;  // number of pending_.front()
  std::uint64_t n_scheduled_ = 0;
  bool ended_ = false;
  std::vector<std::shared_ptr<const FeedBlock>> retired_;
};

}  // namespace hft::feed
