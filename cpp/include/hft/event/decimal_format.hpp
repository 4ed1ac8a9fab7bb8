#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "hft/event/instrument.hpp"

namespace hft::event {

/// Writes n * num / den as the shortest exact decimal: 2735 ticks of 1/100 are "27.35", 2700 are "27".
///
/// Cost: one division and one to_chars; no floating point, so nothing is rounded.
class DecimalFormat {
 public:
  static constexpr std::size_t kMaxBytes = 48;

  /// Cold path: throws std::invalid_argument where num/den has no finite decimal of at most 18 digits (1/3, say).
  DecimalFormat(Step step, const std::string& what) : step_{step} {
    std::int64_t power = 1;
    while (power % step.den != 0) {
      if (n_digits_ == kMaxDigits) {
        throw std::invalid_argument(what + " " + std::to_string(step.num) + "/" + std::to_string(step.den) +
                                    " has no exact decimal text");
      }
      power *= 10;
      ++n_digits_;
    }
    per_unit_ = power / step.den;
  }

  /// Writes at most kMaxBytes at `to` and returns the end. |n * num| must be below 2^63.
  char* write(char* to, std::int64_t n) const noexcept {
    const std::int64_t units = n * step_.num;
    std::int64_t whole = units / step_.den;
    std::int64_t part = units % step_.den;
    if (units < 0) {
      *to++ = '-';
      whole = -whole;
      part = -part;
    }
    to = std::to_chars(to, to + kMaxBytes, whole).ptr;
    return part == 0 ? to : write_fraction(to, part * per_unit_);
  }

  [[nodiscard]] const Step& step() const noexcept { return step_; }
  [[nodiscard]] int n_digits() const noexcept { return n_digits_; }          // after the point, at most
  [[nodiscard]] std::int64_t per_unit() const noexcept { return per_unit_; }  // 10^n_digits / den

 private:
  char* write_fraction(char* to, std::int64_t digits) const noexcept {
    *to++ = '.';
    char* const end = to + n_digits_;
    for (char* p = end; p != to; digits /= 10) *--p = static_cast<char>('0' + digits % 10);
    char* last = end;
    while (last[-1] == '0') --last;
    return last;
  }

  static constexpr int kMaxDigits = 18;
  Step step_;
  int n_digits_ = 0;
  std::int64_t per_unit_ = 1;
};

}  // namespace hft::event
