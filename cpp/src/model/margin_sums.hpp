#pragma once

#include <cstddef>

#include "hft/model/forest.hpp"

namespace hft::model {

/// The order of operations of a margin, for sums in double or (FLOAT32_SUMS) in float.
struct MarginSums {
  double divisor;
  bool base_first;
  bool float32;

  explicit MarginSums(const Forest& forest)
      : divisor{forest.divisor}, base_first{forest.base_first}, float32{forest.float32_sums} {}

  [[nodiscard]] double start(double base) const noexcept { return base_first ? base : 0.0; }

  /// The margin, from the sum of its leaves.
  template <class Real>
  [[nodiscard]] double finish(Real sum, double base) const noexcept {
    if (divisor != 1.0) sum /= static_cast<Real>(divisor);
    if (!base_first) sum += static_cast<Real>(base);
    return static_cast<double>(sum);
  }
};

}  // namespace hft::model
