// Included once for each set of instructions: HFT_KERNEL_ISA is the attribute of functions that use them, or nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rank_table.hpp"

namespace hft::model {

/// The ranks of Rows rows, `stride` apart, in the slots of a run; each row has RankTable::kMaxSlots of them.
/// Search::ranks<missing_right, steps> takes several values side by side, each with its thresholds, so that none waits
/// for its own loads alone: kSide slots of one row, or kSide rows, which share what is loaded.
template <class Search, std::size_t Rows, bool MissingRight, std::size_t Steps>
[[HFT_KERNEL_ISA]] inline void find_run(const RankTable& table, const RankTable::Run& run, const double* rows,
                                        std::size_t stride, std::uint8_t* ranks) noexcept {
  constexpr std::size_t kSide = Search::kSide;
  const RankTable::Slot* const slots = table.slots();
  const double* const thresholds = table.thresholds();
  std::size_t slot = run.first;
  if constexpr (Rows == 1) {
    for (; slot + kSide <= run.end; slot += kSide) {
      double x[kSide];
      const double* t[kSide];
      for (std::size_t i = 0; i < kSide; ++i) {
        x[i] = rows[slots[slot + i].feature];
        t[i] = thresholds + slots[slot + i].offset;
      }
      unsigned found[kSide];
      Search::template ranks<MissingRight, Steps>(x, t, found);
      for (std::size_t i = 0; i < kSide; ++i) ranks[slot + i] = static_cast<std::uint8_t>(found[i]);
    }
  }
  constexpr std::size_t kTogether = Rows == 1 ? 1 : kSide;
  static_assert(Rows % kTogether == 0);
  for (; slot < run.end; ++slot) {
    const double* const column = rows + slots[slot].feature;
    for (std::size_t row = 0; row < Rows; row += kTogether) {
      double x[kTogether];
      const double* t[kTogether];
      for (std::size_t i = 0; i < kTogether; ++i) {
        x[i] = column[(row + i) * stride];
        t[i] = thresholds + slots[slot].offset;
      }
      unsigned found[kTogether];
      Search::template ranks<MissingRight, Steps>(x, t, found);
      for (std::size_t i = 0; i < kTogether; ++i) {
        ranks[(row + i) * RankTable::kMaxSlots + slot] = static_cast<std::uint8_t>(found[i]);
      }
    }
  }
}

template <class Search, std::size_t Rows, bool MissingRight>
[[HFT_KERNEL_ISA]] void find_side(const RankTable& table, const RankTable::Run& run, const double* rows,
                                  std::size_t stride, std::uint8_t* ranks) noexcept {
  switch (run.steps) {
    case 1: return find_run<Search, Rows, MissingRight, 1>(table, run, rows, stride, ranks);
    case 2: return find_run<Search, Rows, MissingRight, 2>(table, run, rows, stride, ranks);
    case 3: return find_run<Search, Rows, MissingRight, 3>(table, run, rows, stride, ranks);
    case 4: return find_run<Search, Rows, MissingRight, 4>(table, run, rows, stride, ranks);
    case 5: return find_run<Search, Rows, MissingRight, 5>(table, run, rows, stride, ranks);
    case 6: return find_run<Search, Rows, MissingRight, 6>(table, run, rows, stride, ranks);
    case 7: return find_run<Search, Rows, MissingRight, 7>(table, run, rows, stride, ranks);
    default: return find_run<Search, Rows, MissingRight, 8>(table, run, rows, stride, ranks);
  }
}

template <class Search, std::size_t Rows>
[[HFT_KERNEL_ISA]] void find_ranks(const RankTable& table, const double* rows, std::size_t stride,
                                   std::uint8_t* ranks) noexcept {
  for (const RankTable::Run& run : table.runs()) {
    run.missing_right ? find_side<Search, Rows, true>(table, run, rows, stride, ranks)
                      : find_side<Search, Rows, false>(table, run, rows, stride, ranks);
  }
}

/// A count among pivots, then among the sixteen thresholds that they leave: Count::below<missing_right, n>(x, t) is how
/// many of n thresholds are below x (NaN: all of them, or none).
template <class Count>
struct SearchByCounts {
  static constexpr std::size_t kSide = 2;

  template <bool MissingRight, std::size_t Steps, std::size_t N>
  [[HFT_KERNEL_ISA, gnu::always_inline]] static inline void ranks(const double (&x)[N], const double* const (&t)[N],
                                                                  unsigned (&found)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) found[i] = rank<MissingRight, Steps>(x[i], t[i]);
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
