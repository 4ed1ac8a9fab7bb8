#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hft::feature {

/// Where the state of each symbol lies, so that the CPU can be asked for it before its event is there.
///
/// One look here instead of a chain of pointers, each of which would wait for the one before it.
class HotRanges {
 public:
  /// Events between asking and use.
  static constexpr std::size_t kAhead = 2;
  /// So few states are in the near caches anyway.
  static constexpr std::size_t kFewSymbols = 64;

  /// Cold path. What a symbol has beyond the room for ranges is not asked for.
  void add_symbol(std::span<const std::span<const std::byte>> ranges) {
    Symbol symbol;
    for (const std::span<const std::byte> range : ranges) {
      if (symbol.n == symbol.ranges.size()) break;
      symbol.ranges[symbol.n++] = range;
    }
    symbols_.push_back(symbol);
  }

  void prefetch(std::uint32_t symbol_id) const noexcept {
    if (symbols_.size() <= kFewSymbols || symbol_id >= symbols_.size()) return;
    const Symbol& symbol = symbols_[symbol_id];
    for (std::uint32_t i = 0; i < symbol.n; ++i) {
      const std::span<const std::byte> range = symbol.ranges[i];
      for (std::size_t at = 0; at < range.size(); at += kLineBytes) __builtin_prefetch(range.data() + at, 1);
    }
  }

 private:
  static constexpr std::size_t kLineBytes = 64;
  struct Symbol {
    std::array<std::span<const std::byte>, 7> ranges;
    std::uint32_t n = 0;
  };
  std::vector<Symbol> symbols_;
};

}  // namespace hft::feature
