#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hft/base/cacheline.hpp"
#include "hft/ring/overflow.hpp"
#include "hft/ring/spsc_ring.hpp"
#include "hft/ring/wait_strategy.hpp"

namespace hft::ring {

/// A ring with its manners: what happens when it is full, how each side waits, and how each side says that it is done.
///
///   producer:  while (more) if (out.push(item) == Pushed::kCancelled) break;  out.close();
///   consumer:  while (std::size_t n = in.pop_n(batch)) use(batch.first(n));   // 0 is the end, not "nothing yet"
///
/// After a drop gap() is true until the next item is stored, so the producer can mark that item stale.
/// Cost over SpscRing: with spin or yield one predicted branch; with block see BlockWait.
template <class T, WaitStrategy Wait = AnyWait>
class Channel {
 public:
  /// Cold path: throws std::invalid_argument for a capacity that SpscRing refuses. `wait` makes both sides' strategy.
  template <class... WaitArgs>
  explicit Channel(std::size_t capacity, Overflow overflow, WaitArgs... wait)
      : ring_{capacity}, overflow_{overflow}, not_empty_{wait...}, not_full_{wait...} {}

  /// Producer thread only. Waits only under Overflow::kBlock.
  [[nodiscard]] Pushed push(const T& item) noexcept {
    return push_n({&item, 1}) == 1 ? Pushed::kStored
           : cancelled()           ? Pushed::kCancelled
                                   : Pushed::kDropped;
  }

  /// Producer thread only. Returns how many were stored, a prefix: all of them under kBlock unless the consumer
  /// cancelled; under kDropNewest the rest is dropped and counted.
  [[nodiscard]] std::size_t push_n(std::span<const T> items) noexcept {
    if (cancelled()) [[unlikely]] return 0;
    std::size_t n_stored = store(items);
    if (n_stored == items.size()) [[likely]] return n_stored;
    if (overflow_ == Overflow::kDropNewest) {
      // relaxed, and no locked add: only we write it, others merely look
      n_dropped_.store(n_dropped_.load(std::memory_order_relaxed) + items.size() - n_stored, std::memory_order_relaxed);
      gap_ = true;
      return n_stored;
    }
    not_full_.wait_until([&] {
      n_stored += store(items.subspan(n_stored));
      return n_stored == items.size() || cancelled();
    });
    return n_stored;
  }

  /// Producer thread only. True when items were dropped after the last one that was stored.
  [[nodiscard]] bool gap() const noexcept { return gap_; }

  /// Producer thread only. Nothing comes after what was pushed; the consumer still gets all of that.
  void close() noexcept {
    closed_.store(true, std::memory_order_release);  // after the last push: who sees it sees that push too
    not_empty_.notify();
  }

  /// Consumer thread only. Waits for at least one item; 0 means that the producer closed and all was read. `out` must
  /// have room for one.
  [[nodiscard]] std::size_t pop_n(std::span<T> out) noexcept {
    std::size_t n = 0;
    wait_for_items([&] { return (n = ring_.pop_n(out)) != 0; });
    if (n != 0) freed();
    return n;
  }

  /// Consumer thread only, without a copy: waits for at least one item and shows the oldest ones, see SpscRing::peek.
  /// Empty means that the producer closed and all was read.
  [[nodiscard]] std::span<const T> peek() noexcept {
    std::span<const T> items;
    wait_for_items([&] { return !(items = ring_.peek()).empty(); });
    return items;
  }

  /// Consumer thread only. Like peek(), but empty at once when there is nothing yet.
  [[nodiscard]] std::span<const T> try_peek() noexcept { return ring_.peek(); }

  /// Consumer thread only. Gives the first `n` items of the last peek() back to the producer.
  void consume(std::size_t n) noexcept {
    ring_.consume(n);
    freed();
  }

  /// Consumer thread only. Like pop_n, but returns 0 at once when there is nothing yet.
  [[nodiscard]] std::size_t try_pop_n(std::span<T> out) noexcept {
    const std::size_t n = ring_.pop_n(out);
    if (n != 0) freed();
    return n;
  }

  /// Consumer thread only. True when the producer closed and all was read.
  [[nodiscard]] bool ended() noexcept { return closed_.load(std::memory_order_acquire) && ring_.size_approx() == 0; }

  /// Consumer thread only. Nothing will be read any more: a producer that waits for room stops waiting.
  void cancel() noexcept {
    cancelled_.store(true, std::memory_order_release);  // meets the acquire in cancelled()
    not_full_.notify();
  }

  /// Any thread: telemetry.
  [[nodiscard]] std::uint64_t n_dropped() const noexcept { return n_dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t size_approx() const noexcept { return ring_.size_approx(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return ring_.capacity(); }
  [[nodiscard]] Overflow overflow() const noexcept { return overflow_; }

 private:
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

  std::size_t store(std::span<const T> items) noexcept {
    const std::size_t n = ring_.try_push_n(items);
    if (n == 0) return 0;
    gap_ = false;
    not_empty_.notify();
    return n;
  }

  template <class Found>
  void wait_for_items(Found&& found) noexcept {
    not_empty_.wait_until([&] {
      // acquire, and before the look into the ring: a ring that is empty after a seen close stays empty
      const bool closed = closed_.load(std::memory_order_acquire);
      return found() || closed;
    });
  }

  void freed() noexcept {
    if (overflow_ == Overflow::kBlock) not_full_.notify();  // a dropping producer never waits
  }

  SpscRing<T> ring_;
  const Overflow overflow_;
  std::atomic<bool> closed_{false};     // written once each, at the end:
  std::atomic<bool> cancelled_{false};  // they cost nobody a line before
  alignas(base::kNoShareBytes) Wait not_empty_;  // notified by the producer, with every push
  std::atomic<std::uint64_t> n_dropped_{0};      // producer's
  bool gap_ = false;                             // producer's
  alignas(base::kNoShareBytes) Wait not_full_;   // notified by the consumer, with every pop
};

}  // namespace hft::ring
