#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hft::base {

/// The shortest decimal text that reads back as the same double, spelled as Python's repr: 0.1, 50.0, 1e-05, 1e+16.
/// Not finite: inf, -inf, nan.   Cold path: allocates.
[[nodiscard]] std::string shortest_text(double value);

/// The double nearest to decimal text such as 12, -0.5 or 1e-7 (no blanks, no sign +); too small is 0 of its sign.
/// Nothing where the text is no such number, or too large for a double. Does not look at the locale.
[[nodiscard]] std::optional<double> parse_double(std::string_view text) noexcept;

}  // namespace hft::base
