#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <type_traits>

#include "hft/feature/room.hpp"
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

  /// Cold path: room of its own, and the same entries.
  Window(const Window& other) : Window(other.length_) {
    for (; size_ < other.size_; ++size_) {
      values_[size_] = other.values_[other.slot(size_)];
      if (length_.is_time()) times_[size_] = other.times_[other.slot(size_)];
    }
    early_leaves_ = other.early_leaves_;
  }
  Window(Window&&) noexcept = default;
  Window& operator=(const Window& other) { return *this = Window(other); }
  Window& operator=(Window&&) noexcept = default;
  ~Window() = default;

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
  /// The entry of that age rank: 0 is the oldest, size() - 1 the newest.
  [[nodiscard]] const T& operator[](std::uint32_t age) const noexcept { return values_[slot(age)]; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool full() const noexcept { return size_ == length_.capacity(); }
  [[nodiscard]] const WindowLength& length() const noexcept { return length_; }
  /// Entries that left a time window before their time, for want of room.
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return early_leaves_; }
  [[nodiscard]] std::size_t room_bytes() const noexcept {
    return values_.size() * sizeof(T) + times_.size() * sizeof(std::int64_t);
  }
  void clear() noexcept { head_ = 0, size_ = 0, early_leaves_ = 0; }

  /// Saves or loads the content, oldest first: the values, then their times, each in one or two pieces. A loaded entry
  /// is handed to `enter`, which throws where it could not have entered, so that sums are made anew.
  template <class Self, class Archive, class Enter>
  static void archive(Self& self, Archive& ar, Enter&& enter) {
    std::uint32_t n = self.size_;
    ar(n);
    if constexpr (Archive::kReads) {
      if (n > self.length_.capacity()) throw std::invalid_argument("snapshot: more entries than the window holds");
      self.clear();
    }
    ar(self.early_leaves_);
    if constexpr (Archive::kReads) {
      self.read_into(self.values_, n, ar);
      if (self.length_.is_time()) {
        self.read_into(self.times_, n, ar);
        const std::span times{self.times_.data(), n};
        if (!std::is_sorted(times.begin(), times.end())) {
          throw std::invalid_argument("snapshot: times in a window decrease");
        }
      }
      for (std::uint32_t i = 0; i < n; ++i) enter(self.values_[i]);
      self.size_ = n;
    } else {
      self.write_from(self.values_, ar);
      if (self.length_.is_time()) self.write_from(self.times_, ar);
    }
  }

 private:
  [[nodiscard]] std::size_t slot(std::uint32_t age) const noexcept {
    const std::uint32_t at = head_ + age;  // capacity <= 2^20: no overflow
    return at < length_.capacity() ? at : at - length_.capacity();
  }
  static_assert(std::is_trivially_copyable_v<T>, "stored by its bytes");
  template <class Entry, class Archive>
  void write_from(const Room<Entry>& ring, Archive& ar) const {
    const std::size_t n_first = std::min<std::size_t>(size_, length_.capacity() - head_);
    ar.append(std::as_bytes(std::span{ring.data() + head_, n_first}));
    ar.append(std::as_bytes(std::span{ring.data(), size_ - n_first}));
  }
  template <class Entry, class Archive>
  static void read_into(Room<Entry>& ring, std::uint32_t n, Archive& ar) {
    const auto bytes = ar.take_bytes(n * sizeof(Entry));
    if (n != 0) std::memcpy(ring.data(), bytes.data(), bytes.size());
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
  Room<T> values_;
  Room<std::int64_t> times_;
};

}  // namespace hft::feature
