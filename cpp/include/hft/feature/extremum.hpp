#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/room.hpp"
#include "hft/feature/window_length.hpp"

namespace hft::feature {

/// The best input of a window, where `Better{}(a, b)` says that a beats b: a monotone queue (Lemire 2006).
///
/// The queue holds the inputs that may still become the best, best first; a new input removes those it beats or equals.
/// Cost: O(1) amortised (each input enters and leaves once), no allocation.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) only moves the time; one older than the newest is left out.
template <class Better>
class Extremum {
 public:
  explicit Extremum(WindowLength length) : length_{length}, queue_(length.capacity()) {}

  /// Cold path: room of its own, and the same entries.
  Extremum(const Extremum& other)
      : length_{other.length_},
        n_seen_{other.n_seen_},
        early_leaves_{other.early_leaves_},
        queue_(other.length_.capacity()) {
    for (; size_ < other.size_; ++size_) queue_[size_] = other.at(size_);
  }
  Extremum(Extremum&&) noexcept = default;
  Extremum& operator=(const Extremum& other) { return *this = Extremum(other); }
  Extremum& operator=(Extremum&&) noexcept = default;
  ~Extremum() = default;

  void update(double x, std::int64_t ts_ns = 0) noexcept {
    if (!accepts(ts_ns)) [[unlikely]]
      return;
    advance(ts_ns);  // also for an input that is left out below
    if (!fits_fixed(x)) [[unlikely]]
      return;
    ++n_seen_;
    if (size_ > 0 && n_seen_ - queue_[head_].number >= length_.capacity()) [[unlikely]] {
      pop_front();  // by count; at most one, because every update looks
      early_leaves_ += length_.is_time();
    }
    while (size_ > 0 && !Better{}(at(size_ - 1).x, x)) --size_;
    at(size_++) = {x, ts_ns, n_seen_};
  }
  void advance(std::int64_t now_ns) noexcept {
    if (!length_.is_time() || !accepts(now_ns)) return;
    while (size_ > 0 && length_.expired(queue_[head_].ts_ns, now_ns)) pop_front();
  }

  [[nodiscard]] bool ready(std::uint32_t) const noexcept {
    return length_.is_time() ? size_ > 0 : n_seen_ >= length_.capacity();
  }
  [[nodiscard]] std::uint32_t lookback(std::uint32_t min_inputs) const noexcept {
    return (length_.is_time() ? min_inputs : length_.capacity()) - 1;
  }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return length_.capacity(); }
  [[nodiscard]] double best() const noexcept { return queue_[head_].x; }
  /// Entries that left a time window before their time, for want of room.
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return early_leaves_; }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return queue_.size() * sizeof(Entry); }
  void reset() noexcept { head_ = 0, size_ = 0, n_seen_ = 0, early_leaves_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    // Numbers are stored as ages and the count saturates at the capacity, so that the bytes do not grow with the past.
    std::uint64_t n_seen = std::min<std::uint64_t>(self.n_seen_, self.length_.capacity());
    std::uint32_t n = self.size_;
    ar(n_seen), ar(n), ar(self.early_leaves_);
    if constexpr (Archive::kReads) {
      if (n_seen > self.length_.capacity() || n > n_seen)
        throw std::invalid_argument("snapshot: queue longer than window");
      self.head_ = 0, self.size_ = 0, self.n_seen_ = n_seen;
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      auto& entry = self.at(i);
      std::uint64_t age = self.n_seen_ - entry.number;
      ar(entry.x), ar(entry.ts_ns), ar(age);
      if constexpr (Archive::kReads) {
        if (age >= n_seen || !fits_fixed(entry.x)) throw std::invalid_argument("snapshot: entry outside its window");
        entry.number = n_seen - age;
        if (i > 0 && !follows(self.at(i - 1), entry)) throw std::invalid_argument("snapshot: queue is not monotone");
        ++self.size_;
      }
    }
  }

 private:
  struct Entry {
    double x;
    std::int64_t ts_ns;
    std::uint64_t number;  // of the input, from 1
  };
  static bool follows(const Entry& before, const Entry& after) noexcept {
    return before.number < after.number && before.ts_ns <= after.ts_ns && Better{}(before.x, after.x);
  }
  [[nodiscard]] bool accepts(std::int64_t ts_ns) const noexcept {
    return !length_.is_time() || size_ == 0 || ts_ns >= at(size_ - 1).ts_ns;
  }
  [[nodiscard]] std::uint32_t slot(std::uint32_t i) const noexcept {
    const std::uint32_t at = head_ + i;
    return at < length_.capacity() ? at : at - length_.capacity();
  }
  [[nodiscard]] Entry& at(std::uint32_t i) noexcept { return queue_[slot(i)]; }
  [[nodiscard]] const Entry& at(std::uint32_t i) const noexcept { return queue_[slot(i)]; }
  void pop_front() noexcept { head_ = slot(1), --size_; }

  WindowLength length_;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
  std::uint64_t n_seen_ = 0;
  std::uint64_t early_leaves_ = 0;
  Room<Entry> queue_;
};

}  // namespace hft::feature
