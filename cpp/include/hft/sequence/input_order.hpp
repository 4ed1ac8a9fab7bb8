#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "hft/sequence/lane.hpp"

namespace hft::sequence {

/// The order in which a shard took its inputs, as runs. Inputs are counted from the shard's birth: input n is the one
/// after n others.
///
/// Cost: append O(1); slice O(runs behind `from`), since what is asked for is nearly always the end. Cold threads only.
class InputOrder {
 public:
  explicit InputOrder(std::uint64_t first = 0) : begin_{first}, end_{first} {}

  [[nodiscard]] std::uint64_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  [[nodiscard]] const std::deque<Run>& runs() const noexcept { return runs_; }

  void append(const Run& run) {
    if (run.count == 0) return;
    end_ += run.count;
    if (!runs_.empty() && runs_.back().joins(run)) {
      runs_.back().count += run.count;
    } else {
      runs_.push_back(run);
    }
  }

  /// The inputs [from, to) as runs; both within [begin, end].
  [[nodiscard]] std::vector<Run> slice(std::uint64_t from, std::uint64_t to) const {
    std::vector<Run> found;
    std::uint64_t run_end = end_;
    for (auto run = runs_.rbegin(); run != runs_.rend() && run_end > from; ++run) {
      const std::uint64_t run_begin = run_end - run->count;
      const std::uint64_t low = std::max(run_begin, from);
      const std::uint64_t high = std::min(run_end, to);
      if (low < high) {
        found.push_back(*run);
        found.back().count = static_cast<std::uint32_t>(high - low);
      }
      run_end = run_begin;
    }
    std::reverse(found.begin(), found.end());
    return found;
  }

  /// Gives up what lies before input n. A run that n cuts keeps its rest.
  void forget_before(std::uint64_t n) noexcept {
    while (!runs_.empty() && begin_ < n) {
      Run& first = runs_.front();
      const std::uint64_t cut = std::min<std::uint64_t>(n - begin_, first.count);
      begin_ += cut;
      first.count -= static_cast<std::uint32_t>(cut);
      if (first.count == 0) runs_.pop_front();
    }
  }

 private:
  std::uint64_t begin_;
  std::uint64_t end_;
  std::deque<Run> runs_;
};

}  // namespace hft::sequence
