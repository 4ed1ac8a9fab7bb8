#pragma once

#include <cstdint>
#include <string>

#include "hft/base/json.hpp"

namespace hft::artifact {

/// Nanoseconds after midnight of "13:35", "13:35:00" or "13:35:00.5". Throws std::invalid_argument.
[[nodiscard]] std::int64_t time_of_day_ns(const base::Json& value);

/// The one spelling of a time of day: seconds always, a fraction where there is one.
[[nodiscard]] std::string time_of_day_text(std::int64_t ns);

}  // namespace hft::artifact
