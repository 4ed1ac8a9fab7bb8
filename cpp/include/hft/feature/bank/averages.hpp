#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/feature/ema.hpp"

namespace hft::feature {

/// Exponential averages of several periods over one series, side by side: the bits of an Ema for each.
///
/// This is what all symbols share; a symbol's own are its levels, as many as there are lanes. A loop without branches
/// over arrays, which the compiler turns into vectors.
class Averages {
 public:
  /// The lane of the average with that period.
  std::uint32_t add(std::uint32_t period) {
    const auto it = std::ranges::find(period_, period);
    const auto lane = static_cast<std::uint32_t>(it - period_.begin());
    if (it != period_.end()) return lane;
    period_.push_back(period), alpha_.push_back(Ema{period}.alpha());
    longest_ = std::max(longest_, period);
    return lane;
  }
  [[nodiscard]] std::size_t size() const noexcept { return period_.size(); }
  /// Inputs after which their number is of no interest.
  [[nodiscard]] std::uint32_t settled() const noexcept { return longest_; }

  /// x is input number n_seen.
  void update(double* level, std::uint64_t n_seen, double x) const noexcept {
    if (n_seen <= longest_) [[unlikely]]
      return warm_up(level, n_seen, x);
    const double* const alpha = alpha_.data();
    const std::size_t n = alpha_.size();
    for (std::size_t i = 0; i < n; ++i) level[i] += alpha[i] * (x - level[i]);
  }
  [[nodiscard]] double value(const double* level, std::uint64_t n_seen, std::uint32_t lane) const noexcept {
    return n_seen >= period_[lane] ? level[lane] : kNotReady;
  }
  [[nodiscard]] static bool may_be(double level) noexcept { return std::abs(level) <= 0x1p60; }

 private:
  void warm_up(double* level, std::uint64_t n_seen, double x) const noexcept {
    for (std::size_t i = 0; i < period_.size(); ++i) {
      if (n_seen > period_[i]) {
        level[i] += alpha_[i] * (x - level[i]);
      } else {
        level[i] += x;  // the running sum until the seed is complete
        if (n_seen == period_[i]) level[i] /= period_[i];
      }
    }
  }

  std::vector<std::uint32_t> period_;
  std::vector<double> alpha_;
  std::uint32_t longest_ = 0;
};

}  // namespace hft::feature
