#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Two-sided cumulative sum (Page): has the mean of the input left 0?
///
///   up_t = max(0, up_{t-1} + x_t - drift)     down_t = max(0, down_{t-1} - x_t - drift)
///   alarm_t = +1 where up_t > threshold, else -1 where down_t > threshold, else 0; after an alarm both begin at 0
///
/// The input is a deviation from what is expected: a return, a zscore, a difference. The row of the alarm shows the sum
/// that crossed. Sums are exact integers of steps of 2^-60 (x, drift and threshold are rounded to one on entry), so an
/// alarm never hangs on rounding.
/// Cost: O(1), no allocation.   Output unit: that of x; of alarm: 1.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Ready with the first input.
/// Matches a slow twin in fractions, exactly; see tests/python/differential/test_anomaly.py. Page (1954).
class Cusum {
 public:
  static constexpr RealRange kDrift{"drift", 0.0, 1e12};
  static constexpr RealRange kThreshold{"threshold", 0.0, 1e12};

  /// Cold path: throws std::invalid_argument unless both are in 0..1e12.
  Cusum(double drift, double threshold)
      : drift_{to_fixed(kDrift.check("Cusum", drift))}, threshold_{to_fixed(kThreshold.check("Cusum", threshold))} {}

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    if (alarm() != 0) up_ = 0, down_ = 0;
    const Int128 fixed = to_fixed(x);
    up_ = std::max<Int128>(0, up_ + fixed - drift_);
    down_ = std::max<Int128>(0, down_ - fixed - drift_);
    is_ready_ = true;
  }

  [[nodiscard]] bool ready() const noexcept { return is_ready_; }
  [[nodiscard]] double up() const noexcept { return round_to_double(magnitude(up_), -kFixedBits); }
  [[nodiscard]] double down() const noexcept { return round_to_double(magnitude(down_), -kFixedBits); }
  [[nodiscard]] int alarm() const noexcept { return up_ > threshold_ ? 1 : down_ > threshold_ ? -1 : 0; }
  void reset() noexcept { up_ = 0, down_ = 0, is_ready_ = false; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    archive_sum(self.up_, ar), archive_sum(self.down_, ar);
    auto seen = static_cast<std::uint8_t>(self.is_ready_);
    ar(seen);
    if constexpr (Archive::kReads) {
      if (seen > 1) throw std::invalid_argument("snapshot: Cusum out of bounds");
      self.is_ready_ = seen == 1;
    }
  }

 private:
  template <class Sum, class Archive>
  static void archive_sum(Sum& sum, Archive& ar) {
    auto high = static_cast<std::uint64_t>(static_cast<Uint128>(sum) >> 64);
    auto low = static_cast<std::uint64_t>(static_cast<Uint128>(sum));
    ar(high), ar(low);
    if constexpr (Archive::kReads) {
      if (high >= std::uint64_t{1} << 38) throw std::invalid_argument("snapshot: Cusum out of bounds");
      sum = static_cast<Int128>((Uint128{high} << 64) | low);
    }
  }

  Int128 drift_;
  Int128 threshold_;
  Int128 up_ = 0;  // below threshold + 2^100
  Int128 down_ = 0;
  bool is_ready_ = false;
};

/// One of Cusum's values.
struct CusumReading {
  using State = Cusum;
  enum class Output : std::uint8_t { kAlarm, kUp, kDown };

  [[nodiscard]] double of(const Cusum& c) const noexcept {
    if (!c.ready()) return kNotReady;
    if (output == Output::kAlarm) return c.alarm();
    return output == Output::kUp ? c.up() : c.down();
  }

  Output output;
};

}  // namespace hft::feature
