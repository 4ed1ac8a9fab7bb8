// Included once for each set of instructions: HFT_KERNEL_ISA is the attribute of functions that use them, or nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "find_ranks.hpp"
#include "kernel_path.hpp"

namespace hft::model {

/// The top of a group with trees as lanes, level by level and without a branch: each lane selects slot and rank of its
/// node among those of the level, looks the row's rank up by slot, and compares.
///
/// Lanes has kWidth bytes in a Reg, a Mask of them, and load, store, table, lookup, above, select, with_bit.
template <class Lanes>
class LaneWalk {
 public:
  using Reg = typename Lanes::Reg;
  using Mask = typename Lanes::Mask;

  template <std::size_t Levels>
  [[HFT_KERNEL_ISA]] static void walk(const std::uint8_t* nodes, const std::uint8_t* ranks,
                                      std::uint8_t* paths) noexcept {
    const typename Lanes::Table table = Lanes::table(ranks);
    Mask turns[Levels + 1];
    Lanes::store(paths, step<0, Levels>(nodes, table, turns, Lanes::zero()));
  }

  template <std::size_t... Levels>
  static constexpr std::array<KernelPath::Walk, sizeof...(Levels)> walks(std::index_sequence<Levels...>) {
    return {&walk<Levels>...};
  }

 private:
  static constexpr std::size_t kNode = 2 * Lanes::kWidth;  // bytes: slots, then ranks

  template <std::size_t Level, std::size_t Levels>
  [[HFT_KERNEL_ISA, gnu::always_inline]] static inline Reg step(const std::uint8_t* nodes,
                                                                const typename Lanes::Table& table, Mask* turns,
                                                                Reg path) noexcept {
    if constexpr (Level == Levels) {
      return path;
    } else {
      const std::uint8_t* level = nodes + kNode * ((std::size_t{1} << Level) - 1);
      const Reg slot = pick<Level>(level, turns);
      const Reg rank = pick<Level>(level + Lanes::kWidth, turns);
      turns[Level] = Lanes::above(Lanes::lookup(table, slot), rank);
      return step<Level + 1, Levels>(nodes, table, turns, Lanes::template with_bit<Level>(path, turns[Level]));
    }
  }

  /// Of 2^Turns nodes, that of each lane. The first turn, known for longest, chooses first.
  template <std::size_t Turns>
  [[HFT_KERNEL_ISA, gnu::always_inline]] static inline Reg pick(const std::uint8_t* at, const Mask* turns) noexcept {
    if constexpr (Turns == 0) {
      return Lanes::load(at);
    } else {
      const Reg left = pick<Turns - 1>(at, turns);
      const Reg right = pick<Turns - 1>(at + (kNode << (Turns - 1)), turns);
      return Lanes::select(turns[Turns - 1], left, right);
    }
  }
};

/// One variant of a path, whose tops have at most Levels levels.
template <class Lanes, class Search, std::size_t Levels>
constexpr KernelPath lane_path(std::size_t max_slots) {
  KernelPath path{{Lanes::kWidth, Levels, Levels, false}, max_slots, &find_ranks<Search, 1>,
                  &find_ranks<Search, KernelPath::kRows>, {}};
  const auto walks = LaneWalk<Lanes>::walks(std::make_index_sequence<Levels + 1>{});
  for (std::size_t i = 0; i < walks.size(); ++i) path.walks[i] = walks[i];
  return path;
}

}  // namespace hft::model
