#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hft::feature {

/// The longest window and period: sums of 2^20 inputs below 2^40 in steps of 2^-60 fit 128 bits.
inline constexpr std::int64_t kMaxWindow = std::int64_t{1} << 20;

/// The rule of one integer parameter. The registry shows it, the constructor enforces it: it is written once.
struct IntRange {
  std::string_view name;
  std::int64_t min;
  std::int64_t max;

  /// Cold path: throws std::invalid_argument with owner, parameter, rule and value.
  [[nodiscard]] std::uint32_t check(std::string_view owner, std::int64_t value) const {
    if (value < min) refuse(owner, ">= " + std::to_string(min), value);
    if (value > max) refuse(owner, "<= " + std::to_string(max), value);
    return static_cast<std::uint32_t>(value);
  }

 private:
  [[noreturn]] void refuse(std::string_view owner, const std::string& rule, std::int64_t value) const {
    throw std::invalid_argument(std::string(owner) + ": " + std::string(name) + " must be " + rule + ", was " +
                                std::to_string(value));
  }
};

/// The rule of one real parameter; NaN breaks every rule.
struct RealRange {
  std::string_view name;
  double min;
  double max;

  [[nodiscard]] double check(std::string_view owner, double value) const {
    if (std::isfinite(value) && value >= min && value <= max) return value;
    throw std::invalid_argument(std::string(owner) + ": " + std::string(name) + " must be in [" + std::to_string(min) +
                                ", " + std::to_string(max) + "], was " + std::to_string(value));
  }
};

}  // namespace hft::feature
