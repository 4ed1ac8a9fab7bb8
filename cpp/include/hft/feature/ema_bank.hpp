#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "hft/feature/ema.hpp"

namespace hft::feature {

/// Exponential averages of several periods over one series, side by side: what a pipeline has instead of an Ema for each.
///
/// The same operations in the same order as Ema's, so the same bits; a loop without branches over arrays, which the
/// compiler turns into vectors.
class EmaBank {
 public:
  explicit EmaBank(const Ema& first) { add(first.lookback() + 1, first.alpha()); }

  /// Takes one more average, and says which it is. Before the first input only.
  std::uint32_t widen(const EmaBank& other) { return add(other.period_.front(), other.alpha_.front()); }

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    newest_ = x;
    if (n_inputs_ < longest_) [[unlikely]]
      return warm_up(x);
    const std::size_t n = level_.size();
    double* const level = level_.data();
    const double* const alpha = alpha_.data();
    for (std::size_t i = 0; i < n; ++i) level[i] += alpha[i] * (x - level[i]);
  }

  [[nodiscard]] double value(std::uint32_t lane) const noexcept {
    return n_inputs_ >= period_[lane] ? level_[lane] : kNotReady;
  }
  [[nodiscard]] double newest() const noexcept { return newest_; }
  void reset() noexcept { std::ranges::fill(level_, 0.0), n_inputs_ = 0, newest_ = 0.0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.n_inputs_), ar(self.newest_);
    for (auto& level : self.level_) ar(level);
    if (self.n_inputs_ > self.longest_) throw std::invalid_argument("snapshot: averages saw more than their periods");
    const auto good = [](double level) { return std::abs(level) <= 0x1p60; };  // or a sum of 2^20 inputs
    if (!fits_fixed(self.newest_) || !std::ranges::all_of(self.level_, good)) {
      throw std::invalid_argument("snapshot: an average out of bounds");
    }
  }

 private:
  std::uint32_t add(std::uint32_t period, double alpha) {
    period_.push_back(period), alpha_.push_back(alpha), level_.push_back(0.0);
    longest_ = std::max(longest_, period);
    return static_cast<std::uint32_t>(period_.size() - 1);
  }

  void warm_up(double x) noexcept {
    ++n_inputs_;
    for (std::size_t i = 0; i < level_.size(); ++i) {
      if (n_inputs_ > period_[i]) {
        level_[i] += alpha_[i] * (x - level_[i]);
      } else {
        level_[i] += x;  // the running sum until the seed is complete
        if (n_inputs_ == period_[i]) level_[i] /= period_[i];
      }
    }
  }

  std::vector<std::uint32_t> period_;
  std::vector<double> alpha_;
  std::vector<double> level_;
  std::uint32_t longest_ = 0;
  std::uint32_t n_inputs_ = 0;  // saturates at the longest period
  double newest_ = 0.0;
};

/// One average of a bank.
struct EmaLane {
  using State = EmaBank;
  [[nodiscard]] double of(const EmaBank& bank, std::uint32_t lane) const noexcept { return bank.value(lane); }
};

/// The newest input's distance from one average of a bank, in bps of it: EmaDeviation's value.
struct EmaDeviationLane {
  using State = EmaBank;
  [[nodiscard]] double of(const EmaBank& bank, std::uint32_t lane) const noexcept {
    const double level = bank.value(lane);
    return level != 0.0 ? 1e4 * (bank.newest() - level) / level : kNotReady;
  }
};

}  // namespace hft::feature
