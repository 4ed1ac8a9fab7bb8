#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/feature/bank/history.hpp"
#include "hft/feature/concept.hpp"

namespace hft::feature {

/// The best inputs of several count windows over one series, from one monotone queue: that of the longest window holds
/// those of all others, and each begins where its window does. Entries are places in the history, two bytes each.
///
/// This is what all symbols share; a symbol's own is a Queue, the places of each window's best, and the entries.
/// Cost: O(1) amortised an input and window.
template <class Better>
class Extrema {
 public:
  static constexpr std::uint32_t kMaxWindow = 1U << 12U;

  struct Queue {
    std::uint64_t begin;  // places only rise; the ring of entries is as large as the history
    std::uint64_t end;
  };
  /// One symbol's.
  struct State {
    Queue* queue;
    std::uint64_t* first;
    std::uint16_t* entries;
  };

  std::uint32_t add(std::uint32_t window) {
    const auto it = std::ranges::find(window_, window);
    const auto lane = static_cast<std::uint32_t>(it - window_.begin());
    if (it != window_.end()) return lane;
    window_.push_back(window);
    if (window > window_[longest_at_]) longest_at_ = lane;
    return lane;
  }
  [[nodiscard]] std::size_t size() const noexcept { return window_.size(); }
  [[nodiscard]] std::uint32_t longest() const noexcept { return window_.empty() ? 0 : window_[longest_at_]; }

  /// Takes input number n_seen, which the history holds.
  void update(const State& s, const History& inputs, std::uint64_t n_seen) const noexcept {
    const std::uint64_t mask = inputs.mask();
    const double x = inputs[n_seen];
    Queue queue = *s.queue;
    while (queue.end > queue.begin && !Better{}(inputs[s.entries[(queue.end - 1) & mask]], x)) --queue.end;
    s.entries[queue.end & mask] = static_cast<std::uint16_t>(n_seen & mask);
    for (std::size_t i = 0; i < window_.size(); ++i) {
      std::uint64_t first = std::min(s.first[i], queue.end);
      while (((n_seen - s.entries[first & mask]) & mask) >= window_[i]) ++first;
      s.first[i] = first;
    }
    *s.queue = {s.first[longest_at_], queue.end + 1};
  }

  [[nodiscard]] double value(const State& s, const History& inputs, std::uint64_t n_seen,
                             std::uint32_t lane) const noexcept {
    return n_seen >= window_[lane] ? inputs[s.entries[s.first[lane] & inputs.mask()]] : kNotReady;
  }

 private:
  std::vector<std::uint32_t> window_;
  std::size_t longest_at_ = 0;
};

}  // namespace hft::feature
