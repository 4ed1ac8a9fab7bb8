#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/feature/concept.hpp"
#include "hft/feature/pair_sums.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Exact moments of a window of pairs: what rolling covariance, correlation and beta read.
///
/// Same window, different past: same bits (pair_sums.hpp).   Cost: O(1), no allocation.
/// NaN:  a pair enters when both inputs are usable; one that is NaN or not in (-2^40, 2^40) leaves the pair out and
/// only moves the time. A pair older than the newest is left out.
class PairMoments {
 public:
  static constexpr std::size_t kInputs = 2;

  explicit PairMoments(WindowLength length) : window_{length} {}

  void update(double x, double y, std::int64_t ts_ns = 0) noexcept {
    if (!window_.accepts(ts_ns)) [[unlikely]]
      return;
    if (!fits_fixed(x) || !fits_fixed(y)) [[unlikely]]
      return advance(ts_ns);  // time passes all the same
    window_.push({x, y}, ts_ns, [this](const Pair& old) noexcept { sums_.leave(old.x, old.y); });
    sums_.enter(x, y);
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](const Pair& old) noexcept { sums_.leave(old.x, old.y); });
  }

  [[nodiscard]] bool ready(std::uint32_t min_inputs) const noexcept {
    return window_.length().is_time() ? window_.size() >= min_inputs : window_.full();
  }
  [[nodiscard]] std::uint32_t lookback(std::uint32_t min_inputs) const noexcept {
    return (window_.length().is_time() ? min_inputs : window_.length().capacity()) - 1;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return window_.size(); }
  [[nodiscard]] const PairSums& sums() const noexcept { return sums_; }

  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), sums_.reset(); }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<Pair>::archive(self.window_, ar, [&](const Pair& pair) {
      if (!fits_fixed(pair.x) || !fits_fixed(pair.y)) {
        throw std::invalid_argument("snapshot: a window holds a pair that could not have entered");
      }
      if constexpr (Archive::kReads) self.sums_.enter(pair.x, pair.y);
    });
  }

 private:
  struct Pair {
    double x;
    double y;
  };

  Window<Pair> window_;
  PairSums sums_;
};

}  // namespace hft::feature
