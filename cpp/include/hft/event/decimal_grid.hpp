#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hft/event/decimal_format.hpp"
#include "hft/event/instrument_rules.hpp"

namespace hft::event {

/// A decimal as its text has it: whole + fraction / 10^n_fraction, and a sign.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;  // its last digit is not 0, unless it is 0 itself
  std::uint8_t n_fraction = 0;
  bool negative = false;
};

enum class Fit : std::uint8_t { kOk, kOffGrid, kTooLarge };

inline constexpr std::array<std::uint64_t, 20> kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

/// The other way of DecimalFormat: 27.35 is 2735 ticks of 1/100, and 27.355 is none.
///
/// Cost: integer arithmetic alone; no division where the step is a power of ten, else at most two.
class DecimalGrid {
 public:
  explicit DecimalGrid(const DecimalFormat& format)
      : step_{format.step()},
        per_unit_{static_cast<std::uint64_t>(format.per_unit())},
        n_digits_{static_cast<std::uint8_t>(format.n_digits())},
        max_whole_{static_cast<std::uint64_t>(kMaxPxProduct / format.step().den)} {}

  /// Sets `n` so that n * num / den is the decimal, exactly.
  [[nodiscard]] Fit fit(const Decimal& decimal, std::int64_t& n) const noexcept {
    if (decimal.whole > max_whole_) [[unlikely]]
      return Fit::kTooLarge;  // no instrument's bounds reach that far
    if (decimal.n_fraction > n_digits_) [[unlikely]]
      return Fit::kOffGrid;
    std::uint64_t part = decimal.fraction * kPowersOfTen[static_cast<std::size_t>(n_digits_ - decimal.n_fraction)];
    if (per_unit_ != 1) {
      if (part % per_unit_ != 0) return Fit::kOffGrid;
      part /= per_unit_;
    }
    std::uint64_t units = decimal.whole * static_cast<std::uint64_t>(step_.den) + part;  // below 2^53 + den
    if (step_.num != 1) {
      const auto num = static_cast<std::uint64_t>(step_.num);
      if (units % num != 0) return Fit::kOffGrid;
      units /= num;
    }
    n = decimal.negative ? -static_cast<std::int64_t>(units) : static_cast<std::int64_t>(units);
    return Fit::kOk;
  }

 private:
  Step step_;
  std::uint64_t per_unit_;  // 10^n_digits / den
  std::uint8_t n_digits_;
  std::uint64_t max_whole_;
};

}  // namespace hft::event
