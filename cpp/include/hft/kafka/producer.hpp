#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hft/kafka/client.hpp"

namespace hft::kafka {

/// A topic that a producer writes to; lives as long as the producer.
struct Topic {
  c::Topic* handle = nullptr;
  std::int32_t n_partitions = 0;
};

struct Header {
  const char* name;
  std::span<const std::byte> value;
};

/// Writes in order and without doubles: idempotent, acks = all, and a message that is accepted is tried for ever. An
/// error that would leave a gap makes the producer fatal instead.
///
/// produce() and poll() may be called from the same thread or from two, each from one at a time.
///
/// Cost: produce about 1 us (one allocation and one copy inside librdkafka).
class Producer {
 public:
  static constexpr std::size_t kMaxHeaders = 8;

  /// Cold path: throws KafkaError.
  Producer(const Library& library, std::span<const Setting> settings);
  /// Drops what was not delivered: flush() where it matters.
  ~Producer() = default;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Cold path: asks the cluster for the topic (so the first message need not), throws KafkaError.
  [[nodiscard]] Topic open(const std::string& name, milliseconds timeout = milliseconds{10'000});

  /// Copies key, value and headers. False: not taken, `why` (may be null) says why; kQueueFull passes with polling.
  /// `tag` comes back with the delivery.
  [[nodiscard]] bool produce(const Topic& topic, std::int32_t partition, std::span<const std::byte> key,
                             std::span<const std::byte> value, std::span<const Header> headers, std::uint64_t tag,
                             Error* why = nullptr) noexcept;

  /// Waits up to `timeout` for the first deliveries, then takes what is there; returns how many. Calls
  /// on_delivery(std::uint64_t tag, std::int32_t partition, std::int64_t offset, int code): code 0 is delivered, others
  /// are not (or may be, for a timeout). Deliveries of one partition come in the order of produce(). The offset is
  /// negative where the broker did not say it: after a retry.
  template <class OnDelivery>
  std::size_t poll(milliseconds timeout, OnDelivery&& on_delivery) {
    std::size_t n = 0;
    while (c::Event* event = next_deliveries(n == 0 ? timeout : milliseconds{0})) {
      while (const c::Message* m = client_.api().event_message_next_(event)) {
        on_delivery(reinterpret_cast<std::uintptr_t>(m->opaque), m->partition, m->offset, m->err);
        ++n;
      }
      client_.api().event_destroy_(event);
    }
    return n;
  }

  /// Polls until everything has been delivered or has failed; false when that took too long.
  template <class OnDelivery>
  [[nodiscard]] bool flush(milliseconds timeout, OnDelivery&& on_delivery) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (outq_len() != 0) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      poll(milliseconds{10}, on_delivery);
    }
    return true;
  }
  [[nodiscard]] bool flush(milliseconds timeout) {
    return flush(timeout, [](std::uint64_t, std::int32_t, std::int64_t, int) {});
  }

  /// Messages not delivered, and deliveries not polled.
  [[nodiscard]] std::size_t outq_len() const noexcept;
  /// Set once the producer can no longer keep its promise. Any thread.
  [[nodiscard]] std::optional<Error> fatal() const { return client_.fatal(); }

  // For a cold thread: see Client.
  [[nodiscard]] std::vector<ClientEvent> poll_events(milliseconds timeout) { return client_.poll_events(timeout); }
  void nudge() noexcept { client_.nudge(); }
  [[nodiscard]] bool broker_down() const noexcept { return client_.broker_down(); }
  [[nodiscard]] milliseconds nudge_interval() const noexcept { return client_.nudge_interval(); }
  [[nodiscard]] const Client& client() const noexcept { return client_; }

 private:
  /// The next event with deliveries; sets other events aside for the cold thread. nullptr: none in time.
  [[nodiscard]] c::Event* next_deliveries(milliseconds timeout) noexcept;

  Client client_;
};

}  // namespace hft::kafka
