#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/feature/concept.hpp"
#include "hft/feature/fading.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// GARCH(1,1) as a filter: the variance of the next return, for parameters that were fitted elsewhere.
///
///   h_1 = initial_variance     h_{t+1} = omega + alpha r_t^2 + beta h_t     variance: h_{t+1}, volatility: its root
///
/// An initial variance of 0 stands for the long-run one, omega / (1 - alpha - beta).
/// Cost: O(1), no allocation, at most one square root.   Output unit: that of r, or its square.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Ready with the first input.
/// Matches the variance recursion of the arch package with h_1 = omega + (alpha + beta) backcast; see
/// tests/python/differential/test_volatility.py. Bollerslev (1986).
class Garch {
 public:
  enum class Output : std::uint8_t { kVolatility, kVariance };
  struct Parameters {
    double omega;
    double alpha;
    double beta;
    double initial_variance = 0.0;
  };
  static constexpr RealRange kOmega{"omega", 0.0, 1e12};
  static constexpr RealRange kAlpha{"alpha", 0.0, 1.0};
  static constexpr RealRange kBeta{"beta", 0.0, 1.0};
  static constexpr RealRange kInitialVariance{"initial_variance", 0.0, 1e24};

  /// Cold path: throws std::invalid_argument unless alpha + beta < 1 and each is in its range.
  explicit Garch(const Parameters& p, Output output = Output::kVolatility)
      : omega_{kOmega.check("Garch", p.omega)},
        alpha_{kAlpha.check("Garch", p.alpha)},
        beta_{kBeta.check("Garch", p.beta)},
        initial_{kInitialVariance.check("Garch", p.initial_variance)},
        output_{output} {
    if (!(alpha_ + beta_ < 1.0)) {
      throw std::invalid_argument("Garch: alpha + beta must be < 1, was " + std::to_string(alpha_ + beta_));
    }
    if (initial_ == 0.0) initial_ = omega_ / (1.0 - alpha_ - beta_);
    variance_ = initial_;
  }

  double update(double r) noexcept {
    if (fits_fixed(r)) [[likely]] {
      variance_ = omega_ + alpha_ * (r * r) + beta_ * variance_;
      is_ready_ = true;
    }
    return value();
  }

  [[nodiscard]] double value() const noexcept {
    if (!is_ready_) return kNotReady;
    return output_ == Output::kVolatility ? std::sqrt(variance_) : variance_;
  }
  [[nodiscard]] bool ready() const noexcept { return is_ready_; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  [[nodiscard]] Fading fading() const noexcept { return {beta_, 1}; }
  void reset() noexcept { variance_ = initial_, is_ready_ = false; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.variance_);
    auto seen = static_cast<std::uint8_t>(self.is_ready_);
    ar(seen);
    if constexpr (Archive::kReads) {
      if (seen > 1 || !(self.variance_ >= 0.0 && self.variance_ <= 0x1p120)) {
        throw std::invalid_argument("snapshot: Garch out of bounds");
      }
      self.is_ready_ = seen == 1;
    }
  }

 private:
  double omega_;
  double alpha_;
  double beta_;
  double initial_;
  Output output_;
  double variance_ = 0.0;
  bool is_ready_ = false;
};
static_assert(Feature<Garch>);

}  // namespace hft::feature
