#pragma once

#include <cstddef>
#include <vector>

#include "hft/telemetry/page.hpp"

namespace hft::telemetry {

/// Where everything of a layout lies.
struct PagePlan {
  std::vector<SlotRow> rows;
  std::size_t n_bytes = 0;
};

/// Throws std::invalid_argument naming the name that is empty, too long, unprintable or used twice.
[[nodiscard]] PagePlan plan_page(const Layout& layout);

}  // namespace hft::telemetry
