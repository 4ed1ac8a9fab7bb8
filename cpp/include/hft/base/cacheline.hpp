#pragma once

#include <cstddef>

namespace hft::base {

/// One cache line, the unit in which cores trade memory. Event is exactly this large.
inline constexpr std::size_t kCacheLineBytes = 64;

/// Distance that keeps two threads' data apart: x86 prefetches lines in pairs, so one line is not enough.
inline constexpr std::size_t kNoShareBytes = 2 * kCacheLineBytes;

}  // namespace hft::base
