#include "kafka_source.hpp"

#include <algorithm>

#include "exit_code.hpp"

namespace hft::daemon {
namespace {

constexpr std::size_t kMostHeld = 1024;
constexpr std::chrono::milliseconds kAsk{10'000};
constexpr std::chrono::milliseconds kAskForLag{200};

std::vector<kafka::TopicPartitionOffset> assignment_of(std::span<const std::string> topics,
                                                       std::span<const KafkaSource::ShardBegin> shards) {
  std::vector<kafka::TopicPartitionOffset> assignment;
  for (const KafkaSource::ShardBegin& shard : shards) {
    for (const LaneBegin& lane : shard.lanes) {
      assignment.push_back({topics[sequence::topic_of(lane.lane)], shard.partition, lane.offset});
    }
  }
  return assignment;
}

}  // namespace

KafkaSource::KafkaSource(const kafka::Library& library, std::span<const kafka::Setting> settings,
                         std::span<const std::string> topics, std::span<const ShardBegin> shards)
    : topics_{topics.begin(), topics.end()},
      consumer_{library, settings, assignment_of(topics, shards), kafka::Lanes::kSplit},
      by_topic_(consumer_.topics().size()),
      messages_(kMostHeld) {
  for (std::size_t shard = 0; shard < shards.size(); ++shard) {
    for (const LaneBegin& lane : shards[shard].lanes) {
      const auto& from = consumer_.assignment()[lanes_.size()];
      const kafka::Watermarks marks = consumer_.watermarks(from.topic, from.partition, kAsk);
      if (from.offset < marks.low || from.offset > marks.high) {
        throw Fatal(ExitCode::kInputLost, from.topic + ":" + std::to_string(from.partition) + ": offset " +
                                              std::to_string(from.offset) + " is not there, the topic holds [" +
                                              std::to_string(marks.low) + ", " + std::to_string(marks.high) + ")");
      }
      const auto topic = static_cast<std::size_t>(
          std::find(consumer_.topics().begin(), consumer_.topics().end(), from.topic) - consumer_.topics().begin());
      auto& of_partition = by_topic_[topic];
      of_partition.resize(std::max(of_partition.size(), static_cast<std::size_t>(from.partition) + 1));
      of_partition[static_cast<std::size_t>(from.partition)] = lanes_.size();
      lanes_.push_back({static_cast<std::uint8_t>(shard), lane.lane, static_cast<std::uint64_t>(from.offset),
                        static_cast<std::uint64_t>(marks.high)});
    }
  }
  next_offsets_ = std::make_unique<std::atomic<std::int64_t>[]>(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) next_offsets_[i] = consumer_.assignment()[i].offset;
}

KafkaSource::~KafkaSource() { release(); }

std::size_t KafkaSource::poll(std::span<RawInput> out, std::chrono::milliseconds timeout) {
  release();
  const std::size_t most = std::min(out.size(), messages_.size());
  return hand_out(consumer_.poll(std::span{messages_}.first(most), timeout), out);
}

std::size_t KafkaSource::poll_lane(std::size_t shard, sequence::Lane lane, std::span<RawInput> out,
                                   std::chrono::milliseconds timeout) {
  release();
  const std::size_t most = std::min(out.size(), messages_.size());
  return hand_out(consumer_.poll_one(index_of(shard, lane), std::span{messages_}.first(most), timeout), out);
}

std::size_t KafkaSource::hand_out(std::size_t n, std::span<RawInput> out) {
  n_held_ = n;
  for (std::size_t i = 0; i < n; ++i) {
    const kafka::Message& message = messages_[i];
    const std::size_t index = by_topic_[message.topic][static_cast<std::size_t>(message.partition)];
    const Lane& lane = lanes_[index];
    next_offsets_[index].store(message.offset + 1, std::memory_order_relaxed);
    const auto offset = static_cast<std::uint64_t>(message.offset);
    out[i] = {message.key, message.value, offset, lane.lane, lane.shard, offset < lane.high};
  }
  if (consumer_.failed()) [[unlikely]] check_consumer();
  return n;
}

void KafkaSource::release() {
  for (kafka::Message& message : std::span{messages_}.first(n_held_)) consumer_.release(message);
  n_held_ = 0;
}

std::uint64_t KafkaSource::begins_at(std::size_t shard, sequence::Lane lane) const {
  return lanes_[index_of(shard, lane)].begin;
}

bool KafkaSource::is_behind(std::size_t shard, sequence::Lane lane) const {
  const std::size_t index = index_of(shard, lane);
  return next_offsets_[index].load(std::memory_order_relaxed) < static_cast<std::int64_t>(lanes_[index].high);
}

std::size_t KafkaSource::index_of(std::size_t shard, sequence::Lane lane) const {
  return static_cast<std::size_t>(
      std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) { return l.shard == shard && l.lane == lane; }) -
      lanes_.begin());
}

std::int64_t KafkaSource::lag(std::size_t index) {
  const auto& from = consumer_.assignment()[index];
  const std::int64_t high = consumer_.watermarks(from.topic, from.partition, kAskForLag).high;
  return std::max<std::int64_t>(0, high - next_offsets_[index].load(std::memory_order_relaxed));
}

std::string KafkaSource::name_of(const RawInput& input) const {
  return topics_[sequence::topic_of(input.lane)] + ":" + std::to_string(sequence::partition_of(input.lane)) + ":" +
         std::to_string(input.offset);
}

void KafkaSource::check_consumer() {
  if (const auto error = consumer_.take_error()) {
    const bool lost = error->kind == kafka::ErrorKind::kInputLost;
    throw Fatal(lost ? ExitCode::kInputLost : ExitCode::kKafka, error->text);
  }
}

}  // namespace hft::daemon
