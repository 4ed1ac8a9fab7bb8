#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "hft/feature/window_length.hpp"

namespace hft::feature {

/// The inputs inside a sliding window, oldest first, in room that is taken once.
///
/// Whoever keeps sums over the window gets each leaving entry: `push(x, ts, leave)` calls `leave(old)` first.
/// Cost: O(1) amortised, no allocation after construction.
template <class T>
class Window {
 public:
  explicit Window(WindowLength length)
      : length_{length}, values_(length.capacity()), times_(length.is_time() ? length.capacity() : 0) {}

  /// Time must not decrease; `ts_ns` has no meaning for a count window.
  template <class Leave>
  void push(const T& x, std::int64_t ts_ns, Leave&& leave) noexcept {
    if (length_.is_time()) {
      advance(ts_ns, leave);
      if (full()) [[unlikely]] {
        ++early_leaves_;
        leave(pop());
      }
      times_[slot(size_)] = ts_ns;
    } else if (full()) [[likely]] {
      leave(pop());
    }
    values_[slot(size_++)] = x;
  }

  /// Lets the entries go that are `span` old or older at `now_ns`. Nothing grows old in a count window, nor at a time
  /// before the newest entry.
  template <class Leave>
  void advance(std::int64_t now_ns, Leave&& leave) noexcept {
    if (!length_.is_time() || !accepts(now_ns)) return;
    while (size_ > 0 && length_.expired(times_[head_], now_ns)) leave(pop());
  }

  [[nodiscard]] bool accepts(std::int64_t ts_ns) const noexcept {
    return !length_.is_time() || size_ == 0 || ts_ns >= times_[slot(size_ - 1)];
  }
  [[nodiscard]] const T& oldest() const noexcept { return values_[head_]; }
  [[nodiscard]] const T& newest() const noexcept { return values_[slot(size_ - 1)]; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool full() const noexcept { return size_ == length_.capacity(); }
  [[nodiscard]] const WindowLength& length() const noexcept { return length_; }
  /// Entries that left a time window before their time, for want of room.
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return early_leaves_; }
  [[nodiscard]] std::size_t room_bytes() const noexcept {
    return values_.size() * sizeof(T) + times_.size() * sizeof(std::int64_t);
  }
  void clear() noexcept { head_ = 0, size_ = 0, early_leaves_ = 0; }

  /// Saves or loads the content, oldest first; a loaded entry is handed to `enter`, so that sums are made anew.
  template <class Self, class Archive, class Enter>
  static void archive(Self& self, Archive& ar, Enter&& enter) {
    std::uint32_t n = self.size_;
    ar(n);
    if constexpr (Archive::kReads) {
      if (n > self.length_.capacity()) throw std::invalid_argument("snapshot: more entries than the window holds");
      self.clear();
    }
    ar(self.early_leaves_);
    std::int64_t before = std::numeric_limits<std::int64_t>::min();
    for (std::uint32_t i = 0; i < n; ++i) {
      auto& x = self.values_[self.slot(i)];
      if constexpr (std::is_arithmetic_v<T>)
        ar(x);
      else
        T::archive(x, ar);
      if (self.length_.is_time()) {
        ar(self.times_[self.slot(i)]);
        if (self.times_[self.slot(i)] < before) throw std::invalid_argument("snapshot: times in a window decrease");
        before = self.times_[self.slot(i)];
      }
      if constexpr (Archive::kReads) {
        ++self.size_;
        enter(x);
      }
    }
  }

 private:
  [[nodiscard]] std::size_t slot(std::uint32_t age) const noexcept {
    const std::uint32_t at = head_ + age;  // capacity <= 2^20: no overflow
    return at < length_.capacity() ? at : at - length_.capacity();
  }
  const T& pop() noexcept {
    const T& x = values_[head_];
    head_ = static_cast<std::uint32_t>(slot(1));
    --size_;
    return x;
  }

  WindowLength length_;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
  std::uint64_t early_leaves_ = 0;
  std::vector<T> values_;
  std::vector<std::int64_t> times_;
};

}  // namespace hft::feature
