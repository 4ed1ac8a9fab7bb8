#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "hft/base/bytes.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// How many events a second came, over a window of time.
///
///   y = n / span        n = the events (kept quotes, or trades) of (t - span, t]
///
/// Cost: O(1) amortised, no allocation; one division.   Output unit: 1/s.   Exact: a count; same window, same bits.
/// Not ready: NaN until the first event; after that an empty window gives 0. For the first `span` after it the window
/// holds what came since, so the value is a lower bound.
/// Matches NumPy searchsorted; see tests/python/differential/test_flow.py.
class Intensity {
 public:
  /// Cold path: throws std::invalid_argument for a count window: `owner` needs a time.
  Intensity(WindowLength length, std::string_view owner) : window_{length} {
    if (!length.is_time()) {
      throw std::invalid_argument(std::string(owner) + ": window must be a time such as \"5s\", was " +
                                  length.text());
    }
  }

  void update(const Market& m) noexcept {
    window_.push(Tick{}, m.now_ns, [](Tick) noexcept {});
    has_seen_ = true;
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [](Tick) noexcept {});
  }

  [[nodiscard]] double value() const noexcept {
    if (!has_seen_) return kNotReady;
    return 1e9 * static_cast<double>(window_.size()) / static_cast<double>(window_.length().span_ns());
  }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept { window_.clear(), has_seen_ = false; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<Tick>::archive(self.window_, ar, [](Tick) {});
    base::archive_bool(self.has_seen_, ar);
  }

 private:
  struct Tick {};  // that it came is all

  Window<Tick> window_;
  bool has_seen_ = false;
};

}  // namespace hft::feature
