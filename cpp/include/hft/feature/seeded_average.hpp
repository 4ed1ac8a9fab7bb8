#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fading.hpp"

namespace hft::feature {

/// A recursion seeded with the simple mean of its first `period` inputs: what Wilder's average and its readers run.
///
///   y_n = mean(x_1..x_n)                      n = period
///   y_t = y_{t-1} + a (x_t - y_{t-1})         t > period
///
/// Takes what it is given: the owner has checked the input, which is below 2^42 in size.
/// Cost: O(1), no allocation, no division after warm-up.
class SeededAverage {
 public:
  SeededAverage(std::uint32_t period, double alpha) : period_{period}, alpha_{alpha} {}

  void step(double x) noexcept {
    if (count_ == period_) [[likely]] {
      level_ += alpha_ * (x - level_);
    } else {
      level_ += x;  // holds the running sum until the seed is complete
      if (++count_ == period_) level_ /= period_;
    }
  }

  [[nodiscard]] double value() const noexcept { return ready() ? level_ : kNotReady; }
  [[nodiscard]] bool ready() const noexcept { return count_ == period_; }
  /// Inputs so far, `period` at most.
  [[nodiscard]] std::uint32_t n_seen() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t period() const noexcept { return period_; }
  [[nodiscard]] Fading fading() const noexcept { return {1.0 - alpha_, 1}; }
  void reset() noexcept { level_ = 0.0, count_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.count_), ar(self.level_);
    if (self.count_ > self.period_) throw std::invalid_argument("snapshot: an average saw more than its period");
    if (!(std::abs(self.level_) <= 0x1p62)) throw std::invalid_argument("snapshot: an average out of bounds");
  }

 private:
  std::uint32_t period_;
  std::uint32_t count_ = 0;  // saturates at period_
  double alpha_;
  double level_ = 0.0;
};

}  // namespace hft::feature
