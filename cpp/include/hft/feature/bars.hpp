#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "hft/feature/bar_builder.hpp"
#include "hft/feature/spec.hpp"

namespace hft::feature {

/// One series of every bar: `m1.close` of bars m1.
struct BarSeries {
  std::string name;
  std::string unit;
  std::string doc;
  double Bar::*member;
};
[[nodiscard]] std::span<const BarSeries> bar_series();

/// The rule of a definition, which gets its one spelling (60s is 1m, 100 is 100.0). Throws std::invalid_argument naming
/// the bars, the key, the rule and the value.
[[nodiscard]] BarRule bar_rule(BarsDef& def);

/// At most so many bars in a spec: an update's closed ones are the bits of one word.
inline constexpr std::size_t kMaxBars = 64;

}  // namespace hft::feature
