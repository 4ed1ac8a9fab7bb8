#pragma once

#include <cmath>
#include <cstdint>

#include "hft/feature/wide_int.hpp"

namespace hft::feature {

/// 2^(-elapsed / half_life), with the same bits on every machine: no libm, only + - * / in a fixed order.
///
/// elapsed / half_life = q + f with an integer q and |f| <= 1/2, split in integers; 2^-f is its Taylor polynomial of
/// degree 13, whose remainder is below 2^-57, and 2^-q is exact. Exactly 1 at 0, exactly 1/2 after a half-life.
/// Error: within 2 ulp (tests/cpp/feature/test_trend.cpp). Beyond 1000 half-lives: 0.   half_life_ns must be > 0.
[[nodiscard]] constexpr double half_life_weight(std::uint64_t elapsed_ns, std::int64_t half_life_ns) noexcept {
  const auto half_life = static_cast<std::uint64_t>(half_life_ns);
  std::uint64_t n_halvings = elapsed_ns / half_life;
  auto rest = static_cast<std::int64_t>(elapsed_ns % half_life);
  if (rest > half_life_ns - rest) rest -= half_life_ns, ++n_halvings;
  if (n_halvings > 1000) return 0.0;
  constexpr double kLn2 = 0x1.62e42fefa39efp-1;
  const double z = -(static_cast<double>(rest) / static_cast<double>(half_life_ns)) * kLn2;
  double power = 1.0;
  for (int k = 13; k > 0; --k) power = 1.0 + z * power / k;
  return power * exp2i(-static_cast<int>(n_halvings));
}

}  // namespace hft::feature
