#pragma once

#include <cstdint>
#include <stdexcept>

#include "hft/base/bytes.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"

namespace hft::feature {

/// Time since the symbol's last kept quote: how stale the book may be.
///
///   y = ts_event_ns of this event - ts_event_ns of the last quote that no drop rule left out
///
/// Cost: one subtraction.   Output unit: ns, exact below 2^53 (104 days); 0 at a quote.
/// NaN before the first quote. Matches the same line in pandas; see tests/python/differential/test_flow.py.
struct TimeSinceQuote {
  [[nodiscard]] double of(const Market& m) const noexcept {
    return m.has_quote ? static_cast<double>(m.now_ns - m.book.ts_event_ns) : kNotReady;
  }
};

/// When the mid last became another one.
class MidChange {
 public:
  void update(const Market& m) noexcept {
    if (!m.book.two_sided()) return;
    const std::int64_t mid = m.book.mid_half_ticks();
    if (has_mid_ && mid == mid_half_ticks_) return;
    has_mid_ = true, mid_half_ticks_ = mid, since_ns_ = m.now_ns;
  }
  [[nodiscard]] bool ready() const noexcept { return has_mid_; }
  [[nodiscard]] std::int64_t since_ns() const noexcept { return since_ns_; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  void reset() noexcept { *this = {}; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    base::archive_bool(self.has_mid_, ar);
    ar(self.mid_half_ticks_), ar(self.since_ns_);
    if constexpr (Archive::kReads) {
      constexpr std::int64_t kBound = 2 * Market::kMaxPxTicks;
      if (self.mid_half_ticks_ <= -kBound || self.mid_half_ticks_ >= kBound || !Market::in_bounds(self.since_ns_)) {
        throw std::invalid_argument("snapshot: MidChange out of bounds");
      }
    }
  }

 private:
  std::int64_t mid_half_ticks_ = 0;
  std::int64_t since_ns_ = 0;
  bool has_mid_ = false;
};

/// Time since the mid last changed.
///
///   y = ts_event_ns of this event - ts_event_ns of the quote that brought the mid where it is
///
/// Cost: one comparison a quote, one subtraction.   Output unit: ns, exact below 2^53 (104 days).
/// NaN while a side of the book is empty; the mid before is remembered, so the same mid behind it is no change. The
/// first mid counts as one. Matches the same line in pandas; see tests/python/differential/test_flow.py.
struct TimeSinceMidChange {
  using State = MidChange;

  [[nodiscard]] double of(const MidChange& change, const Market& m) const noexcept {
    return change.ready() && m.book.two_sided() ? static_cast<double>(m.now_ns - change.since_ns()) : kNotReady;
  }
};

}  // namespace hft::feature
