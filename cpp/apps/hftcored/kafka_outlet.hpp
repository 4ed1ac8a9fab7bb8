#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hft/config/daemon_config.hpp"
#include "hft/event/instrument.hpp"
#include "hft/kafka/bursts.hpp"
#include "hft/kafka/producer.hpp"
#include "hft/sequence/input_order.hpp"
#include "hft/sequence/lease.hpp"
#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/page.hpp"
#include "outlet.hpp"

namespace hft::daemon {

/// What the outlet shows of itself; each written by the thread named.
struct OutletGauges {
  telemetry::Counter published;                     // publisher
  telemetry::Counter late;                          // publisher
  telemetry::Counter queue_full;                    // publisher
  telemetry::LatencyHistogram* to_produce = nullptr;  // publisher: from the poll that brought the input
  telemetry::Counter acknowledged;                  // acknowledgements' thread
  telemetry::LatencyHistogram* to_ack = nullptr;      // acknowledgements' thread: from the produce call
};

/// Publishes outputs with the order of the inputs behind them.
///
/// Every message says which inputs were taken since the last one of its output, so each output alone tells the order up
/// to its last message. When an output was silent for kMostRuns runs it gets a message without a record.
///
/// publish() belongs to the publisher's thread; poll() to one other, so that acknowledgements come in while nothing
/// goes out. Cost: about 2 us a message.
class KafkaOutlet final : public Outlet {
 public:
  static constexpr std::size_t kMostRuns = 512;  // 4 KiB of header
  static constexpr std::size_t kMostBursts = 3;  // of a message or two requests each; the client sends five at most

  struct ShardParts {
    std::int32_t partition;
    std::span<const event::Instrument> instruments;  // outlive this
  };

  /// Cold path: opens the four topics; throws kafka::KafkaError.
  KafkaOutlet(const kafka::Library& library, std::span<const kafka::Setting> settings,
              const config::OutputConfig& topics, std::span<const ShardParts> shards);
  ~KafkaOutlet() override;

  /// Cold path: writes this lease to every output of every shard and waits until they are acknowledged.
  void lease(const sequence::Lease& lease, std::chrono::milliseconds timeout);
  void set_gauges(const OutletGauges& gauges) noexcept { gauges_ = gauges; }

  void resume(std::size_t shard, const sequence::Position& from, const sequence::History& history) override;
  [[nodiscard]] bool begin_burst(std::chrono::microseconds timeout) override;
  void end_burst() override;
  [[nodiscard]] bool publish(const Output& output) override;
  [[nodiscard]] bool drain(std::chrono::milliseconds timeout) override;
  [[nodiscard]] bool safe(std::size_t shard, std::uint64_t marker,
                          std::array<std::int64_t, sequence::kOutputs>& offsets) const override;

  /// Acknowledgements' thread: waits up to `timeout` for the first one. Returns how many there were.
  std::size_t poll(std::chrono::milliseconds timeout);
  /// Set when a message was not delivered: what follows it must not be, and a restart will publish both.
  [[nodiscard]] std::optional<std::string> failure() const;

  [[nodiscard]] kafka::Producer& producer() noexcept { return producer_; }

 private:
  struct Sent;
  struct Shard {
    std::int32_t partition;
    std::span<const event::Instrument> instruments;
    sequence::InputOrder order;
    std::array<std::uint64_t, sequence::kOutputs> told{};       // inputs that the output's last message spoke of
    std::array<std::uint64_t, sequence::kOutputs> next_seq{};
    std::array<std::uint64_t, sequence::kOutputs> n_controls{};
    std::unique_ptr<Acknowledged> acknowledged;
  };
  struct Piece {  // of a message, beside its headers
    std::span<const std::byte> key;
    std::span<const std::byte> value;
    const Poison* poison = nullptr;
    std::uint64_t arrived_ticks = 0;
    std::uint64_t marker = 0;  // id; 0: none
  };

  bool publish_record(const Output& output);
  bool publish_poison(const Output& output);
  bool publish_control(const Output& output);
  bool publish_marker(const Output& output);
  bool add_run(const Output& output);
  bool send(Shard& shard, std::size_t output, const sequence::OutputHeader& header, const Piece& piece);
  bool send_silent(Shard& shard, std::size_t output, std::uint64_t n_inputs, std::uint64_t marker);
  bool hand_over(Shard& shard, std::size_t output, std::span<const kafka::Header> headers, const Piece& piece,
                 std::unique_ptr<Sent> sent);
  void forget(Shard& shard);
  void acknowledge(const Sent& sent, std::int64_t offset, int code);

  kafka::Producer producer_;
  std::array<kafka::Topic, sequence::kOutputs> topics_;
  std::vector<Shard> shards_;
  std::uint32_t fence_epoch_ = 0;
  OutletGauges gauges_;
  kafka::Bursts bursts_{kMostBursts};
  std::optional<kafka::Bursts::Id> burst_;  // publisher's
  std::atomic<int> failed_code_{0};
  std::atomic<std::uint64_t> n_open_{0};  // handed over, not acknowledged
};

}  // namespace hft::daemon
