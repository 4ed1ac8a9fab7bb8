#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/kafka/client.hpp"

namespace hft::kafka {

inline constexpr std::int64_t kEarliest = c::kOffsetBeginning;
inline constexpr std::int64_t kLatest = c::kOffsetEnd;

/// Where to begin. kEarliest and kLatest are turned into numbers when the consumer starts.
struct TopicPartitionOffset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = kEarliest;
};

/// Offsets in a partition's log: first that can be read, and the one that the next message will get.
struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// A message in librdkafka's own memory, until release().
struct Message {
  std::span<const std::byte> key;
  std::span<const std::byte> value;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  // Unix epoch; -1: none
  std::int32_t partition = 0;
  std::uint16_t topic = 0;  // index into Consumer::topics()
  void* handle = nullptr;
};

/// kMerged: poll() reads all partitions as they come. kSplit: they are kept apart for poll_one(), until merge(): to
/// read them again in an order that is known.
enum class Lanes : std::uint8_t { kMerged = 0, kSplit = 1 };

struct HeaderView {
  std::string_view name;
  std::span<const std::byte> value;
};

/// Reads given partitions from given offsets: no group, no commits, no rebalance, no callbacks.
///
/// One thread polls. release() may be called from any thread, and must have been for every message before the consumer
/// goes. Offsets live with the caller: an offset that is not in the log is an error, never a jump (auto.offset.reset =
/// error).
///
/// Cost: poll about 60 ns a message in batches, no allocation of ours.
class Consumer {
 public:
  /// Cold path: asks the cluster for the topics and for the watermarks of kEarliest and kLatest, then starts to fetch.
  /// Throws KafkaError when the cluster does not answer within `timeout`, or has no such topic or partition.
  Consumer(const Library& library, std::span<const Setting> settings, std::span<const TopicPartitionOffset> assignment,
           Lanes lanes = Lanes::kMerged, milliseconds timeout = milliseconds{10'000});
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// Waits up to `timeout` for the first message, then takes what is there without waiting, up to out.size(). Returns
  /// how many. Messages of one partition come in order of their offsets; partitions interleave as they arrived.
  [[nodiscard]] std::size_t poll(std::span<Message> out, milliseconds timeout) noexcept;
  /// The same for one partition alone, the one at `index` of assignment(). Only while split.
  [[nodiscard]] std::size_t poll_one(std::size_t index, std::span<Message> out, milliseconds timeout) noexcept;
  void release(Message& message) noexcept;

  /// Ends kSplit: what was not read yet, and all that comes, is for poll().
  void merge() noexcept;

  /// What poll() met and this was not told yet: the first error since. Cold: may ask the cluster for the watermarks.
  [[nodiscard]] std::optional<Error> take_error();
  /// True when take_error() has something to say. Polling thread.
  [[nodiscard]] bool failed() const noexcept { return failure_.code != c::kNoError; }

  /// Cold path, any thread: throws KafkaError.
  [[nodiscard]] Watermarks watermarks(const std::string& topic, std::int32_t partition, milliseconds timeout);
  /// The headers of a message, in their order; valid until it is released.
  [[nodiscard]] std::vector<HeaderView> headers_of(const Message& message) const;

  /// With numbers for kEarliest and kLatest.
  [[nodiscard]] const std::vector<TopicPartitionOffset>& assignment() const noexcept { return assignment_; }
  /// Names in order of first appearance in the assignment: what Message::topic counts.
  [[nodiscard]] const std::vector<std::string>& topics() const noexcept { return names_; }
  [[nodiscard]] std::int32_t n_partitions(std::size_t topic) const { return n_partitions_.at(topic); }

  // For a cold thread: see Client.
  [[nodiscard]] std::vector<ClientEvent> poll_events(milliseconds timeout) { return client_.poll_events(timeout); }
  void nudge() noexcept { client_.nudge(); }
  [[nodiscard]] bool broker_down() const noexcept { return client_.broker_down(); }
  [[nodiscard]] milliseconds nudge_interval() const noexcept { return client_.nudge_interval(); }

 private:
  struct Failure {  // plain numbers: poll() writes it, take_error() finds the words
    c::Code code = c::kNoError;
    std::uint16_t topic = 0;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
  };
  void open(std::span<const TopicPartitionOffset> assignment, milliseconds timeout);
  void start(Lanes lanes);
  void stop() noexcept;
  std::size_t take_from(c::Queue* queue, std::span<Message> out, milliseconds timeout) noexcept;
  bool accept(c::Message* raw, Message& out) noexcept;
  [[nodiscard]] std::uint16_t topic_of(const c::Topic* topic) const noexcept;

  Client client_;
  std::vector<TopicPartitionOffset> assignment_;
  std::vector<std::string> names_;
  std::vector<c::Topic*> topics_;
  std::vector<std::int32_t> n_partitions_;
  std::vector<c::Queue*> lanes_;  // one for each of assignment_, forwarded to queue_ once merged
  c::Queue* queue_ = nullptr;
  Failure failure_;
};

}  // namespace hft::kafka
