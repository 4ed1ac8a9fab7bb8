#pragma once

#include <cstdint>

#include "hft/feature/near_scale.hpp"

namespace hft::feature {

/// S1 and S2 of inputs that lie near each other, as prices do, in 64 and 128 bits: about a base that is one of them.
class NearSums {
 public:
  /// Forgets everything; NearScale::can_start(base).
  void start(double base) noexcept { scale_ = NearScale{base}, s1_ = 0, s2_ = 0; }
  [[nodiscard]] bool reaches(double x) const noexcept { return scale_.reaches(x); }

  void enter(double x) noexcept {
    const std::int64_t d = scale_.distance(x);
    s1_ += d, s2_ += square(d);
  }
  void leave(double x) noexcept {
    const std::int64_t d = scale_.distance(x);
    s1_ -= d, s2_ -= square(d);
  }

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum(std::uint32_t n) const noexcept { return scale_.sum(s1_, n); }
  /// Rounded once.
  [[nodiscard]] double mean(std::uint32_t n) const noexcept { return scale_.mean(s1_, n, 1.0 / n); }
  /// Sample variance. n >= 2.
  [[nodiscard]] double variance(std::uint32_t n) const noexcept {
    return NearScale::scatter(s1_, s2_, n) * scale_.square() / static_cast<double>(std::uint64_t{n} * (n - 1));
  }
  /// x - mean, in two roundings.
  [[nodiscard]] double above_mean(double x, std::uint32_t n) const noexcept { return scale_.above_mean(x, s1_, n); }

 private:
  [[nodiscard]] static Uint128 square(std::int64_t d) noexcept { return static_cast<Uint128>(Int128{d} * d); }

  NearScale scale_;
  std::int64_t s1_ = 0;
  Uint128 s2_ = 0;
};

}  // namespace hft::feature
