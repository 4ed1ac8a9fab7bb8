#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
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

  /// S1 and n S2 - S1^2 after each of some inputs.
  struct Slid {
    static constexpr std::size_t kMost = 256;
    std::array<std::int64_t, kMost> s1;
    std::array<double, kMost> scatter;
  };
  /// x[0..m) enter, one by one, m <= Slid::kMost; with each the input leaves that stands n before it. Stops before the
  /// first that is not near; returns how many came in. Without scatter S2 stays behind: the sums are to be made anew.
  template <bool kScatter>
  std::size_t slide(const double* x, std::size_t m, std::uint32_t n, Slid& out) noexcept {
    bool near = true;
    for (std::size_t i = 0; i < m; ++i) near &= scale_.reaches(x[i]);
    if (!near) m = static_cast<std::size_t>(std::find_if_not(x, x + m, [&](double v) { return reaches(v); }) - x);
    for (std::size_t i = 0; i < m; ++i) {
      const std::int64_t now = scale_.distance(x[i]);
      const std::int64_t old = scale_.distance(*(x + i - n));
      s1_ += now - old;
      out.s1[i] = s1_;
      if constexpr (kScatter) {
        s2_ += static_cast<Uint128>(Int128{now - old} * (now + old));
        out.scatter[i] = NearScale::scatter(s1_, s2_, n);
      }
    }
    return m;
  }
  [[nodiscard]] const NearScale& scale() const noexcept { return scale_; }

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
