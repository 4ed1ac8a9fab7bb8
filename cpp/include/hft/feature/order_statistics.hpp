#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/sorted_blocks.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// A window's inputs in order: what rolling median, quantile, rank and robust z-score read.
///
/// Cost: O(log n) and a move of at most 4 KiB an input (sorted_blocks.hpp), no allocation after construction. Median
/// and quantile O(log n), the median of the distances from it O(log^2 n); in windows of at most 512, O(1) and O(log n).
/// Same window, different past: same bits, because a value reads the ordered inputs alone.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) only moves the time; one older than the newest is left out.
class OrderStatistics {
 public:
  explicit OrderStatistics(WindowLength length) : window_{length}, sorted_{length.capacity()} {}

  /// Cold path: room of its own, and the same entries.
  OrderStatistics(const OrderStatistics& other) : window_{other.window_}, sorted_{other.window_.length().capacity()} {
    for (std::uint32_t i = 0; i < window_.size(); ++i) sorted_.insert(window_[i]);
  }
  OrderStatistics(OrderStatistics&&) noexcept = default;
  OrderStatistics& operator=(const OrderStatistics& other) { return *this = OrderStatistics(other); }
  OrderStatistics& operator=(OrderStatistics&&) noexcept = default;
  ~OrderStatistics() = default;

  void update(double x, std::int64_t ts_ns = 0) noexcept {
    if (!window_.accepts(ts_ns)) [[unlikely]]
      return;
    if (!fits_fixed(x)) [[unlikely]]
      return advance(ts_ns);  // time passes all the same
    x += 0.0;                 // one zero: -0 and 0 are equal, and which of them left must not matter
    window_.push(x, ts_ns, [this](double old) noexcept { sorted_.erase(old); });
    sorted_.insert(x);
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](double old) noexcept { sorted_.erase(old); });
  }

  [[nodiscard]] bool ready(std::uint32_t min_inputs) const noexcept {
    return window_.length().is_time() ? window_.size() >= min_inputs : window_.full();
  }
  [[nodiscard]] std::uint32_t lookback(std::uint32_t min_inputs) const noexcept {
    return (window_.length().is_time() ? min_inputs : window_.length().capacity()) - 1;
  }

  /// The middle input, or the mean of the two in the middle, rounded once. Needs one input.
  [[nodiscard]] double median() const noexcept {
    const std::uint32_t n = sorted_.size();
    const double upper = sorted_[n / 2];
    return n % 2 != 0 ? upper : 0.5 * (sorted_[n / 2 - 1] + upper);
  }

  /// Between the inputs around rank q (n - 1), counted from 0, linear. Needs one input.
  [[nodiscard]] double quantile(double q) const noexcept {
    const double rank = q * static_cast<double>(sorted_.size() - 1);
    const auto below = static_cast<std::uint32_t>(rank);
    const double part = rank - static_cast<double>(below);
    const double a = sorted_[below];
    if (part == 0.0) return a;
    const double b = sorted_[below + 1];
    if (part == 0.5) return 0.5 * (a + b);  // the median's bits
    return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1.0 - part);
  }

  /// (inputs below the newest + (inputs equal to it + 1) / 2) / n: average rank, in (0, 1]. Needs one input.
  [[nodiscard]] double rank() const noexcept {
    const double x = window_.newest();
    const std::uint32_t twice = sorted_.count_less(x) + sorted_.count_not_greater(x) + 1;
    return static_cast<double>(twice) / (2.0 * static_cast<double>(sorted_.size()));
  }

  /// (newest - median) / (1.4826 MAD); `flat` where the MAD is 0. Needs one input.
  [[nodiscard]] double robust_zscore(double flat) const noexcept {
    const double middle = median();
    const double mad = median_distance(middle);
    return mad == 0.0 ? flat : (window_.newest() - middle) / (1.4826 * mad);
  }

  /// Median of |x - middle|, where `middle` is the median. Needs one input.
  [[nodiscard]] double median_distance(double middle) const noexcept {
    // Both halves of the ordered inputs are distances in order: downwards from the middle, and upwards.
    const std::uint32_t n = sorted_.size();
    const std::uint32_t n_left = n / 2;
    const auto left = [&](std::uint32_t i) { return middle - sorted_[n_left - 1 - i]; };
    const auto right = [&](std::uint32_t i) { return sorted_[n_left + i] - middle; };
    const std::uint32_t k = (n - 1) / 2;  // of k distances that are not above the rest, `low` come from the left
    std::uint32_t low = 0;
    std::uint32_t high = std::min(k, n_left);
    while (low < high) {
      const std::uint32_t i = low + (high - low) / 2;
      if (left(i) < right(k - i - 1)) low = i + 1;
      else high = i;
    }
    std::uint32_t i = low;
    std::uint32_t j = k - low;
    const auto next = [&] {
      const bool from_left = j == n - n_left || (i < n_left && left(i) < right(j));
      return from_left ? left(i++) : right(j++);
    };
    const double distance = next();
    return n % 2 != 0 ? distance : 0.5 * (distance + next());
  }

  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes() + sorted_.room_bytes(); }
  void reset() noexcept { window_.clear(), sorted_.clear(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<double>::archive(self.window_, ar, [&](double x) {
      if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
      if constexpr (Archive::kReads) self.sorted_.insert(x);
    });
  }

 private:
  Window<double> window_;
  SortedBlocks sorted_;
};

}  // namespace hft::feature
