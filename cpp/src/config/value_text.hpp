#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hft::config {

/// "250ms": a whole number and one of ns, us, ms, s, m, h, blanks around it left out. Nothing where it is no such text
/// or beyond 64 bits.
[[nodiscard]] std::optional<std::int64_t> parse_duration_ns(std::string_view text);

/// The shortest such text: 60 s is "1m".
[[nodiscard]] std::string duration_text(std::int64_t ns);

/// Decimal text in units of 10^-digits, which must be exact: "0.05" with 3 digits is 50.
struct Scaled {
  enum class Outcome : std::uint8_t { kExact, kNoNumber, kNoMultiple } outcome;
  std::int64_t value = 0;
};
[[nodiscard]] Scaled parse_scaled(std::string_view text, int digits);

/// The decimal that parse_scaled reads back: 50 with 3 digits is "0.05".
[[nodiscard]] std::string scaled_text(std::int64_t value, int digits);

/// A TOML basic string.
[[nodiscard]] std::string toml_quoted(std::string_view text);

}  // namespace hft::config
