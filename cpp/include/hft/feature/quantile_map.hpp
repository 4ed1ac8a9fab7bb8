#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hft/feature/concept.hpp"

namespace hft::feature {

/// Share of a fitted sample that lies below a value: its empirical distribution, linear between knots.
///
///   knots q_0 <= q_1 <= ... <= q_m      q_i = the sample's quantile i / m
///   y = 0, x <= q_0      y = 1, x >= q_m      y = (i + (x - q_i) / (q_{i+1} - q_i)) / m, q_i <= x < q_{i+1}
///   y = (i + j) / (2 m) where x equals the knots q_i to q_j
///
/// Cost: O(log m), m at most 255; one division, two between knots.   Output unit: 1, in [0, 1]; never falls as x rises.
/// NaN:  an input that is NaN or infinite gives NaN.
/// Matches scikit-learn QuantileTransformer; see tests/python/differential/test_normalisation.py.
class QuantileMap {
 public:
  static constexpr std::size_t kMaxKnots = 256;

  /// Cold path: throws std::invalid_argument unless there are 2..256 finite knots, not falling, not all equal.
  explicit QuantileMap(std::vector<double> knots) : knots_{std::move(knots)} {
    if (knots_.size() < 2 || knots_.size() > kMaxKnots) {
      refuse("must be 2 to " + std::to_string(kMaxKnots) + " numbers, was " + std::to_string(knots_.size()));
    }
    if (!std::ranges::all_of(knots_, [](double q) { return std::abs(q) <= 0x1p1000; })) {
      refuse("must be numbers within 2^1000");
    }
    if (const auto falls = std::ranges::is_sorted_until(knots_); falls != knots_.end()) {
      refuse("must not fall, was " + std::to_string(*(falls - 1)) + " and then " + std::to_string(*falls));
    }
    if (knots_.front() == knots_.back()) refuse("must not all be equal, were " + std::to_string(knots_.front()));
  }

  [[nodiscard]] double of(double x) const noexcept {
    if (!std::isfinite(x)) return kNotReady;
    if (x <= knots_.front()) return 0.0;
    if (x >= knots_.back()) return 1.0;
    const auto m = static_cast<double>(knots_.size() - 1);
    const auto above = std::ranges::upper_bound(knots_, x);
    const auto below = above - 1;
    const auto i = static_cast<double>(below - knots_.begin());
    if (*below == x) {
      return (i + static_cast<double>(std::ranges::lower_bound(knots_, x) - knots_.begin())) / (2.0 * m);
    }
    return (i + (x - *below) / (*above - *below)) / m;
  }

 private:
  [[noreturn]] static void refuse(const std::string& rule) {
    throw std::invalid_argument("QuantileMap: knots " + rule);
  }

  std::vector<double> knots_;
};

}  // namespace hft::feature
