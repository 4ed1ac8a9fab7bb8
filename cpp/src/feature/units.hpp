#pragma once

#include <string>
#include <string_view>

namespace hft::feature {

/// Units of products and quotients, as text; "?" is a unit without a name.

inline constexpr std::string_view kNoUnit = "?";

[[nodiscard]] inline std::string product_unit(const std::string& a, const std::string& b) {
  if (a == kNoUnit || b == kNoUnit) return std::string{kNoUnit};
  if (b == "1") return a;
  if (a == "1") return b;
  return a == b ? a + "^2" : a + " " + b;
}

[[nodiscard]] inline std::string quotient_unit(const std::string& a, const std::string& b) {
  if (a == kNoUnit || b == kNoUnit) return std::string{kNoUnit};
  if (b == "1") return a;
  return a == b ? "1" : a + "/" + b;
}

[[nodiscard]] inline std::string root_unit(const std::string& a) {
  if (a == "1") return a;
  return a.ends_with("^2") ? a.substr(0, a.size() - 2) : std::string{kNoUnit};
}

}  // namespace hft::feature
