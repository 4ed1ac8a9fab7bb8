// Included once for each set of instructions: HFT_KERNEL_ISA is the attribute of functions that use them, or nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rank_table.hpp"

namespace hft::model {

/// Search::ranks<missing_right, steps, n> of the slots of a run; the compiler knows the steps. kSide slots are searched
/// side by side, so that none waits for its own loads alone.
template <class Search, bool MissingRight, std::size_t Steps>
[[HFT_KERNEL_ISA]] inline void find_run(const RankTable& table, const RankTable::Run& run, const double* row,
                                        std::uint8_t* ranks) noexcept {
  const RankTable::Slot* slot = table.slots() + run.first;
  const double* const thresholds = table.thresholds();
  const std::size_t n = static_cast<std::size_t>(run.end - run.first);
  ranks += run.first;
  std::size_t i = 0;
  for (; i + Search::kSide <= n; i += Search::kSide) {
    Search::template ranks<MissingRight, Steps, Search::kSide>(row, slot + i, thresholds, ranks + i);
  }
  for (; i < n; ++i) Search::template ranks<MissingRight, Steps, 1>(row, slot + i, thresholds, ranks + i);
}

template <class Search, bool MissingRight>
[[HFT_KERNEL_ISA]] void find_side(const RankTable& table, const RankTable::Run& run, const double* row,
                                  std::uint8_t* ranks) noexcept {
  switch (run.steps) {
    case 1: return find_run<Search, MissingRight, 1>(table, run, row, ranks);
    case 2: return find_run<Search, MissingRight, 2>(table, run, row, ranks);
    case 3: return find_run<Search, MissingRight, 3>(table, run, row, ranks);
    case 4: return find_run<Search, MissingRight, 4>(table, run, row, ranks);
    case 5: return find_run<Search, MissingRight, 5>(table, run, row, ranks);
    case 6: return find_run<Search, MissingRight, 6>(table, run, row, ranks);
    case 7: return find_run<Search, MissingRight, 7>(table, run, row, ranks);
    default: return find_run<Search, MissingRight, 8>(table, run, row, ranks);
  }
}

template <class Search>
[[HFT_KERNEL_ISA]] void find_ranks(const RankTable& table, const double* row, std::uint8_t* ranks) noexcept {
  for (const RankTable::Run& run : table.runs()) {
    run.missing_right ? find_side<Search, true>(table, run, row, ranks)
                      : find_side<Search, false>(table, run, row, ranks);
  }
}

/// A count among pivots, then among the sixteen thresholds that they leave: Count::below<missing_right, n>(x, t) is how
/// many of n thresholds are below x (NaN: all of them, or none).
template <class Count>
struct SearchByCounts {
  static constexpr std::size_t kSide = 2;

  template <bool MissingRight, std::size_t Steps, std::size_t N>
  [[HFT_KERNEL_ISA, gnu::always_inline]] static inline void ranks(const double* row, const RankTable::Slot* slots,
                                                                  const double* thresholds,
                                                                  std::uint8_t* ranks) noexcept {
    unsigned found[N];
    for (std::size_t i = 0; i < N; ++i) {
      found[i] = rank<MissingRight, Steps>(row[slots[i].feature], thresholds + slots[i].offset);
    }
    for (std::size_t i = 0; i < N; ++i) ranks[i] = static_cast<std::uint8_t>(found[i]);
  }

 private:
  template <bool MissingRight, std::size_t Steps>
  [[HFT_KERNEL_ISA, gnu::always_inline]] static inline unsigned rank(double x, const double* t) noexcept {
    if constexpr (Steps <= 4) {
      return Count::template below<MissingRight, (Steps <= 2 ? 4 : Steps == 3 ? 8 : 16)>(x, t);
    } else {
      constexpr std::size_t kPivots = RankTable::pivots_of(Steps);
      const unsigned block = Count::template below<MissingRight, kPivots>(x, t);
      const unsigned rank = 16 * block + Count::template below<MissingRight, 16>(x, t + kPivots + 16 * block);
      return Steps == 8 && rank > 255 ? 255 : rank;  // NaN is above the padding too
    }
  }
};

}  // namespace hft::model
