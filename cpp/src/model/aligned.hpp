#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace hft::model {

/// Memory that begins with a cache line, so that an array of registers lies in whole lines.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlign{64};

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlign)); }
  void deallocate(T* items, std::size_t) noexcept { ::operator delete(items, kAlign); }
  friend bool operator==(AlignedAllocator, AlignedAllocator) noexcept { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace hft::model
