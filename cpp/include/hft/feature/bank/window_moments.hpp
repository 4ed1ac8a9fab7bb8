#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/feature/bank/history.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/near_scale.hpp"
#include "hft/feature/wide_sums.hpp"

namespace hft::feature {

/// Exact moments of several count windows over one series, side by side: the bits of a Moments for each.
///
/// All windows' inputs lie near one base, or else all sums are wide ones (moments.hpp says why and when).
/// This is what all symbols share; a symbol's own is a Mode and a Sums for each window.
class WindowMoments {
 public:
  static constexpr std::uint32_t kMaxWindow = NearScale::kMaxInputs;
  static constexpr std::size_t kMaxWindows = 64;

  /// How the sums are kept.
  struct Mode {
    NearScale scale;
    std::uint32_t until_look = 0;  // inputs until wide sums try to become near ones
    bool is_near = true;
  };
  struct Near {
    Uint128 s2;
    std::int64_t s1;
  };
  union Sums {
    Near near;
    WideSums wide;
    Sums() : near{} {}
  };
  /// One symbol's.
  struct State {
    Mode* mode;
    Sums* sums;
  };
  /// Variance and deviation of each window.
  struct Spreads {
    std::array<double, kMaxWindows> variance;
    std::array<double, kMaxWindows> deviation;
  };

  [[nodiscard]] bool has_room() const noexcept { return window_.size() < kMaxWindows; }
  std::uint32_t add(std::uint32_t window) {
    const auto it = std::ranges::find(window_, window);
    const auto lane = static_cast<std::uint32_t>(it - window_.begin());
    if (it != window_.end()) return lane;
    const double n = window;
    window_.push_back(window), length_.push_back(n), inverse_.push_back(1.0 / n), pairs_.push_back(n * (n - 1.0));
    longest_ = std::max(longest_, window);
    return lane;
  }
  [[nodiscard]] std::size_t size() const noexcept { return window_.size(); }
  [[nodiscard]] std::uint32_t longest() const noexcept { return longest_; }
  [[nodiscard]] bool ready(std::uint64_t n_seen, std::uint32_t lane) const noexcept { return n_seen >= window_[lane]; }

  /// Takes input number n_seen, which the history holds.
  void update(const State& s, const History& inputs, std::uint64_t n_seen) const noexcept {
    const double x = inputs[n_seen];
    if (s.mode->scale.reaches(x) && n_seen > longest_) [[likely]]
      return slide_near(s, inputs, n_seen);
    if (s.mode->is_near ? !s.mode->scale.reaches(x) : --s.mode->until_look == 0) return sum_up(s, inputs, n_seen);
    for (std::size_t i = 0; i < window_.size(); ++i) {
      const bool is_full = n_seen > window_[i];
      if (s.mode->is_near) {
        enter(*s.mode, s.sums[i], x);
        if (is_full) leave(*s.mode, s.sums[i], inputs[n_seen - window_[i]]);
      } else {
        if (is_full) s.sums[i].wide.leave(inputs[n_seen - window_[i]]);
        s.sums[i].wide.enter(x);
      }
    }
  }

  /// Makes the sums from the history: near ones about its newest input if that reaches all of it.
  void sum_up(const State& s, const History& inputs, std::uint64_t n_seen) const noexcept {
    const std::uint64_t n = std::min<std::uint64_t>(n_seen, longest_);
    *s.mode = {};
    s.mode->is_near = n == 0 || NearScale::can_start(inputs[n_seen]);
    if (n != 0 && s.mode->is_near) {
      s.mode->scale = NearScale{inputs[n_seen]};
      for (std::uint64_t age = 0; age < n && s.mode->is_near; ++age) {
        s.mode->is_near = s.mode->scale.reaches(inputs[n_seen - age]);
      }
    }
    if (!s.mode->is_near) s.mode->scale = {}, s.mode->until_look = kLooks * longest_;
    for (std::size_t i = 0; i < window_.size(); ++i) {
      if (s.mode->is_near) s.sums[i].near = {};
      else s.sums[i].wide = {};
      for (std::uint64_t age = 0; age < std::min<std::uint64_t>(n, window_[i]); ++age) {
        if (s.mode->is_near) enter(*s.mode, s.sums[i], inputs[n_seen - age]);
        else s.sums[i].wide.enter(inputs[n_seen - age]);
      }
    }
  }

  // What follows needs a full window.

  [[nodiscard]] double sum(const State& s, std::uint32_t lane) const noexcept {
    const Sums& sums = s.sums[lane];
    return s.mode->is_near ? s.mode->scale.sum(sums.near.s1, window_[lane]) : sums.wide.sum();
  }
  [[nodiscard]] double mean(const State& s, std::uint32_t lane) const noexcept {
    const Sums& sums = s.sums[lane];
    const std::uint32_t n = window_[lane];
    return s.mode->is_near ? s.mode->scale.mean(sums.near.s1, n, inverse_[lane]) : sums.wide.mean(n);
  }
  /// The same where the sums are near ones on that scale. A small sum's quotient may be rounded first.
  [[nodiscard]] double mean_near(const NearScale& scale, const State& s, std::uint32_t lane) const noexcept {
    const std::int64_t s1 = s.sums[lane].near.s1;
    if (std::abs(s1) <= NearScale::kSmallSum) [[likely]]
      return scale.mean_of_small(s1, length_[lane]);
    return scale.mean(s1, window_[lane], inverse_[lane]);
  }
  [[nodiscard]] double variance(const State& s, std::uint32_t lane) const noexcept {
    const Sums& sums = s.sums[lane];
    const std::uint32_t n = window_[lane];
    if (!s.mode->is_near) return sums.wide.variance(n);
    return NearScale::scatter(sums.near.s1, sums.near.s2, n) * s.mode->scale.square() / pairs_[lane];
  }
  [[nodiscard]] double zscore(const State& s, std::uint32_t lane, double x, double variance, double deviation,
                              double flat) const noexcept {
    const Sums& sums = s.sums[lane];
    const std::uint32_t n = window_[lane];
    const double above = s.mode->is_near ? s.mode->scale.above_mean(x, sums.near.s1, n) : sums.wide.above_mean(x, n);
    return variance == 0.0 ? flat : above / deviation;
  }
  void spread(const State& s, Spreads& out) const noexcept {
    const std::size_t n = window_.size();
    if (s.mode->is_near) {  // integers, then two loops that become vectors
      const double square = s.mode->scale.square();
      for (std::size_t i = 0; i < n; ++i) {
        out.variance[i] = NearScale::scatter(s.sums[i].near.s1, s.sums[i].near.s2, window_[i]);
      }
      for (std::size_t i = 0; i < n; ++i) out.variance[i] = out.variance[i] * square / pairs_[i];
    } else {
      for (std::size_t i = 0; i < n; ++i) out.variance[i] = s.sums[i].wide.variance(window_[i]);
    }
    for (std::size_t i = 0; i < n; ++i) out.deviation[i] = std::sqrt(out.variance[i]);
  }

 private:
  static constexpr std::uint32_t kLooks = 4;  // window lengths between two looks: a quarter of a sum an input

  static void enter(const Mode& mode, Sums& sums, double x) noexcept {
    const std::int64_t d = mode.scale.distance(x);
    sums.near.s1 += d, sums.near.s2 += static_cast<Uint128>(Int128{d} * d);
  }
  static void leave(const Mode& mode, Sums& sums, double x) noexcept {
    const std::int64_t d = mode.scale.distance(x);
    sums.near.s1 -= d, sums.near.s2 -= static_cast<Uint128>(Int128{d} * d);
  }

  /// All windows are full and all inputs near: one product a window, as a^2 - b^2 = (a - b) (a + b).
  void slide_near(const State& s, const History& inputs, std::uint64_t n_seen) const noexcept {
    const NearScale scale = s.mode->scale;
    const std::int64_t now = scale.distance(inputs[n_seen]);
    for (std::size_t i = 0; i < window_.size(); ++i) {
      const std::int64_t old = scale.distance(inputs[n_seen - window_[i]]);
      Near& near = s.sums[i].near;
      near.s1 += now - old;
      near.s2 += static_cast<Uint128>(Int128{now - old} * (now + old));
    }
  }

  std::vector<std::uint32_t> window_;
  std::vector<double> length_;
  std::vector<double> inverse_;
  std::vector<double> pairs_;
  std::uint32_t longest_ = 0;
};

}  // namespace hft::feature
