#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/feature/rsi.hpp"

namespace hft::feature {

/// Relative strength indices of several periods over one series, side by side: the bits of an Rsi for each.
///
/// This is what all symbols share; a symbol's own are two means for each lane: the gains', then the losses'.
class Strengths {
 public:
  /// The lane of that index.
  std::uint32_t add(std::uint32_t period, double flat) {
    for (std::uint32_t lane = 0; lane < period_.size(); ++lane) {
      if (period_[lane] == period && flat_[lane] == flat) return lane;
    }
    period_.push_back(period), flat_.push_back(flat), alpha_.push_back(1.0 / period);
    longest_ = std::max(longest_, period);
    return static_cast<std::uint32_t>(period_.size() - 1);
  }
  [[nodiscard]] std::size_t size() const noexcept { return period_.size(); }
  /// Inputs after which their number is of no interest.
  [[nodiscard]] std::uint32_t settled() const noexcept { return period_.empty() ? 0 : longest_ + 1; }

  /// x is input number n_seen, `previous` the one before it.
  void update(double* mean, std::uint64_t n_seen, double previous, double x) const noexcept {
    const double change = x - previous;
    const double gain = std::max(change, 0.0);
    const double loss = gain - change;
    if (n_seen <= longest_ + std::uint64_t{1}) [[unlikely]]
      return warm_up(mean, n_seen, gain, loss);
    const std::size_t n = alpha_.size();
    const double* const alpha = alpha_.data();
    for (std::size_t i = 0; i < n; ++i) mean[i] += alpha[i] * (gain - mean[i]);
    for (std::size_t i = 0; i < n; ++i) mean[n + i] += alpha[i] * (loss - mean[n + i]);
  }
  [[nodiscard]] double value(const double* mean, std::uint64_t n_seen, std::uint32_t lane) const noexcept {
    return n_seen > period_[lane] ? Rsi::strength(mean[lane], mean[size() + lane], flat_[lane]) : kNotReady;
  }
  [[nodiscard]] static bool may_be(double mean) noexcept { return mean >= 0.0 && mean <= 0x1p61; }

 private:
  void warm_up(double* mean, std::uint64_t n_seen, double gain, double loss) const noexcept {
    if (n_seen == 1) return;  // the first input has no change
    for (std::size_t i = 0; i < size(); ++i) {
      double& up = mean[i];
      double& down = mean[size() + i];
      if (n_seen > period_[i] + std::uint64_t{1}) {
        up += alpha_[i] * (gain - up), down += alpha_[i] * (loss - down);
      } else {
        up += gain, down += loss;  // running sums until the seed is complete
        if (n_seen == period_[i] + std::uint64_t{1}) up /= period_[i], down /= period_[i];
      }
    }
  }

  std::vector<std::uint32_t> period_;
  std::vector<double> flat_;
  std::vector<double> alpha_;
  std::uint32_t longest_ = 0;
};

}  // namespace hft::feature
