#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"

namespace hft::feature {

/// The best inputs of several count windows over one series, from one monotone queue: that of the longest window holds
/// those of all others, and each begins where its window does.
///
/// Cost: O(1) amortised an input and window, no allocation after the first input.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) is left out.
template <class Better>
class ExtremumBank {
 public:
  explicit ExtremumBank(std::uint32_t window) { add(window); }

  /// Takes one more window, and says which it is. Before the first input only.
  std::uint32_t widen(const ExtremumBank& other) { return add(other.window_.front()); }

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    ++n_seen_;
    while (end_ > begin_ && !Better{}(at(end_ - 1).x, x)) --end_;
    at(end_) = {x, n_seen_};
    ++end_;
    for (std::size_t i = 0; i < window_.size(); ++i) {
      std::uint64_t first = std::min(first_[i], end_ - 1);
      while (n_seen_ - at(first).number >= window_[i]) ++first;
      first_[i] = first;
    }
    begin_ = first_[longest_at_];
  }

  [[nodiscard]] double value(std::uint32_t lane) const noexcept {
    return n_seen_ >= window_[lane] ? at(first_[lane]).x : kNotReady;
  }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return queue_.size() * sizeof(Entry); }
  void reset() noexcept {
    begin_ = end_ = n_seen_ = 0;
    std::ranges::fill(first_, 0);
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    // Numbers are stored as ages and the count saturates at the longest window: the bytes do not grow with the past.
    const std::uint64_t longest = self.window_[self.longest_at_];
    std::uint64_t n_seen = std::min(self.n_seen_, longest);
    auto n = static_cast<std::uint32_t>(self.end_ - self.begin_);
    ar(n_seen), ar(n);
    if constexpr (Archive::kReads) {
      if (n_seen > longest || n > n_seen) throw std::invalid_argument("snapshot: queue longer than window");
      self.reset(), self.n_seen_ = n_seen;
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      auto& entry = self.at(self.begin_ + i);
      std::uint64_t age = self.n_seen_ - entry.number;
      ar(entry.x), ar(age);
      if constexpr (Archive::kReads) {
        if (age >= n_seen || !fits_fixed(entry.x)) throw std::invalid_argument("snapshot: entry outside its window");
        entry.number = n_seen - age;
        if (i > 0 && !follows(self.at(self.begin_ + i - 1), entry)) {
          throw std::invalid_argument("snapshot: queue is not monotone");
        }
        ++self.end_;
      }
    }
    if constexpr (Archive::kReads) {
      const bool has_newest = n != 0 && self.at(self.end_ - 1).number == n_seen;
      if (n_seen != 0 && !has_newest) throw std::invalid_argument("snapshot: queue without its newest input");
      self.find_firsts();
    }
  }

 private:
  struct Entry {
    double x;
    std::uint64_t number;  // of the input, from 1
  };
  static bool follows(const Entry& before, const Entry& after) noexcept {
    return before.number < after.number && Better{}(before.x, after.x);
  }

  std::uint32_t add(std::uint32_t window) {
    window_.push_back(window), first_.push_back(0);
    if (window > window_[longest_at_]) longest_at_ = window_.size() - 1;
    queue_.resize(std::bit_ceil(window_[longest_at_] + std::size_t{1}));
    return static_cast<std::uint32_t>(window_.size() - 1);
  }
  void find_firsts() noexcept {
    for (std::size_t i = 0; i < window_.size() && end_ > begin_; ++i) {
      std::uint64_t first = begin_;
      while (n_seen_ - at(first).number >= window_[i]) ++first;
      first_[i] = first;
    }
  }
  // Places only rise; the ring has a power of two of them, more than the longest window.
  [[nodiscard]] Entry& at(std::uint64_t place) noexcept { return queue_[place & (queue_.size() - 1)]; }
  [[nodiscard]] const Entry& at(std::uint64_t place) const noexcept { return queue_[place & (queue_.size() - 1)]; }

  std::vector<std::uint32_t> window_;
  std::vector<std::uint64_t> first_;  // place of each window's best
  std::vector<Entry> queue_;
  std::size_t longest_at_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t n_seen_ = 0;
};

/// The best input of one window of a bank.
template <class Better>
struct ExtremumLane {
  using State = ExtremumBank<Better>;
  [[nodiscard]] double of(const State& bank, std::uint32_t lane) const noexcept { return bank.value(lane); }
};

}  // namespace hft::feature
