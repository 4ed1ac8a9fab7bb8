#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifndef HFT_KERNEL_ISA
#define HFT_KERNEL_ISA
#endif

namespace hft::model {

/// Lanes and counts without instructions of their own, so that what the wide paths do is tested on every machine.
template <std::size_t Width>
struct EmulatedLanes {
  static constexpr std::size_t kWidth = Width;
  using Reg = std::array<std::uint8_t, Width>;
  using Mask = std::array<bool, Width>;
  using Table = const std::uint8_t*;

  static Reg zero() noexcept { return {}; }
  static Table table(const std::uint8_t* ranks) noexcept { return ranks; }
  static Reg load(const std::uint8_t* at) noexcept {
    Reg reg;
    std::memcpy(reg.data(), at, Width);
    return reg;
  }
  static void store(std::uint8_t* at, const Reg& reg) noexcept { std::memcpy(at, reg.data(), Width); }
  static Reg lookup(Table table, const Reg& slot) noexcept {
    Reg rank;
    for (std::size_t i = 0; i < Width; ++i) rank[i] = table[slot[i]];
    return rank;
  }
  static Mask above(const Reg& a, const Reg& b) noexcept {
    Mask mask;
    for (std::size_t i = 0; i < Width; ++i) mask[i] = a[i] > b[i];
    return mask;
  }
  static Reg select(const Mask& mask, const Reg& left, const Reg& right) noexcept {
    Reg reg;
    for (std::size_t i = 0; i < Width; ++i) reg[i] = mask[i] ? right[i] : left[i];
    return reg;
  }
  template <std::size_t Bit>
  static Reg with_bit(Reg path, const Mask& mask) noexcept {
    for (std::size_t i = 0; i < Width; ++i) path[i] = static_cast<std::uint8_t>(path[i] | (mask[i] ? 1U << Bit : 0U));
    return path;
  }
};

struct EmulatedCount {
  template <bool MissingRight, std::size_t N>
  static unsigned below(double x, const double* t) noexcept {
    unsigned n = 0;
    for (std::size_t i = 0; i < N; ++i) n += MissingRight ? !(x <= t[i]) : t[i] < x;
    return n;
  }
};

}  // namespace hft::model
