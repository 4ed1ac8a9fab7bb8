// How often this process has asked the heap for memory. Link hft_allocation_count: it replaces every operator new.
#pragma once

#include <cstddef>

namespace hft::testing {
[[nodiscard]] std::size_t n_allocations() noexcept;
}  // namespace hft::testing
