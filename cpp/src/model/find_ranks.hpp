// Included once for each set of instructions: HFT_KERNEL_ISA is the attribute of functions that use them, or nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rank_table.hpp"

namespace hft::model {

/// Search::rank<missing_right, steps>(x, thresholds) of every numerical slot; the steps are known to the compiler.
template <class Search, bool MissingRight, std::size_t Steps>
[[HFT_KERNEL_ISA]] inline void find_run(const RankTable& table, const RankTable::Run& run, const double* row,
                                        std::uint8_t* ranks) noexcept {
  for (std::size_t slot = run.first; slot < run.end; ++slot) {
    ranks[slot] = static_cast<std::uint8_t>(
        Search::template rank<MissingRight, Steps>(row[table.feature(slot)], table.thresholds(slot)));
  }
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
