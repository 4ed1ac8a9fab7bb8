#include "allocation_count.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// All forms are replaced, also those that do not throw: a form left to the sanitizer's allocator would meet our delete.

namespace {
std::atomic<std::size_t> count{0};

void* counted(std::size_t n_bytes, std::size_t alignment) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);  // only the sum matters
  const std::size_t rounded = (n_bytes + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

void* counted_or_throw(std::size_t n_bytes, std::size_t alignment) {
  if (void* memory = counted(n_bytes, alignment)) return memory;
  throw std::bad_alloc{};
}

constexpr std::size_t kPlain = alignof(std::max_align_t);
constexpr std::size_t of(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }
}  // namespace

std::size_t hft::testing::n_allocations() noexcept { return count.load(std::memory_order_relaxed); }

void* operator new(std::size_t n) { return counted_or_throw(n, kPlain); }
void* operator new[](std::size_t n) { return counted_or_throw(n, kPlain); }
void* operator new(std::size_t n, std::align_val_t a) { return counted_or_throw(n, of(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return counted_or_throw(n, of(a)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return counted(n, kPlain); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return counted(n, kPlain); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return counted(n, of(a)); }
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return counted(n, of(a)); }

void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }
