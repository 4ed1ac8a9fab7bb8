#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// How many sample standard deviations the newest input lies above the mean of all inputs since the state began.
///
///   y_t = (x_t - mean) / std        over x_1..x_t
///
/// Cost: O(1), no allocation; two divisions and one square root; the state has 80 bytes.   Output unit: 1.
/// Exact: inputs become multiples of 2^-60 and sums are integers, so the value depends on the set of inputs alone, not
/// on their order. After 2^26 inputs the mean and the deviation stay: later inputs are measured by them.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: NaN before two inputs.
/// Flat: while all inputs are equal there is no scale; the value is the parameter `flat` (0).
/// Matches pandas expanding(); see tests/python/differential/test_normalisation.py.
class RunningZScore {
 public:
  static constexpr RealRange kFlat{"flat", -1e6, 1e6};
  static constexpr std::uint32_t kMaxInputs = 1U << 26;  // n x and the sum of n inputs fit 127 bits
  static constexpr std::uint32_t kMinInputs = 2;

  /// Cold path: throws std::invalid_argument unless flat is in -1e6..1e6.
  explicit RunningZScore(double flat = 0.0) : flat_{kFlat.check("RunningZScore", flat)} {}

  double update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return value();
    newest_ = x;
    if (n_inputs_ < kMaxInputs) [[likely]] {
      const Int128 fixed = to_fixed(x);
      ++n_inputs_, sum_ += fixed, squares_ += Uint256::square(magnitude(fixed));
    }
    return value();
  }

  [[nodiscard]] double value() const noexcept {
    if (!ready()) return kNotReady;
    const Uint256 scatter = scatter_of(*this);
    if (scatter == Uint256{}) return flat_;
    const auto n = static_cast<double>(n_inputs_);
    const double deviation = std::sqrt(scatter.to_double(-2 * kFixedBits) / (n * (n - 1.0)));
    const Int128 distance = n_inputs_ * to_fixed(newest_) - sum_;  // n (x - mean), exact
    const double above = round_to_double(magnitude(distance), -kFixedBits) / n;
    return (distance < 0 ? -above : above) / deviation;
  }
  [[nodiscard]] bool ready() const noexcept { return n_inputs_ >= kMinInputs; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return kMinInputs - 1; }
  void reset() noexcept { n_inputs_ = 0, newest_ = 0.0, sum_ = 0, squares_ = {}; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.n_inputs_), ar(self.newest_);
    Uint128 high = self.squares_.high();
    Uint128 low = self.squares_.low();
    archive_wide(self.sum_, ar), archive_wide(high, ar), archive_wide(low, ar);
    if constexpr (Archive::kReads) {
      self.squares_ = Uint256{high, low};
      self.check();
    }
  }

 private:
  /// n S2 - S1^2: n (n - 1) times the variance, exact.
  [[nodiscard]] static Uint256 scatter_of(const RunningZScore& self) noexcept {
    Uint256 numerator = self.squares_.times(self.n_inputs_);
    return numerator -= Uint256::square(magnitude(self.sum_));
  }

  template <class Value, class Archive>
  static void archive_wide(Value& value, Archive& ar) {
    auto high = static_cast<std::uint64_t>(static_cast<Uint128>(value) >> 64);
    auto low = static_cast<std::uint64_t>(static_cast<Uint128>(value));
    ar(high), ar(low);
    if constexpr (Archive::kReads) value = static_cast<Value>((Uint128{high} << 64) | low);
  }

  /// Could n inputs have these sums? Then n S2 >= S1^2, and each is below its bound.
  void check() const {
    const bool good_count = n_inputs_ <= kMaxInputs && fits_fixed(newest_);
    const bool small = bit_width(magnitude(sum_)) <= 126 && bit_width(squares_.high()) <= 98;
    if (good_count && small) {
      const Uint256 whole = squares_.times(n_inputs_);
      const Uint256 square = Uint256::square(magnitude(sum_));
      const bool same_high = whole.high() == square.high();
      const bool enough = whole.high() > square.high() || (same_high && whole.low() >= square.low());
      if (enough && (n_inputs_ > 0 || squares_ == Uint256{})) return;
    }
    throw std::invalid_argument("snapshot: RunningZScore holds sums that no inputs have");
  }

  double flat_;
  double newest_ = 0.0;
  std::uint32_t n_inputs_ = 0;
  Int128 sum_ = 0;
  Uint256 squares_;
};
static_assert(Feature<RunningZScore>);

}  // namespace hft::feature
