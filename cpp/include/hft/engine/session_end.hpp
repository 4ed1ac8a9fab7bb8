#pragma once

#include <cstdint>

#include "hft/feature/spec.hpp"

namespace hft::engine {

/// When the session ends that holds `ts_ns`: the close of the day whose open is the last one before it. Without session
/// hours (open == close) a session lasts until the next open.
[[nodiscard]] constexpr std::int64_t session_end_ns(const feature::SessionHours& hours, std::int64_t ts_ns) noexcept {
  constexpr std::int64_t kDayNs = 86'400'000'000'000;
  const auto after = [](std::int64_t x) { return ((x % kDayNs) + kDayNs) % kDayNs; };  // in [0, day)
  const std::int64_t open_ns = ts_ns - after(ts_ns - hours.open_ns);
  const std::int64_t length_ns = after(hours.close_ns - hours.open_ns);
  return open_ns + (length_ns == 0 ? kDayNs : length_ns);
}

}  // namespace hft::engine
