#pragma once

#include <cstddef>
#include <cstdint>

namespace hft::feature {

/// Count windows over eight stretches of a column side by side, one in each lane of a 512-bit register: a lane slides
/// its own window, so sums that run along the column are additions of whole registers.
///
/// Everything is an integer, a product by a power of two, or one correctly rounded operation: the bits are those of the
/// step. For CPUs with AVX-512 IFMA (Ice Lake, Zen 4 and newer).
struct Stretches {
  static constexpr std::size_t kLanes = 8;
  /// Inputs to wait after stretches that were not near each other, and eight windows more.
  static constexpr std::size_t kPause = 8192;
  /// Of minima and maxima: the longest window, and the stretches' length; what they need fits the nearest cache.
  static constexpr std::uint32_t kLongestBest = 256;
  static constexpr std::size_t kLengthOfBest = 376;

  const double* x;     // kLanes * length inputs; the `window` right before them lie there too
  std::size_t length;  // inputs in each stretch: a multiple of 8
  std::uint32_t window;
  double* out;  // a value for each input

  [[nodiscard]] static bool can_run() noexcept;
  /// How long the stretches of a column of n inputs are; 0 where it is too short to gain by them.
  [[nodiscard]] static std::size_t length_of(std::size_t n, std::uint32_t window) noexcept;

  // False: not all inputs are near each other; `out` is then of no use. All of them finite numbers otherwise.

  [[nodiscard]] bool means() const noexcept;
  [[nodiscard]] bool variances() const noexcept;
  [[nodiscard]] bool deviations() const noexcept;
  /// `flat` where the window is constant.
  [[nodiscard]] bool scores(double flat) const noexcept;

  // False: an input is missing or too large. `length` is kLengthOfBest, the window at most kLongestBest.

  [[nodiscard]] bool smallest() const noexcept;
  [[nodiscard]] bool largest() const noexcept;
};

}  // namespace hft::feature
