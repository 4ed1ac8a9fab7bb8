#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>

#include "hft/base/bytes.hpp"
#include "hft/event/event.hpp"
#include "hft/event/top_of_book.hpp"
#include "hft/feature/clean_rules.hpp"
#include "hft/feature/counters.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/spec.hpp"

namespace hft::feature {

/// What the rules know of a symbol, beside its book. Only events that are taken in move its time: a dropped one with a
/// wild time must not make the rest of the day late.
struct Past {
  /// What is forgotten where the state begins anew.
  struct Seen {
    std::int64_t mid_half_ticks = 0;  // of the last two-sided quote that entered
    std::uint64_t trade_seq = 0;      // source_seq of the last trade that entered
    std::uint32_t n_outliers = 0;     // quotes in a row that were outliers
    bool has_mid = false;
    bool has_quote = false;
  };

  std::int64_t last_ts_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t session = std::numeric_limits<std::int64_t>::min();
  Seen seen;

  static constexpr std::size_t kBytes = 8 + 8 + 8 + 8 + 4 + 1 + 1;
  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    auto& s = self.seen;
    ar(self.last_ts_ns), ar(self.session), ar(s.mid_half_ticks), ar(s.trade_seq), ar(s.n_outliers);
    base::archive_bool(s.has_mid, ar), base::archive_bool(s.has_quote, ar);
    if constexpr (Archive::kReads) {
      constexpr std::int64_t kBound = 2 * Market::kMaxPxTicks;
      if (self.last_ts_ns != Past{}.last_ts_ns && !Market::in_bounds(self.last_ts_ns)) {
        throw std::invalid_argument("snapshot: a time out of bounds");
      }
      constexpr std::int64_t kMostDays = Market::kMaxTsNs / 86'400'000'000'000 + 2;
      if (self.session != Past{}.session && (self.session < -kMostDays || self.session > kMostDays)) {
        throw std::invalid_argument("snapshot: a session out of bounds");
      }
      if (s.mid_half_ticks <= -kBound || s.mid_half_ticks >= kBound) {
        throw std::invalid_argument("snapshot: a mid out of bounds");
      }
    }
  }
};

/// What becomes of an event, and why. Small, so that it comes back in a register.
struct Entry {
  enum class Fate : std::uint8_t { kEnters, kDropped, kOutOfOrder };

  Fate fate = Fate::kEnters;
  Policy policy = Policy::kTake;  // of an event that enters: take, flag, hold or nan
  bool begins_anew = false;       // the symbol's state, before the event
  bool book_goes = false;         // the quote beside a trade is there no more
  std::uint32_t broken = 0;       // bits of Rule, or kSession
};

/// Which events a symbol's features see, and how: session hours, order, bounds, the drop list and the [clean] table.
///
/// Rules are asked in their order. Every rule that an event breaks is counted; the first one whose policy is drop ends
/// the questions. Immutable; what it knows of a symbol is its Past and its book.
/// Cost: without a rule a comparison of time and bounds; each rule a comparison or two.
class Cleansing {
 public:
  /// How far the rules reach: to none but the bounds, to a drop list, or to all. Each has code of its own.
  enum class Extent : std::uint8_t { kBounds, kDropList, kAll };

  /// Cold path: throws std::invalid_argument where a rule breaks a rule. `flagged`: bits of rules that columns read.
  Cleansing(const Spec& spec, std::uint32_t flagged);

  /// Decides on a quote, a trade or a level of the book, and moves `past` accordingly. Of a level only the bounds and
  /// the mark are asked: what the other rules compare with is of quotes and trades.
  [[nodiscard]] Entry admit(const event::Event& e, Past& past, const event::TopOfBook& book) const noexcept {
    using Fate = Entry::Fate;
    if (!Market::in_bounds(e.ts_event_ns)) [[unlikely]]
      return {.fate = Fate::kDropped, .broken = bit_of(Rule::kBounds)};
    if (e.ts_event_ns < past.last_ts_ns) [[unlikely]] {
      return {.fate = has(Rule::kOutOfOrder) ? Fate::kDropped : Fate::kOutOfOrder,
              .broken = bit_of(Rule::kOutOfOrder)};
    }
    const std::int64_t session = session_of(e.ts_event_ns, past.session);
    if (session == kOutside) return {.fate = Fate::kDropped, .broken = kSession};
    const bool anew = session != past.session && origin_ == Origin::kSessionOpen;
    if (extent_ == Extent::kAll) return by_rules<Extent::kAll>(e, session, anew, past, book);
    if (extent_ == Extent::kDropList && !looks_good(e, book)) {
      return by_rules<Extent::kDropList>(e, session, anew, past, book);
    }
    if (!Market::in_bounds(e)) [[unlikely]]
      return {.fate = Fate::kDropped, .broken = bit_of(Rule::kBounds)};
    past.last_ts_ns = e.ts_event_ns, past.session = session;
    past.seen.has_quote = e.kind == event::EventKind::kQuote || (past.seen.has_quote && !anew);  // all that is asked
    return {.begins_anew = anew};
  }
  static void count(const Entry& entry, Counters& counters) noexcept;

 private:
  static constexpr std::int64_t kDayNs = 86'400'000'000'000;
  static constexpr std::int64_t kOutside = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint32_t kSession = 1U << kRules;  // outside the hours

  /// Number of the session that `ts_ns` lies in, counted in days; kOutside between sessions. Mostly it is the last
  /// event's, which a product says sooner than a quotient.
  [[nodiscard]] std::int64_t session_of(std::int64_t ts_ns, std::int64_t last) const noexcept {
    const std::int64_t since = ts_ns - hours_.open_ns;
    std::int64_t day = last;
    if (last == Past{}.session || since < last * kDayNs || since >= (last + 1) * kDayNs) [[unlikely]] {
      day = since / kDayNs;
      day -= static_cast<std::int64_t>(since % kDayNs < 0);  // towards the past, also before 1970
    }
    std::int64_t length = hours_.close_ns - hours_.open_ns;
    if (length <= 0) length += kDayNs;
    return since - day * kDayNs < length ? day : kOutside;
  }
  /// No drop list has anything against such an event. Most are such, so it is asked first, and in line.
  [[nodiscard]] static bool looks_good(const event::Event& e, const event::TopOfBook& b) noexcept {
    if ((e.flags & event::kSuspicious) != 0) return false;
    if (e.kind != event::EventKind::kQuote) return true;
    const event::Quote& q = e.quote;
    if (q.bid_qty_lots <= 0 || q.ask_qty_lots <= 0 || q.bid_px_ticks >= q.ask_px_ticks) return false;
    return q.bid_qty_lots != b.bid_qty_lots || q.ask_qty_lots != b.ask_qty_lots || q.bid_px_ticks != b.bid_px_ticks ||
           q.ask_px_ticks != b.ask_px_ticks;
  }
  template <Extent kExtent>
  [[nodiscard]] Entry by_rules(const event::Event& e, std::int64_t session, bool anew, Past& past,
                               const event::TopOfBook& book) const noexcept;
  [[nodiscard]] bool has(Rule rule) const noexcept { return (active_ & bit_of(rule)) != 0; }

  SessionHours hours_;
  Origin origin_;
  CleanRules rules_;
  std::uint32_t active_ = 0;  // bits of the rules that have a policy
  Extent extent_ = Extent::kAll;
};

}  // namespace hft::feature
