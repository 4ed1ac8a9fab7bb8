#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// Page-Hinkley test: has the mean of the input moved away from what it was so far?
///
///   mean_t = mean of the inputs since the last alarm     e_t = x_t - mean_t
///   up_t = max(0, up_{t-1} + e_t - delta)     down_t = max(0, down_{t-1} - e_t - delta)
///   alarm_t = +1 where up_t > threshold, else -1 where down_t > threshold, else 0; after an alarm all begins anew
///
/// up_t is the usual sum minus its smallest value so far. No alarm comes from the first `min_inputs` inputs of a mean.
/// The row of the alarm shows the sum that crossed.
/// Cost: O(1), no allocation, one division.   Output unit: that of x; of alarm: 1.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Ready with the first input.
/// Flat: a constant input has exactly 0 in both sums.
/// Matches a slow twin; river's PageHinkley with alpha = 1; see tests/python/differential/test_anomaly.py.
/// Page (1954), Hinkley (1971).
class PageHinkley {
 public:
  static constexpr RealRange kDelta{"delta", 0.0, 1e12};
  static constexpr RealRange kThreshold{"threshold", 0.0, 1e12};
  static constexpr IntRange kMinInputs{"min_inputs", 1, kMaxWindow};
  static constexpr std::int64_t kDefaultMinInputs = 30;

  /// Cold path: throws std::invalid_argument unless each is in its range.
  PageHinkley(double delta, double threshold, std::int64_t min_inputs)
      : delta_{kDelta.check("PageHinkley", delta)},
        threshold_{kThreshold.check("PageHinkley", threshold)},
        min_inputs_{kMinInputs.check("PageHinkley", min_inputs)} {}

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    if (alarm() != 0) reset();
    ++n_inputs_;
    mean_ += (x - mean_) / static_cast<double>(n_inputs_);
    const double deviation = x - mean_;
    up_ = std::max(0.0, up_ + (deviation - delta_));
    down_ = std::max(0.0, down_ - (deviation + delta_));
  }

  [[nodiscard]] bool ready() const noexcept { return n_inputs_ > 0; }
  [[nodiscard]] double up() const noexcept { return up_; }
  [[nodiscard]] double down() const noexcept { return down_; }
  [[nodiscard]] int alarm() const noexcept {
    if (n_inputs_ < min_inputs_) return 0;
    return up_ > threshold_ ? 1 : down_ > threshold_ ? -1 : 0;
  }
  void reset() noexcept { n_inputs_ = 0, mean_ = 0.0, up_ = 0.0, down_ = 0.0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.n_inputs_), ar(self.mean_), ar(self.up_), ar(self.down_);
    const auto good = [](double sum) { return sum >= 0.0 && sum <= 0x1p110; };
    if (self.n_inputs_ > std::uint64_t{1} << 62 || !(std::abs(self.mean_) <= 0x1p40) || !good(self.up_) ||
        !good(self.down_)) {
      throw std::invalid_argument("snapshot: PageHinkley out of bounds");
    }
  }

 private:
  double delta_;
  double threshold_;
  std::uint32_t min_inputs_;
  std::uint64_t n_inputs_ = 0;
  double mean_ = 0.0;
  double up_ = 0.0;
  double down_ = 0.0;
};

/// One of PageHinkley's values.
struct PageHinkleyReading {
  using State = PageHinkley;
  enum class Output : std::uint8_t { kAlarm, kUp, kDown };

  [[nodiscard]] double of(const PageHinkley& p) const noexcept {
    if (!p.ready()) return kNotReady;
    if (output == Output::kAlarm) return p.alarm();
    return output == Output::kUp ? p.up() : p.down();
  }

  Output output;
};

}  // namespace hft::feature
