#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "hft/feature/rsi.hpp"

namespace hft::feature {

/// Relative strength indices of several periods over one series, side by side: the bits of an Rsi for each.
class RsiBank {
 public:
  explicit RsiBank(const Rsi& first) { add(first.lookback(), first.flat()); }

  /// Takes one more index, and says which it is. Before the first input only.
  std::uint32_t widen(const RsiBank& other) { return add(other.period_.front(), other.flat_.front()); }

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    const double change = x - previous_;
    previous_ = x;
    const double gain = std::max(change, 0.0);
    const double loss = std::max(-change, 0.0);
    if (n_inputs_ <= longest_) [[unlikely]]
      return warm_up(gain, loss);
    const std::size_t n = period_.size();
    const double* const alpha = alpha_.data();
    double* const up = mean_gain_.data();
    double* const down = mean_loss_.data();
    for (std::size_t i = 0; i < n; ++i) up[i] += alpha[i] * (gain - up[i]);
    for (std::size_t i = 0; i < n; ++i) down[i] += alpha[i] * (loss - down[i]);
  }

  [[nodiscard]] double value(std::uint32_t lane) const noexcept {
    if (n_inputs_ <= period_[lane]) [[unlikely]]
      return kNotReady;
    const double moved = mean_gain_[lane] + mean_loss_[lane];
    return moved == 0.0 ? flat_[lane] : 100.0 * mean_gain_[lane] / moved;
  }
  void reset() noexcept {
    std::ranges::fill(mean_gain_, 0.0), std::ranges::fill(mean_loss_, 0.0);
    n_inputs_ = 0, previous_ = 0.0;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.n_inputs_), ar(self.previous_);
    for (std::size_t i = 0; i < self.period_.size(); ++i) ar(self.mean_gain_[i]), ar(self.mean_loss_[i]);
    if (self.n_inputs_ > self.longest_ + 1) throw std::invalid_argument("snapshot: Rsi saw more than its period");
    const auto good = [](double mean) { return mean >= 0.0 && mean <= 0x1p61; };  // or a sum of 2^20 changes
    if (!fits_fixed(self.previous_) || !std::ranges::all_of(self.mean_gain_, good) ||
        !std::ranges::all_of(self.mean_loss_, good)) {
      throw std::invalid_argument("snapshot: Rsi out of bounds");
    }
  }

 private:
  std::uint32_t add(std::uint32_t period, double flat) {
    period_.push_back(period), flat_.push_back(flat), alpha_.push_back(1.0 / period);
    mean_gain_.push_back(0.0), mean_loss_.push_back(0.0);
    longest_ = std::max(longest_, period);
    return static_cast<std::uint32_t>(period_.size() - 1);
  }

  void warm_up(double gain, double loss) noexcept {
    if (n_inputs_++ == 0) return;  // the first input has no change
    for (std::size_t i = 0; i < period_.size(); ++i) {
      if (n_inputs_ > period_[i] + 1) {
        mean_gain_[i] += alpha_[i] * (gain - mean_gain_[i]);
        mean_loss_[i] += alpha_[i] * (loss - mean_loss_[i]);
      } else {
        mean_gain_[i] += gain, mean_loss_[i] += loss;  // running sums until the seed is complete
        if (n_inputs_ == period_[i] + 1) mean_gain_[i] /= period_[i], mean_loss_[i] /= period_[i];
      }
    }
  }

  std::vector<std::uint32_t> period_;
  std::vector<double> flat_;
  std::vector<double> alpha_;
  std::vector<double> mean_gain_;
  std::vector<double> mean_loss_;
  std::uint32_t longest_ = 0;
  std::uint32_t n_inputs_ = 0;  // saturates at the longest period + 1
  double previous_ = 0.0;
};

/// One index of a bank.
struct RsiLane {
  using State = RsiBank;
  [[nodiscard]] double of(const RsiBank& bank, std::uint32_t lane) const noexcept { return bank.value(lane); }
};

}  // namespace hft::feature
