#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hft/kafka/consumer.hpp"
#include "source.hpp"

namespace hft::daemon {

/// Inputs from Kafka: every topic of the configuration, the partition of each shard.
class KafkaSource final : public Source {
 public:
  struct ShardBegin {
    std::int32_t partition;
    std::vector<LaneBegin> lanes;
  };

  /// Cold path: throws Fatal (kInputLost) where an offset is not in its topic (any more), kafka::KafkaError.
  KafkaSource(const kafka::Library& library, std::span<const kafka::Setting> settings,
              std::span<const std::string> topics, std::span<const ShardBegin> shards);
  ~KafkaSource() override;

  [[nodiscard]] std::size_t poll(std::span<RawInput> out, std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t poll_lane(std::size_t shard, sequence::Lane lane, std::span<RawInput> out,
                                      std::chrono::milliseconds timeout) override;
  void release() override;
  void go_live() override { consumer_.merge(); }
  [[nodiscard]] bool ended() const override { return false; }
  [[nodiscard]] std::uint64_t begins_at(std::size_t shard, sequence::Lane lane) const override;
  [[nodiscard]] bool is_behind(std::size_t shard, sequence::Lane lane) const override;
  [[nodiscard]] std::string name_of(const RawInput& input) const override;

  [[nodiscard]] kafka::Consumer& consumer() noexcept { return consumer_; }
  [[nodiscard]] std::size_t n_lanes() const noexcept { return lanes_.size(); }
  /// Any thread: messages of a lane that lie in the topic and were not polled. Asks the cluster; throws KafkaError.
  [[nodiscard]] std::int64_t lag(std::size_t index);

 private:
  struct Lane {
    std::uint8_t shard;
    sequence::Lane lane;
    std::uint64_t begin;
    std::uint64_t high;  // where the topic ended when this daemon started
  };
  std::size_t hand_out(std::size_t n, std::span<RawInput> out);
  [[nodiscard]] std::size_t index_of(std::size_t shard, sequence::Lane lane) const;
  void check_consumer();

  std::vector<std::string> topics_;
  kafka::Consumer consumer_;
  std::vector<Lane> lanes_;                              // as in the consumer's assignment
  std::vector<std::vector<std::size_t>> by_topic_;       // [topic of the consumer][partition]: index of the lane
  std::unique_ptr<std::atomic<std::int64_t>[]> next_offsets_;  // by lane: polling thread writes, others look
  std::vector<kafka::Message> messages_;
  std::size_t n_held_ = 0;
};

}  // namespace hft::daemon
