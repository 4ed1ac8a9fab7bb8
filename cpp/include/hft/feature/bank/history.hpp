#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hft::feature {

/// The newest inputs of a series by their numbers, which count from 1: a ring of a power of two of them.
///
/// A view: the room belongs to whoever made it.
class History {
 public:
  /// Room for the inputs of windows up to that length, and the one that leaves the longest.
  [[nodiscard]] static std::size_t capacity(std::uint32_t longest) noexcept { return std::bit_ceil(longest + 1U); }

  History(double* room, std::size_t capacity) noexcept : room_{room}, mask_{capacity - 1} {}

  [[nodiscard]] double& operator[](std::uint64_t number) noexcept { return room_[number & mask_]; }
  [[nodiscard]] double operator[](std::uint64_t number) const noexcept { return room_[number & mask_]; }
  [[nodiscard]] std::uint64_t mask() const noexcept { return mask_; }

 private:
  double* room_;
  std::uint64_t mask_;
};

}  // namespace hft::feature
