#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/event/event.hpp"

namespace hft::event {

/// Watches the feed's own numbers of each symbol's records (1, 2, 3 ...; 0: not numbered): what was lost, what came
/// twice.
///
/// Of kDuplicate and kLate the caller leaves the record out, to kGap it adds kGapBefore. A reset record always starts
/// anew: one that is delivered twice cannot be told from a second reset.
/// Cost: one load, two comparisons, one store; no allocation.   One thread.
class SequenceGuard {
 public:
  enum class Seen : std::uint8_t { kFirst, kNext, kGap, kDuplicate, kLate, kReset, kUnnumbered };

  explicit SequenceGuard(std::size_t n_symbols) : last_(n_symbols) {}

  /// `symbol_id` must be below n_symbols: decoders let no other event in.
  [[nodiscard]] Seen check(std::uint32_t symbol_id, std::uint64_t feed_seq, std::uint16_t flags) noexcept {
    std::uint64_t& last = last_[symbol_id];
    if ((flags & kSequenceReset) != 0) [[unlikely]]
      return last = feed_seq, Seen::kReset;
    if (feed_seq == 0) return Seen::kUnnumbered;
    const std::uint64_t before = last;
    if (feed_seq <= before) [[unlikely]]
      return feed_seq == before ? Seen::kDuplicate : Seen::kLate;
    last = feed_seq;
    if (feed_seq - before == 1 && before != 0) [[likely]]
      return Seen::kNext;
    return before == 0 ? Seen::kFirst : Seen::kGap;
  }

  void save(base::ByteWriter& out) const {
    out(static_cast<std::uint64_t>(last_.size()));
    for (const std::uint64_t last : last_) out(last);
  }

  /// Throws std::invalid_argument where the bytes are another guard's, and leaves this one as it was.
  void load(base::ByteReader& in) {
    std::uint64_t n_symbols = 0;
    in(n_symbols);
    if (n_symbols != last_.size()) {
      throw std::invalid_argument("SequenceGuard: saved for " + std::to_string(n_symbols) + " symbols, this one has " +
                                  std::to_string(last_.size()));
    }
    std::vector<std::uint64_t> read(last_.size());
    for (std::uint64_t& last : read) in(last);
    last_ = std::move(read);
  }

 private:
  std::vector<std::uint64_t> last_;  // by symbol; 0: no number seen yet
};

/// Asks the guard about an event of one of its streams and does as it says: marks what follows a gap, counts. False:
/// the event is to be left out. `Counts` has duplicates, late, gaps and resets.
template <class Counts>
[[nodiscard]] bool admit(SequenceGuard& guard, std::uint32_t stream, std::uint64_t feed_seq, Event& event,
                         Counts& counts) noexcept {
  using Seen = SequenceGuard::Seen;
  switch (guard.check(stream, feed_seq, event.flags)) {
    case Seen::kFirst:
    case Seen::kNext:
    case Seen::kUnnumbered: return true;
    case Seen::kGap: event.flags |= kGapBefore, ++counts.gaps; return true;
    case Seen::kReset: ++counts.resets; return true;
    case Seen::kDuplicate: ++counts.duplicates; return false;
    case Seen::kLate: ++counts.late; return false;
  }
  return false;
}

}  // namespace hft::event
