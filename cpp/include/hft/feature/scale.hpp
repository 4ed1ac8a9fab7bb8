#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "hft/feature/concept.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// A value in units of a fitted scale above a fitted centre.
///
///   y = (x - center) / scale        with clip > 0: not beyond -clip and clip
///
/// Cost: one subtraction, one division.   Output unit: 1.   Exact: two roundings, the bits of NumPy's (x - c) / s.
/// NaN:  an input that is NaN or infinite gives NaN, and so does a result that is too large for a double.
/// Matches scikit-learn StandardScaler and RobustScaler; see tests/python/differential/test_normalisation.py.
class Scale {
 public:
  static constexpr RealRange kCenter{"center", -1e18, 1e18};
  static constexpr RealRange kScale{"scale", 0.0, 1e18};
  static constexpr RealRange kClip{"clip", 0.0, 1e18};

  /// Cold path: throws std::invalid_argument unless scale > 0 and all are within 1e18.
  Scale(double center, double scale, double clip)
      : center_{kCenter.check("Scale", center)}, scale_{kScale.check("Scale", scale)},
        clip_{kClip.check("Scale", clip)} {
    if (scale_ == 0.0) throw std::invalid_argument("Scale: scale must be > 0, was 0");
  }

  [[nodiscard]] double of(double x) const noexcept {
    const double y = (x - center_) / scale_;
    if (!std::isfinite(y)) return kNotReady;
    return clip_ > 0.0 ? std::clamp(y, -clip_, clip_) : y;
  }

 private:
  double center_;
  double scale_;
  double clip_;
};

}  // namespace hft::feature
