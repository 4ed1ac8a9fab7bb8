#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace hft::event {

/// A positive rational, so that ticks convert to the double that the venue printed: 2735 ticks of 1/100 are 27.35.
struct Step {
  std::int64_t num = 1;
  std::int64_t den = 100;

  /// Exactly rounded while |n * num| < 2^53.
  [[nodiscard]] double to_double(std::int64_t n) const noexcept {
    return static_cast<double>(n * num) / static_cast<double>(den);
  }
  friend bool operator==(const Step&, const Step&) = default;
};

/// What a symbol's integers mean. `symbol_id` is the index in the instrument table.
struct Instrument {
  std::string symbol;
  Step tick{1, 100};  // quote currency per tick
  Step lot{1, 1};     // base units per lot
  std::int64_t min_px_ticks = 1;
  std::int64_t max_px_ticks = std::numeric_limits<std::int32_t>::max();

  friend bool operator==(const Instrument&, const Instrument&) = default;
};

}  // namespace hft::event
