#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/near_sums.hpp"
#include "hft/feature/wide_sums.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Exact moments of a window: what rolling sum, mean, variance, standard deviation, z-score and skewness read.
///
///   S1 = sum x    S2 = sum x^2    S3 = sum x^3    mean = S1 / n    variance = (n S2 - S1^2) / (n (n - 1))
///
/// An input becomes a multiple of 2^-60 once, on entry (fixed_point.hpp); after that S1, S2 and the numerator of the
/// variance are exact integers: 0 for a constant window, never negative, and no offset is lost. Same window, different
/// past: same bits. Inputs near each other, such as prices, are summed in 64 and 128 bits (near_sums.hpp), others in
/// 128 and 256 (wide_sums.hpp), and so are all where a reader wants cubes; both give the same bits.
///
/// Cost: O(1), no allocation. An input far from the others sums the window up anew, at most once in four of its
/// lengths.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) only moves the time; one older than the newest is left out.
class Moments {
 public:
  enum class Cubes : bool { kNo, kYes };

  explicit Moments(WindowLength length, Cubes cubes = Cubes::kNo) : window_{length}, cubes_{cubes == Cubes::kYes} {}

  void update(double x, std::int64_t ts_ns = 0) noexcept {
    if (!window_.accepts(ts_ns)) [[unlikely]]
      return;
    if (!fits_fixed(x)) [[unlikely]]
      return advance(ts_ns);  // time passes all the same
    window_.push(x, ts_ns, [this](double old) noexcept { leave(old); });
    read_ = false;
    if (near_.reaches(x)) [[likely]]
      near_.enter(x);
    else
      enter_far(x);
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](double old) noexcept { leave(old), read_ = false; });
  }

  [[nodiscard]] bool ready(std::uint32_t min_inputs) const noexcept {
    return window_.length().is_time() ? window_.size() >= min_inputs : window_.full();
  }
  [[nodiscard]] std::uint32_t lookback(std::uint32_t min_inputs) const noexcept {
    return (window_.length().is_time() ? min_inputs : window_.length().capacity()) - 1;
  }

  /// Rounded once; 0 of nothing.
  [[nodiscard]] double sum() const noexcept { return is_near_ ? near_.sum(window_.size()) : wide_.sum(); }

  /// Rounded once. Needs one input.
  [[nodiscard]] double mean() const noexcept {
    return is_near_ ? near_.mean(window_.size()) : wide_.mean(window_.size());
  }

  /// Sample variance (divisor n - 1), within 1 ulp. Needs two inputs.
  [[nodiscard]] double variance() const noexcept { return spread().variance; }
  [[nodiscard]] double deviation() const noexcept { return spread().deviation; }

  /// Adjusted Fisher-Pearson skewness, within 4 ulp; `flat` for a constant window. Needs three inputs and Cubes::kYes.
  [[nodiscard]] double skew(double flat) const noexcept {
    return is_near_ ? flat : cubes_sum_.skew(wide_, window_.size(), flat);  // near: nothing has come yet
  }

  /// (newest input - mean) / standard deviation; `flat` for a constant window. Needs two inputs.
  [[nodiscard]] double zscore(double flat) const noexcept {
    const Spread& s = spread();
    if (s.variance == 0.0) return flat;
    const double x = window_.newest();
    const std::uint32_t n = window_.size();
    return (is_near_ ? near_.above_mean(x, n) : wide_.above_mean(x, n)) / s.deviation;
  }

  // Sliding over whole columns: a full count window whose inputs lie near each other needs no ring.

  [[nodiscard]] bool can_slide() const noexcept { return is_near_ && !window_.length().is_time() && window_.full(); }
  /// NearSums::slide, for a window that holds the inputs right before x.
  template <bool kScatter>
  std::size_t slide(const double* x, std::size_t m, NearSums::Slid& out) noexcept {
    return near_.slide<kScatter>(x, m, window_.size(), out);
  }
  /// The window holds the n_inputs() inputs before `end` from now on; `anew`: sums about the newest of them.
  void settle(const double* end, bool anew) noexcept {
    const std::uint32_t n = window_.size();
    window_.clear();
    for (const double* x = end - n; x != end; ++x) window_.push(*x, 0, [](double) noexcept {});
    read_ = false;
    if (anew) sum_up();
  }
  [[nodiscard]] const NearScale& scale() const noexcept { return near_.scale(); }

  [[nodiscard]] std::uint32_t n_inputs() const noexcept { return window_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return window_.length().capacity(); }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), sum_up(); }

  /// Another reader of the same window may need more: both get it. Before the first input only.
  void widen(const Moments& other) noexcept { cubes_ |= other.cubes_; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    Window<double>::archive(self.window_, ar, [](double x) {
      if (!fits_fixed(x)) throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
    });
    if constexpr (Archive::kReads) self.sum_up();
  }

 private:
  static constexpr std::uint32_t kLooks = 4;  // window lengths between two looks: a quarter of a sum an input

  struct Spread {
    double variance;
    double deviation;
  };

  /// Several columns read it: made once for each state of the window.
  [[nodiscard]] const Spread& spread() const noexcept {
    if (!read_) {
      spread_.variance = is_near_ ? near_.variance(window_.size()) : wide_.variance(window_.size());
      spread_.deviation = std::sqrt(spread_.variance);
      read_ = true;
    }
    return spread_;
  }

  void leave(double x) noexcept {
    if (is_near_) return near_.leave(x);
    const WideSums::Term term = wide_.leave(x);
    if (cubes_) cubes_sum_.leave(term);
  }
  void enter_wide(double x) noexcept {
    const WideSums::Term term = wide_.enter(x);
    if (cubes_) cubes_sum_.enter(term);
  }

  /// The window holds x already. In wide sums it is one more; near ones are made anew, about x or as wide ones. Wide
  /// ones look again when what made them wide may have left.
  void enter_far(double x) noexcept {
    if (is_near_ || --until_look_ == 0) return sum_up();
    enter_wide(x);
  }

  /// Makes the sums from the window: near ones about its newest input if that reaches all of it.
  void sum_up() noexcept {
    read_ = false;
    near_ = {}, wide_ = {}, cubes_sum_ = {};
    const std::uint32_t n = window_.size();
    const bool may_be_near = !cubes_ && window_.length().capacity() <= NearScale::kMaxInputs;
    is_near_ = n == 0 || (may_be_near && NearScale::can_start(window_.newest()));
    if (n == 0) return;
    if (is_near_) {
      near_.start(window_.newest());
      for (std::uint32_t i = 0; i < n && is_near_; ++i) is_near_ = near_.reaches(window_[i]);
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      is_near_ ? near_.enter(window_[i]) : enter_wide(window_[i]);
    }
    if (!is_near_) near_ = {}, until_look_ = kLooks * window_.length().capacity();
  }

  Window<double> window_;
  bool cubes_;
  bool is_near_ = true;
  mutable bool read_ = false;
  std::uint32_t until_look_ = 0;  // inputs until wide sums try to become near ones
  NearSums near_;
  WideSums wide_;
  WideCubes cubes_sum_;
  mutable Spread spread_{};
};

}  // namespace hft::feature
