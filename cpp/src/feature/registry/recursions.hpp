#pragma once

#include <cstddef>

namespace hft::feature {

/// Averages y += a (u - y) over eight stretches of a column side by side, in the bits of one input after another.
///
/// A stretch does not wait for the one before it: it starts from a guess, `lead` inputs early. Two runs over the same
/// inputs come nearer to each other at each one, and where their bits have met they stay together. So when the stretch
/// before it is done, the guess is right or it is not; where it is not, the two run on until they meet, and what was
/// made of the guess is put right up to there. Bits never depend on how good a guess was, only time does.
struct Recursion {
  static constexpr std::size_t kLanes = 8;

  const double* x;     // kLanes * length inputs
  std::size_t length;  // inputs in each stretch: a multiple of 8
  std::size_t lead;    // a multiple of 8, not above length
  double alpha;
  double* out;  // a value for each input

  [[nodiscard]] static bool can_run() noexcept;
  /// How many inputs a guess gets: nearly all guesses are right then.
  [[nodiscard]] static std::size_t lead_of(double alpha) noexcept;
  /// How long the stretches of a column of n inputs are; 0 where it is too short.
  [[nodiscard]] static std::size_t length_of(std::size_t n, std::size_t lead) noexcept;

  // False: an input is missing or too large; then `out` is of no use, and nothing else has changed.

  /// u = x.
  [[nodiscard]] bool average(double& level) const noexcept;
  /// Averages of gains and losses from `previous` on; the values are Rsi::strength of them.
  [[nodiscard]] bool strength(double previous, double flat, double& gain, double& loss) const noexcept;
};

}  // namespace hft::feature
