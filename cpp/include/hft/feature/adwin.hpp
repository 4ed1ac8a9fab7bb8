#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/log_ratio.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// ADWIN2 (Bifet and Gavalda): a window that grows while its mean holds, and drops its oldest part when it does not.
///
/// The window is a list of buckets of 1, 2, 4, ... inputs, at most five of each size, oldest largest. Every 32nd input,
/// each border between buckets splits it into an older part 0 and a newer part 1; with n inputs of variance v,
///
///   L = ln(2 ln(n) / delta)     1/m = 1 / (n_0 - 4) + 1 / (n_1 - 4)
///   drop the oldest bucket, and begin anew, where |mean_0 - mean_1| > sqrt(2 v L / m) + 2/3 scale L / m
///
/// Parts below five inputs and windows of ten or fewer are not asked. The window ends at 655,355 inputs.
/// Exact: buckets hold integer sums of inputs and squares (inputs rounded once to 2^-60), so means and variance are
/// those of the window's inputs, each rounded once; L comes from log_ratio.hpp, the same bits on every machine.
/// Cost: O(1) amortised; at every 32nd input O(log n) borders, no allocation.   Memory: 5 KB.   Output unit: that of x;
/// width: inputs; alarm: 1.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Ready with the first input.
/// Flat: a constant input never alarms, and its mean is exactly that constant.
/// Matches a slow twin that keeps the inputs; river's ADWIN: see docs/features/adwin.md. Bifet and Gavalda (2007).
class Adwin {
 public:
  static constexpr RealRange kDelta{"delta", 1e-12, 0.5};
  static constexpr RealRange kScale{"scale", 0.0, 1e12};
  static constexpr double kDefaultDelta = 0.002;

  /// Cold path: throws std::invalid_argument unless delta is in 1e-12..0.5 and scale in 0..1e12.
  Adwin(double delta, double scale) : delta_{kDelta.check("Adwin", delta)}, scale_{kScale.check("Adwin", scale)} {}

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    const Int128 fixed = to_fixed(x);
    insert({fixed, Uint256::square(magnitude(fixed))});
    alarm_ = 0;
    until_check_ = (until_check_ + kEvery - 1) % kEvery;
    if (until_check_ == 0 && width_ > kLeastWidth) shrink();
  }

  [[nodiscard]] bool ready() const noexcept { return width_ > 0; }
  [[nodiscard]] double mean() const noexcept { return width_ > 0 ? fixed_quotient(total_.sum, width_) : kNotReady; }
  [[nodiscard]] std::uint32_t width() const noexcept { return width_; }
  /// +1: the newest input made the window drop a part, and what stays is higher; -1: lower; 0: no change.
  [[nodiscard]] int alarm() const noexcept { return alarm_; }
  void reset() noexcept { total_ = {}, n_buckets_ = {}, width_ = 0, until_check_ = 0, alarm_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    ar(self.until_check_), ar(self.alarm_);
    for (std::size_t row = 0; row < kRows; ++row) {
      ar(self.n_buckets_[row]);
      if (self.n_buckets_[row] > kPerRow) throw std::invalid_argument("snapshot: too many buckets in a row of Adwin");
      for (std::size_t i = 0; i < self.n_buckets_[row]; ++i) archive_bucket(self.rows_[row][i], row, ar);
      if constexpr (Archive::kReads) self.count(row);
    }
    if (self.until_check_ >= kEvery || self.alarm_ < -1 || self.alarm_ > 1) {
      throw std::invalid_argument("snapshot: Adwin out of bounds");
    }
  }

 private:
  static constexpr std::size_t kPerRow = 5;
  static constexpr std::size_t kRows = 17;
  static constexpr std::uint32_t kEvery = 32;
  static constexpr std::uint32_t kLeastWidth = 10;
  static constexpr std::uint32_t kLeastPart = 5;

  struct Bucket {
    Int128 sum = 0;
    Uint256 squares;

    void add(const Bucket& other) noexcept { sum += other.sum, squares += other.squares; }
    void drop(const Bucket& other) noexcept { sum -= other.sum, squares -= other.squares; }
  };

  void insert(const Bucket& newest) noexcept {
    total_.add(newest), ++width_;
    rows_[0][n_buckets_[0]++] = newest;
    for (std::size_t row = 0; n_buckets_[row] > kPerRow; ++row) {
      if (row + 1 == kRows) return drop_oldest();
      Bucket merged = rows_[row][0];
      merged.add(rows_[row][1]);
      remove_front(row, 2);
      rows_[row + 1][n_buckets_[row + 1]++] = merged;
    }
  }
  void remove_front(std::size_t row, std::size_t n) noexcept {
    auto& buckets = rows_[row];
    std::copy(buckets.begin() + static_cast<std::ptrdiff_t>(n), buckets.begin() + n_buckets_[row], buckets.begin());
    n_buckets_[row] -= static_cast<std::uint8_t>(n);
  }
  void drop_oldest() noexcept {
    std::size_t row = kRows - 1;
    while (n_buckets_[row] == 0) --row;
    total_.drop(rows_[row][0]), width_ -= 1U << row;
    remove_front(row, 1);
  }

  void shrink() noexcept {
    while (const int direction = change()) {
      if (alarm_ == 0) alarm_ = direction;
      drop_oldest();
    }
  }

  /// Sign of the newer mean above the older one at the oldest border where they differ; 0 where they hold.
  [[nodiscard]] int change() const noexcept {
    if (width_ == 0) return 0;
    const double n = width_;
    const double confidence = log_ratio(2.0 * log_ratio(n, 1.0), delta_);
    const double spread = 2.0 * variance() * confidence;
    Int128 older_sum = 0;
    std::uint32_t n_older = 0;
    for (std::size_t row = kRows; row-- > 0;) {
      for (std::size_t i = 0; i < n_buckets_[row]; ++i) {
        older_sum += rows_[row][i].sum;
        n_older += 1U << row;
        const std::uint32_t n_newer = width_ - n_older;
        if (n_newer < kLeastPart) return 0;
        if (n_older < kLeastPart) continue;
        const double step = fixed_quotient(total_.sum - older_sum, n_newer) - fixed_quotient(older_sum, n_older);
        const double shares = 1.0 / (n_older - (kLeastPart - 1)) + 1.0 / (n_newer - (kLeastPart - 1));
        const double bound = std::sqrt(spread * shares) + 2.0 / 3.0 * scale_ * confidence * shares;
        if (std::abs(step) > bound) return step > 0.0 ? 1 : -1;
      }
    }
    return 0;
  }

  /// Of the whole window, divisor n; within 1 ulp.
  [[nodiscard]] double variance() const noexcept {
    Uint256 numerator = total_.squares.times(width_);
    numerator -= Uint256::square(magnitude(total_.sum));
    const double n = width_;
    return numerator.to_double(-2 * kFixedBits) / (n * n);
  }

  void count(std::size_t row) noexcept {
    for (std::size_t i = 0; i < n_buckets_[row]; ++i) total_.add(rows_[row][i]);
    width_ += static_cast<std::uint32_t>(n_buckets_[row]) << row;
  }

  template <class Value, class Archive>
  static void archive_wide(Value& value, Archive& ar) {
    auto high = static_cast<std::uint64_t>(static_cast<Uint128>(value) >> 64);
    auto low = static_cast<std::uint64_t>(static_cast<Uint128>(value));
    ar(high), ar(low);
    if constexpr (Archive::kReads) value = static_cast<Value>((Uint128{high} << 64) | low);
  }
  template <class Self, class Archive>
  static void archive_bucket(Self& bucket, std::size_t row, Archive& ar) {
    Uint128 high = bucket.squares.high();
    Uint128 low = bucket.squares.low();
    archive_wide(bucket.sum, ar), archive_wide(high, ar), archive_wide(low, ar);
    if constexpr (Archive::kReads) {
      bucket.squares = Uint256{high, low};
      check(bucket, row);
    }
  }
  /// Could 2^row inputs have these sums? Then n S2 >= S1^2 and each is below its bound.
  static void check(const Bucket& bucket, std::size_t row) {
    const int shift = static_cast<int>(row);
    if (bit_width(magnitude(bucket.sum)) <= 100 + shift && bit_width(bucket.squares.high()) <= 72 + shift) {
      const Uint256 whole = bucket.squares.times(std::uint64_t{1} << shift);
      const Uint256 square = Uint256::square(magnitude(bucket.sum));
      if (whole.high() > square.high() || (whole.high() == square.high() && whole.low() >= square.low())) return;
    }
    throw std::invalid_argument("snapshot: a bucket of Adwin holds sums that no inputs have");
  }

  double delta_;
  double scale_;
  std::uint32_t width_ = 0;
  std::uint32_t until_check_ = 0;
  std::int32_t alarm_ = 0;
  Bucket total_;
  std::array<std::uint8_t, kRows> n_buckets_{};
  std::array<std::array<Bucket, kPerRow + 1>, kRows> rows_{};
};

/// One of Adwin's values.
struct AdwinReading {
  using State = Adwin;
  enum class Output : std::uint8_t { kAlarm, kMean, kWidth };

  [[nodiscard]] double of(const Adwin& a) const noexcept {
    if (!a.ready()) return kNotReady;
    if (output == Output::kAlarm) return a.alarm();
    return output == Output::kMean ? a.mean() : a.width();
  }

  Output output;
};

}  // namespace hft::feature
