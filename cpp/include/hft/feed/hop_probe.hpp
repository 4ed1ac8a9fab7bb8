#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hft/feed/paced_feed.hpp"
#include "hft/kafka/consumer.hpp"

namespace hft::feed {

/// What is read, and how a message that is read is matched with the one that was sent.
enum class Hop : std::uint8_t {
  kSame = 0,       // the messages themselves, from the topic that is written
  kDecisions = 1,  // decision frames of a daemon: the id holds partition and offset of the message that caused it
};

struct ProbeConfig {
  FeedConfig feed;  // of one topic
  std::vector<kafka::Setting> consumer;
  std::string read_topic;
  Hop hop = Hop::kSame;
  std::uint64_t warm_up = 0;  // messages at the start whose times do not count
  kafka::milliseconds quiet{2'000};  // decisions: the end is when none came for so long after the last was sent
};

struct ProbeTotals {
  FeedTotals feed;
  telemetry::LatencyHistogram latency;  // read by this process after the message was due
  std::uint64_t n_read = 0;
  std::uint64_t n_matched = 0;
  std::int64_t first_read_ns = 0;  // steady clock
  std::int64_t last_read_ns = 0;
  std::string error;
};

/// Measures the way through Kafka in one process and on one clock: an open-loop feed into one topic, a reader that
/// blocks in poll() on the same topic (one hop) or on a daemon's decisions (two hops and the daemon). Latency counts
/// from the schedule, so a stall shows in every message that it held back.
///
/// Nobody else may write to the topic meanwhile: a message is known by its place in its partition.
class HopProbe {
 public:
  /// Connects, learns where the partitions end. Throws KafkaError.
  HopProbe(ProbeConfig config, const PacedFeed::Tick& tick);
  /// Sends the block and reads until all is read; once only.
  [[nodiscard]] ProbeTotals run(std::shared_ptr<const FeedBlock> block, const PacedFeed::Tick& tick);
  [[nodiscard]] const Schedule& schedule() const noexcept { return feed_.schedule(); }

 private:
  void read(ProbeTotals& totals);
  void note(const kafka::Message& message, std::int64_t now_ns, ProbeTotals& totals);
  void record(std::int32_t partition, std::int64_t offset, std::int64_t now_ns, ProbeTotals& totals);
  [[nodiscard]] bool all_read(const ProbeTotals& totals) const noexcept;

  ProbeConfig config_;
  PacedFeed feed_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::vector<std::int64_t> base_offsets_;              // by partition of the topic that is written
  std::vector<std::vector<std::uint64_t>> by_place_;    // [partition][place]: index in the schedule
  std::uint64_t n_messages_ = 0;
  std::atomic<bool> sent_{false};   // everything sent is in the log
  std::atomic<bool> stop_{false};
};

}  // namespace hft::feed
