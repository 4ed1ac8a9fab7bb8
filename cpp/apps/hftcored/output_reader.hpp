#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/config/daemon_config.hpp"
#include "hft/kafka/consumer.hpp"
#include "hft/sequence/lease.hpp"

namespace hft::daemon {

/// A snapshot whose writer had been fenced before it was made: what it stands on never counted.
class StaleSnapshot : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads our own outputs: first as history, up to the lease of this daemon; then watches them, to see who comes after
/// us.
class OutputReader {
 public:
  /// Where to begin with one shard's outputs.
  struct Begin {
    std::int32_t partition = 0;
    std::uint32_t fence_epoch = 0;                           // whose time it was there
    std::array<std::int64_t, sequence::kOutputs> offsets{};  // kafka::kEarliest: from the start
  };
  using Messages = std::array<std::vector<sequence::OutputMessage>, sequence::kOutputs>;

  /// Cold path: throws kafka::KafkaError.
  OutputReader(const kafka::Library& library, std::span<const kafka::Setting> settings,
               const config::OutputConfig& topics, std::span<const Begin> begins);

  /// Reads what is there now; returns the highest fence epoch. Throws StaleSnapshot, Fatal.
  [[nodiscard]] std::uint32_t read_to_end(std::chrono::milliseconds timeout);
  /// Reads on until this lease stands in every output: what was read is final then. Throws Fatal (kFenced) where
  /// another writer's came first.
  void read_to_lease(const sequence::Lease& own, std::chrono::milliseconds timeout);
  /// The valid messages of a shard, once: they are moved out.
  [[nodiscard]] Messages take(std::size_t shard) { return std::move(messages_[shard]); }
  [[nodiscard]] std::uint64_t n_void() const noexcept;

  /// Ends the history. A watcher is in no hurry: brokers may answer it in bulk. Cold path: throws kafka::KafkaError.
  void begin_watch();
  /// A cold thread, from then on: waits up to `timeout`; says who fenced us.
  [[nodiscard]] std::optional<sequence::Lease> watch(std::chrono::milliseconds timeout);
  /// Any thread: true when these offsets of a shard's outputs were read, and no newer lease stood before them.
  [[nodiscard]] bool has_read(std::size_t shard, const std::array<std::int64_t, sequence::kOutputs>& offsets) const;
  [[nodiscard]] kafka::Consumer& consumer() noexcept { return *consumer_; }

 private:
  struct Lane {
    std::size_t shard;
    std::size_t output;
    std::int32_t partition;
    std::atomic<std::int64_t> next_offset;  // reading thread writes, the snapshotter looks
    sequence::LeaseReader reader;
    bool has_own_lease = false;

    Lane(std::size_t s, std::size_t o, std::int32_t p, std::int64_t at, sequence::LeaseReader r)
        : shard{s}, output{o}, partition{p}, next_offset{at}, reader{r} {}
  };

  template <class Done>
  void read_until(Done&& done, const sequence::Lease* own, std::chrono::milliseconds timeout);
  void see(Lane& lane, sequence::OutputMessage message, const sequence::Lease* own);
  [[nodiscard]] Lane& lane_of(const kafka::Message& message);
  [[nodiscard]] sequence::OutputMessage read(const kafka::Message& message, const Lane& lane) const;
  [[nodiscard]] std::string where(const Lane& lane, std::int64_t offset) const;
  void check_consumer();

  const kafka::Library& library_;
  std::vector<kafka::Setting> settings_;
  std::array<std::string, sequence::kOutputs> names_;
  std::optional<kafka::Consumer> consumer_;
  std::deque<Lane> lanes_;
  std::vector<Messages> messages_;
};

}  // namespace hft::daemon
