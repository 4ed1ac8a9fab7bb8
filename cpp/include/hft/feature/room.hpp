#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace hft::feature {

/// Room for a window's entries, taken once and not touched before an entry comes: of a window that never fills, the
/// rest costs address space only, so ten thousand symbols are made, or restored, in the time of what they hold.
///
/// Price: a page's first entry waits for the page (some 0.5 us per 4 KiB), once in the life of the process.
template <class T>
class Room {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  /// Cold path: allocates.
  explicit Room(std::size_t n) : size_{n}, entries_{std::make_unique_for_overwrite<T[]>(n)} {}

  [[nodiscard]] T& operator[](std::size_t i) noexcept { return entries_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return entries_[i]; }
  [[nodiscard]] T* data() noexcept { return entries_.get(); }
  [[nodiscard]] const T* data() const noexcept { return entries_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  std::unique_ptr<T[]> entries_;
};

}  // namespace hft::feature
