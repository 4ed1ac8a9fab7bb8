#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "hft/base/cacheline.hpp"

namespace hft::ring {

/// Bounded queue from one producer thread to one consumer thread: no lock, no allocation after construction.
///
///   pushed items  w = write_,  popped items  r = read_,  0 <= w - r <= capacity,  item i lives in slot i mod capacity
///
/// The indices count items and never wrap back to the slots: 64 bits last 584 years at 1 GHz, and w - r is right even
/// across 2^64. Capacity is a run-time value, so that a config file can set it; the mask costs one load that hits L1.
///
/// Cost: about 2 ns per item while the cached peer index holds; one line transfer between the cores (40 to 100 ns) when
/// it must be read again, which batches (try_push_n, pop_n, peek) share among their items.
template <class T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>,
                "slots are made once and overwritten: no constructor or destructor runs per item");

 public:
  /// Cold path: allocates and touches every slot. Throws std::invalid_argument unless capacity is a power of two >= 2.
  /// `first_index` is where both indices start; only tests of wrap-around need one.
  explicit SpscRing(std::size_t capacity, std::uint64_t first_index = 0)
      : mask_{check(capacity) - 1}, slots_{allocate(capacity)} {
    write_.store(first_index, std::memory_order_relaxed);  // no other thread knows us yet
    read_.store(first_index, std::memory_order_relaxed);
    read_seen_ = write_seen_ = first_index;
  }

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  /// Producer thread only. Returns false when full; the caller owns the drop policy.
  [[nodiscard]] bool try_push(const T& item) noexcept {
    const std::uint64_t w = write_.load(std::memory_order_relaxed);  // only we write it
    if (free_slots(w, 1) == 0) return false;
    slots_[w & mask_] = item;
    write_.store(w + 1, std::memory_order_release);  // publishes the slot, then the index
    return true;
  }

  /// Producer thread only. Pushes a prefix of `items` under one publication; returns how many fitted.
  [[nodiscard]] std::size_t try_push_n(std::span<const T> items) noexcept {
    const std::uint64_t w = write_.load(std::memory_order_relaxed);  // only we write it
    const std::size_t n = std::min<std::uint64_t>(items.size(), free_slots(w, items.size()));
    const std::size_t n_before_edge = std::min<std::uint64_t>(n, capacity() - (w & mask_));
    std::copy_n(items.data(), n_before_edge, &slots_[w & mask_]);
    std::copy_n(items.data() + n_before_edge, n - n_before_edge, &slots_[0]);
    write_.store(w + n, std::memory_order_release);  // publishes all n slots at once
    return n;
  }

  /// Consumer thread only. Returns false when empty.
  [[nodiscard]] bool try_pop(T& item) noexcept {
    const std::uint64_t r = read_.load(std::memory_order_relaxed);  // only we write it
    if (filled_slots(r, 1) == 0) return false;
    item = slots_[r & mask_];
    own(&slots_[r & mask_], 1);
    read_.store(r + 1, std::memory_order_release);  // the slot's read is finished: the producer may overwrite it
    return true;
  }

  /// Consumer thread only. Pops up to out.size() items in order; returns how many there were.
  [[nodiscard]] std::size_t pop_n(std::span<T> out) noexcept {
    const std::uint64_t r = read_.load(std::memory_order_relaxed);  // only we write it
    const std::size_t n = std::min<std::uint64_t>(out.size(), filled_slots(r, out.size()));
    const std::size_t n_before_edge = std::min<std::uint64_t>(n, capacity() - (r & mask_));
    std::copy_n(&slots_[r & mask_], n_before_edge, out.data());
    std::copy_n(&slots_[0], n - n_before_edge, out.data() + n_before_edge);
    own(&slots_[r & mask_], n_before_edge);
    own(&slots_[0], n - n_before_edge);
    read_.store(r + n, std::memory_order_release);  // all n reads are finished
    return n;
  }

  /// Consumer thread only, without a copy: the oldest items, up to the last slot of the storage, so a second peek may
  /// find more. They stay where they are until consume().
  [[nodiscard]] std::span<const T> peek() noexcept {
    const std::uint64_t r = read_.load(std::memory_order_relaxed);  // only we write it
    const std::uint64_t to_edge = capacity() - (r & mask_);
    return {&slots_[r & mask_], std::min(filled_slots(r, to_edge), to_edge)};
  }

  /// Consumer thread only. Gives the first `n` items of the last peek() back to the producer; n <= its size.
  void consume(std::size_t n) noexcept {
    const std::uint64_t r = read_.load(std::memory_order_relaxed);  // only we write it
    own(&slots_[r & mask_], n);                                     // a peek never passes the edge
    read_.store(r + n, std::memory_order_release);                  // our reads of them are finished
  }

  /// Any thread. Exact for the producer or the consumer while the other is still; else a recent value.
  [[nodiscard]] std::size_t size_approx() const noexcept {
    // read_ first: write_ can only grow meanwhile, so the difference is never negative
    const std::uint64_t r = read_.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(write_.load(std::memory_order_acquire) - r, capacity());
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
  static std::size_t check(std::size_t capacity) {
    if (capacity >= 2 && std::has_single_bit(capacity)) return capacity;
    throw std::invalid_argument("SpscRing: capacity must be a power of two >= 2, was " + std::to_string(capacity));
  }

  /// Producer: slots free for sure, looked up again only when fewer than `wanted` are known.
  [[nodiscard]] std::uint64_t free_slots(std::uint64_t w, std::uint64_t wanted) noexcept {
    if (capacity() - (w - read_seen_) < wanted) {
      // acquire: pairs with the release in try_pop, pop_n and consume, so the slots' last reads are finished
      read_seen_ = read_.load(std::memory_order_acquire);
    }
    return capacity() - (w - read_seen_);
  }

  /// Consumer: items there for sure, looked up again only when fewer than `wanted` are known.
  [[nodiscard]] std::uint64_t filled_slots(std::uint64_t r, std::uint64_t wanted) noexcept {
    if (write_seen_ - r < wanted) {
      // acquire: pairs with the release in try_push and try_push_n, so the items are written
      write_seen_ = write_.load(std::memory_order_acquire);
    }
    return write_seen_ - r;
  }

  /// Consumer, before it gives slots back: writes a byte of each of their lines over itself. Lines that were only read
  /// stay shared between both cores, and then each of the producer's next stores to them must first revoke our copy:
  /// 37 ns a line between distant cores. Lines that we wrote move over whole, as many at once as the core can ask for.
  /// Slots smaller than a line are left alone: there the producer may be at work on the same line.
  static void own(T* slots, std::size_t n) noexcept {
    if constexpr (sizeof(T) >= base::kCacheLineBytes) {
      auto* const bytes = reinterpret_cast<volatile unsigned char*>(slots);
      for (std::size_t at = 0; at < n * sizeof(T); at += base::kCacheLineBytes) bytes[at] = bytes[at];
    }
  }

  struct Free {
    void operator()(T* slots) const noexcept { ::operator delete(slots, kSlotAlign); }
  };
  static constexpr std::align_val_t kSlotAlign{std::max(base::kNoShareBytes, alignof(T))};

  static std::unique_ptr<T[], Free> allocate(std::size_t capacity) {
    const std::size_t pad = (base::kNoShareBytes + sizeof(T) - 1) / sizeof(T);  // no neighbour shares our last line
    T* slots = static_cast<T*>(::operator new((capacity + pad) * sizeof(T), kSlotAlign));
    std::uninitialized_value_construct_n(slots, capacity);  // also brings the pages in: no fault on the hot path
    return std::unique_ptr<T[], Free>{slots};
  }

  // Read by both, written by none after construction.
  const std::size_t mask_;
  const std::unique_ptr<T[], Free> slots_;
  // One line pair per writing thread: its index, and its stale copy of the other's.
  alignas(base::kNoShareBytes) std::atomic<std::uint64_t> write_{0};
  std::uint64_t read_seen_ = 0;  // producer's
  alignas(base::kNoShareBytes) std::atomic<std::uint64_t> read_{0};
  std::uint64_t write_seen_ = 0;  // consumer's
};
static_assert(sizeof(SpscRing<int>) == 3 * base::kNoShareBytes, "shared, producer, consumer: a line pair each");

}  // namespace hft::ring
