#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace hft::feature {

/// How the seeds of recursions lose their weight: by `factor` with each input, through `n_stages` recursions that read
/// one another. A value that depends on its window alone has no stage.
struct Fading {
  double factor = 0.0;
  std::uint32_t n_stages = 0;

  /// Of a value that is made of another one.
  [[nodiscard]] Fading behind(const Fading& before) const noexcept {
    return {std::max(factor, before.factor), n_stages + before.n_stages};
  }

  /// Of a value that is made of two side by side.
  [[nodiscard]] Fading beside(const Fading& other) const noexcept {
    return {std::max(factor, other.factor), std::max(n_stages, other.n_stages)};
  }

  /// Inputs after the seed until its weight is at most `tolerance`: the smallest n with
  /// (n + n_stages - 1 choose n_stages - 1) factor^n <= tolerance, the weight that k equal stages leave.
  /// Cold path: throws std::invalid_argument unless 0 < tolerance < 1.
  [[nodiscard]] std::uint64_t inputs_until(double tolerance) const {
    if (!(tolerance > 0.0 && tolerance < 1.0)) {
      throw std::invalid_argument("tolerance must be in (0, 1), was " + std::to_string(tolerance));
    }
    if (n_stages == 0 || factor <= 0.0) return 0;
    const auto fits = [&](double n) {
      double weight = n * std::log(factor);
      for (std::uint32_t i = 1; i < n_stages; ++i) weight += std::log((n + i) / i);
      return weight <= std::log(tolerance);
    };
    // The weight rises while stages fill up and falls from there on: search behind its peak.
    double low = std::floor((n_stages - 1.0) * factor / (1.0 - factor));
    if (fits(low)) return static_cast<std::uint64_t>(low);
    double high = std::max(1.0, 2.0 * low);
    while (!fits(high)) high *= 2.0;
    while (high - low > 1.0) {
      const double middle = std::floor((low + high) / 2.0);
      (fits(middle) ? high : low) = middle;
    }
    return static_cast<std::uint64_t>(high);
  }
};

}  // namespace hft::feature
