#include "hft/feature/cleansing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

namespace hft::feature {
namespace {

/// By value of Rule; then events outside the session.
constexpr std::array<std::uint64_t Counters::*, kRules + 1> kCounters{
    &Counters::suspicious, &Counters::out_of_bounds, &Counters::one_sided, &Counters::zero_size,
    &Counters::locked,     &Counters::crossed,       &Counters::unchanged, &Counters::duplicate,
    &Counters::stale,      &Counters::outlier,       &Counters::late,      &Counters::out_of_order,
    &Counters::out_of_session};

/// What Spec::drop can name, and the bounds.
constexpr std::uint32_t kDropList = bit_of(Rule::kSuspicious) | bit_of(Rule::kBounds) | bit_of(Rule::kOneSided) |
                                    bit_of(Rule::kLocked) | bit_of(Rule::kCrossed) | bit_of(Rule::kUnchanged);

bool two_sided(const event::Quote& q) noexcept { return q.bid_qty_lots > 0 && q.ask_qty_lots > 0; }

bool repeats(const event::Quote& q, const event::TopOfBook& b) noexcept {
  return q.bid_px_ticks == b.bid_px_ticks && q.bid_qty_lots == b.bid_qty_lots && q.ask_px_ticks == b.ask_px_ticks &&
         q.ask_qty_lots == b.ask_qty_lots;
}

using Extent = Cleansing::Extent;

bool is_quote(const event::Event& e) noexcept { return e.kind == event::EventKind::kQuote; }

/// Asks the rules of one event. What is beyond the extent is not compiled.
template <Extent kExtent>
class Judge {
 public:
  Judge(const CleanRules& rules, std::uint32_t active, const Past::Seen& seen, const event::TopOfBook& book)
      : rules_{rules}, active_{active}, seen_{seen}, book_{book} {}

  void ask(const event::Event& e) noexcept {
    if ((e.flags & event::kSuspicious) != 0 && has(Rule::kSuspicious) && breaks(Rule::kSuspicious)) return;
    if (!Market::in_bounds(e)) [[unlikely]]
      return static_cast<void>(breaks(Rule::kBounds));  // nothing else can be asked of it
    if (e.kind == event::EventKind::kBookLevel) return;
    is_quote(e) ? ask_quote(e.quote) : ask_trade(e);
    if (policy_ != Policy::kDrop && has(Rule::kLate)) ask_late(e);
  }

  [[nodiscard]] Policy policy() const noexcept { return policy_; }
  [[nodiscard]] std::uint32_t broken() const noexcept { return broken_; }
  [[nodiscard]] bool book_goes() const noexcept { return book_goes_; }

  /// What is known after the event.
  void note(const event::Event& e, Past::Seen& seen) const noexcept {
    const bool enters = policy_ <= Policy::kFlag;
    if (!is_quote(e)) {
      if (enters && has(Rule::kDuplicate) && e.kind == event::EventKind::kTrade) seen.trade_seq = e.source_seq;
      if (policy_ != Policy::kDrop) seen.has_quote &= !book_goes_;  // what is dropped takes nothing with it
      return;
    }
    if (enters) {
      seen.has_quote = true;
      if (!has(Rule::kOutlier) || !two_sided(e.quote)) return;
      seen.mid_half_ticks = e.quote.bid_px_ticks + e.quote.ask_px_ticks;
      seen.has_mid = true, seen.n_outliers = 0;
      return;
    }
    if ((broken_ & bit_of(Rule::kOutlier)) != 0) seen.n_outliers = std::min(seen.n_outliers + 1, rules_.patience);
    if (policy_ == Policy::kNan) seen.has_quote = false;
  }

 private:
  [[nodiscard]] bool has(Rule rule) const noexcept {
    return (kExtent == Extent::kAll || (bit_of(rule) & kDropList) != 0) && (active_ & bit_of(rule)) != 0;
  }
  /// Notes that a rule is broken. True: nothing else matters any more.
  bool breaks(Rule rule) noexcept {
    broken_ |= bit_of(rule);
    policy_ = kExtent == Extent::kAll ? std::max(policy_, rules_.of(rule)) : Policy::kDrop;
    return policy_ == Policy::kDrop;
  }

  void ask_quote(const event::Quote& q) noexcept {
    if (!two_sided(q)) {
      if (has(Rule::kOneSided) && breaks(Rule::kOneSided)) return;
    } else if (q.bid_px_ticks >= q.ask_px_ticks) {
      const Rule rule = q.bid_px_ticks == q.ask_px_ticks ? Rule::kLocked : Rule::kCrossed;
      if (has(rule) && breaks(rule)) return;
    }
    if (seen_.has_quote && (has(Rule::kUnchanged) || has(Rule::kDuplicate)) && repeats(q, book_)) {
      if (breaks(has(Rule::kUnchanged) ? Rule::kUnchanged : Rule::kDuplicate)) return;
    }
    if (!has(Rule::kOutlier) || !two_sided(q) || !is_far(q.bid_px_ticks + q.ask_px_ticks)) return;
    const bool enough = rules_.patience != 0 && seen_.n_outliers >= rules_.patience;
    if (!enough) breaks(Rule::kOutlier);  // else it is where the market is now
  }

  void ask_trade(const event::Event& e) noexcept {
    if (e.trade.qty_lots == 0 && has(Rule::kZeroSize) && breaks(Rule::kZeroSize)) return;
    const bool again = e.source_seq != 0 && e.source_seq == seen_.trade_seq;
    if (has(Rule::kDuplicate) && again && breaks(Rule::kDuplicate)) return;
    if (has(Rule::kStale) && seen_.has_quote && e.ts_event_ns - book_.ts_event_ns > rules_.stale_ns) {
      const Policy policy = rules_.of(Rule::kStale);
      broken_ |= bit_of(Rule::kStale);
      book_goes_ = policy == Policy::kNan;  // the quote is what is bad: the trade itself may enter
      policy_ = std::max(policy_, book_goes_ ? Policy::kFlag : policy);
      if (policy_ == Policy::kDrop) return;
    }
    if (has(Rule::kOutlier) && is_far(2 * e.trade.px_ticks)) breaks(Rule::kOutlier);
  }

  void ask_late(const event::Event& e) noexcept {
    if (e.ts_recv_ns <= e.ts_event_ns) return;
    const auto late_ns = static_cast<std::uint64_t>(e.ts_recv_ns) - static_cast<std::uint64_t>(e.ts_event_ns);
    if (late_ns > static_cast<std::uint64_t>(rules_.late_ns)) breaks(Rule::kLate);
  }

  [[nodiscard]] bool is_far(std::int64_t half_ticks) const noexcept {
    if (!seen_.has_mid || seen_.mid_half_ticks <= 0) return false;  // a share of nothing is no distance
    const auto distance = static_cast<double>(half_ticks - seen_.mid_half_ticks);
    return 1e4 * std::abs(distance) > rules_.band_bps * static_cast<double>(seen_.mid_half_ticks);
  }

  const CleanRules& rules_;
  std::uint32_t active_;
  const Past::Seen& seen_;
  const event::TopOfBook& book_;
  std::uint32_t broken_ = 0;
  Policy policy_ = Policy::kTake;
  bool book_goes_ = false;
};

}  // namespace

Cleansing::Cleansing(const Spec& spec, std::uint32_t flagged)
    : hours_{spec.session}, origin_{spec.origin}, rules_{clean_rules_of(spec)} {
  rules_.flag(flagged);
  bool only_drops = true;
  for (std::size_t i = 0; i < kRules; ++i) {
    if (rules_.policies[i] == Policy::kTake) continue;
    active_ |= 1U << i;
    only_drops &= rules_.policies[i] == Policy::kDrop;
  }
  if (only_drops && active_ == bit_of(Rule::kBounds)) extent_ = Extent::kBounds;
  else if (only_drops && (active_ & ~kDropList) == 0) extent_ = Extent::kDropList;
}

template <Cleansing::Extent kExtent>
Entry Cleansing::by_rules(const event::Event& e, std::int64_t session, bool anew, Past& past,
                          const event::TopOfBook& book) const noexcept {
  static constexpr Past::Seen kNothing{};
  Judge<kExtent> judge{rules_, active_, anew ? kNothing : past.seen, book};
  judge.ask(e);
  if (judge.policy() == Policy::kDrop) {
    if (!anew) judge.note(e, past.seen);
    return {.fate = Entry::Fate::kDropped, .broken = judge.broken()};
  }
  past.last_ts_ns = e.ts_event_ns, past.session = session;
  if (anew) past.seen = kNothing;
  judge.note(e, past.seen);
  return {.policy = judge.policy(), .begins_anew = anew, .book_goes = judge.book_goes(), .broken = judge.broken()};
}

template Entry Cleansing::by_rules<Cleansing::Extent::kDropList>(const event::Event&, std::int64_t, bool, Past&,
                                                                 const event::TopOfBook&) const noexcept;
template Entry Cleansing::by_rules<Cleansing::Extent::kAll>(const event::Event&, std::int64_t, bool, Past&,
                                                            const event::TopOfBook&) const noexcept;

void Cleansing::count(const Entry& entry, Counters& counters) noexcept {
  for (std::uint32_t left = entry.broken; left != 0; left &= left - 1) {
    ++(counters.*kCounters[static_cast<std::size_t>(std::countr_zero(left))]);
  }
}

}  // namespace hft::feature
