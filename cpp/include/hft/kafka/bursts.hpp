#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <semaphore>

#include "hft/base/cacheline.hpp"

namespace hft::kafka {

/// Keeps what is on its way to the brokers to a few bursts; what comes meanwhile goes in the next one, so that requests
/// grow with the load (Nagle's algorithm, over messages).
///
///   if (auto burst = bursts.begin(timeout)) for (each message that is there) bursts.add(*burst), produce(...);
///   bursts.end(*burst);  // and acknowledged(burst) with each acknowledgement
///
/// Why not leave this to librdkafka: an idempotent producer has at most five requests on their way, and while messages
/// wait for a sixth, or for linger.ms, its thread polls without a pause: half a core at 20,000 messages a second and
/// linger.ms = 1, and a tenth of one with this in front (2.16, on a host where an acknowledgement takes 3 ms).
///
/// One thread begins, adds and ends; another one may acknowledge. No allocation.
class Bursts {
 public:
  using Id = std::uint8_t;

  /// `most` in [1, kMost] bursts may be on their way.
  explicit Bursts(std::size_t most) noexcept : room_{static_cast<std::ptrdiff_t>(most)} {}

  /// Waits for room up to `timeout`; nothing when there was none in time.
  [[nodiscard]] std::optional<Id> begin(std::chrono::microseconds timeout) noexcept {
    if (!room_.try_acquire() && (timeout.count() <= 0 || !room_.try_acquire_for(timeout))) return std::nullopt;
    while (open_[next_].n.load(std::memory_order_acquire) != 0)
      next_ = (next_ + 1) % kMost;                       // one is free: room said so
    open_[next_].n.store(1, std::memory_order_relaxed);  // the burst itself, until end()
    return static_cast<Id>(next_);
  }
  /// Before its message is handed over.
  void add(Id burst) noexcept { open_[burst].n.fetch_add(1, std::memory_order_relaxed); }
  void end(Id burst) noexcept { leave(burst); }
  /// Any thread: a message of this burst is acknowledged, or was not handed over after all.
  void acknowledged(Id burst) noexcept { leave(burst); }

  static constexpr std::size_t kMost = 16;

 private:
  void leave(Id burst) noexcept {
    if (open_[burst].n.fetch_sub(1, std::memory_order_acq_rel) == 1) room_.release();
  }

  struct alignas(base::kNoShareBytes) Open {
    std::atomic<std::uint32_t> n{0};
  };
  std::array<Open, kMost> open_;
  std::counting_semaphore<kMost> room_;
  std::size_t next_ = 0;
};

}  // namespace hft::kafka
