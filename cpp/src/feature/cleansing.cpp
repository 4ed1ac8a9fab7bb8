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

bool two_sided(const event::Quote& q) noexcept { return q.bid_qty_lots > 0 && q.ask_qty_lots > 0; }

bool repeats(const event::Quote& q, const event::TopOfBook& b) noexcept {
  return q.bid_px_ticks == b.bid_px_ticks && q.bid_qty_lots == b.bid_qty_lots && q.ask_px_ticks == b.ask_px_ticks &&
         q.ask_qty_lots == b.ask_qty_lots;
}

}  // namespace

struct Cleansing::Verdict {
  std::uint32_t broken = 0;
  Policy policy = Policy::kTake;
  bool book_goes = false;

  [[nodiscard]] bool found(Rule rule) const noexcept { return (broken & bit_of(rule)) != 0; }
};

Cleansing::Cleansing(const Spec& spec, std::uint32_t flagged)
    : hours_{spec.session}, origin_{spec.origin}, rules_{clean_rules_of(spec)} {
  rules_.flag(flagged);
  for (std::size_t i = 0; i < kRules; ++i) {
    if (rules_.policies[i] != Policy::kTake) active_ |= 1U << i;
  }
  is_idle_ = active_ == bit_of(Rule::kBounds) && rules_.of(Rule::kBounds) == Policy::kDrop;
}

Entry Cleansing::by_rules(const event::Event& e, std::int64_t session, bool anew, Past& past,
                          const event::TopOfBook& book) const noexcept {
  static constexpr Past::Seen kNothing{};
  const Verdict v = judge(e, anew ? kNothing : past.seen, book);
  if (v.policy == Policy::kDrop) {
    if (!anew) note(e, v, past.seen);
    return {.fate = Entry::Fate::kDropped, .broken = v.broken};
  }
  past.last_ts_ns = e.ts_event_ns, past.session = session;
  if (anew) past.seen = kNothing;
  note(e, v, past.seen);
  return {.policy = v.policy, .begins_anew = anew, .book_goes = v.book_goes, .broken = v.broken};
}

void Cleansing::count(const Entry& entry, Counters& counters) noexcept {
  for (std::uint32_t left = entry.broken; left != 0; left &= left - 1) {
    ++(counters.*kCounters[static_cast<std::size_t>(std::countr_zero(left))]);
  }
}

bool Cleansing::breaks(Rule rule, Verdict& v) const noexcept {
  v.broken |= bit_of(rule);
  v.policy = std::max(v.policy, rules_.of(rule));
  return v.policy == Policy::kDrop;
}

Cleansing::Verdict Cleansing::judge(const event::Event& e, const Past::Seen& seen,
                                    const event::TopOfBook& b) const noexcept {
  Verdict v;
  const bool doubtful = (e.flags & event::kSuspicious) != 0 && has(Rule::kSuspicious);
  if (doubtful && breaks(Rule::kSuspicious, v)) return v;
  if (!in_bounds(e)) [[unlikely]]
    return static_cast<void>(breaks(Rule::kBounds, v)), v;  // nothing else can be asked of it
  is_quote(e) ? judge_quote(e.quote, seen, b, v) : judge_trade(e, seen, b, v);
  if (v.policy != Policy::kDrop && has(Rule::kLate)) judge_late(e, v);
  return v;
}

void Cleansing::judge_quote(const event::Quote& q, const Past::Seen& seen, const event::TopOfBook& b,
                            Verdict& v) const noexcept {
  if (!two_sided(q)) {
    if (has(Rule::kOneSided) && breaks(Rule::kOneSided, v)) return;
  } else if (q.bid_px_ticks >= q.ask_px_ticks) {
    const Rule rule = q.bid_px_ticks == q.ask_px_ticks ? Rule::kLocked : Rule::kCrossed;
    if (has(rule) && breaks(rule, v)) return;
  }
  if (seen.has_quote && (has(Rule::kUnchanged) || has(Rule::kDuplicate)) && repeats(q, b)) {
    if (breaks(has(Rule::kUnchanged) ? Rule::kUnchanged : Rule::kDuplicate, v)) return;
  }
  if (!has(Rule::kOutlier) || !two_sided(q) || !is_far(q.bid_px_ticks + q.ask_px_ticks, seen)) return;
  const bool enough = rules_.patience != 0 && seen.n_outliers >= rules_.patience;  // it is where the market is now
  if (!enough) breaks(Rule::kOutlier, v);
}

void Cleansing::judge_trade(const event::Event& e, const Past::Seen& seen, const event::TopOfBook& b,
                            Verdict& v) const noexcept {
  if (e.trade.qty_lots == 0 && has(Rule::kZeroSize) && breaks(Rule::kZeroSize, v)) return;
  const bool again = e.source_seq != 0 && e.source_seq == seen.trade_seq;
  if (again && has(Rule::kDuplicate) && breaks(Rule::kDuplicate, v)) return;
  if (has(Rule::kStale) && seen.has_quote && e.ts_event_ns - b.ts_event_ns > rules_.stale_ns) {
    const Policy policy = rules_.of(Rule::kStale);
    v.broken |= bit_of(Rule::kStale);
    v.book_goes = policy == Policy::kNan;  // the quote is what is bad: the trade itself may enter
    v.policy = std::max(v.policy, v.book_goes ? Policy::kFlag : policy);
    if (v.policy == Policy::kDrop) return;
  }
  if (has(Rule::kOutlier) && is_far(2 * e.trade.px_ticks, seen)) breaks(Rule::kOutlier, v);
}

void Cleansing::judge_late(const event::Event& e, Verdict& v) const noexcept {
  if (e.ts_recv_ns <= e.ts_event_ns) return;
  const auto late_ns = static_cast<std::uint64_t>(e.ts_recv_ns) - static_cast<std::uint64_t>(e.ts_event_ns);
  if (late_ns > static_cast<std::uint64_t>(rules_.late_ns)) breaks(Rule::kLate, v);
}

bool Cleansing::is_far(std::int64_t half_ticks, const Past::Seen& seen) const noexcept {
  if (!seen.has_mid || seen.mid_half_ticks <= 0) return false;  // a share of nothing is no distance
  const auto distance = static_cast<double>(half_ticks - seen.mid_half_ticks);
  return 1e4 * std::abs(distance) > rules_.band_bps * static_cast<double>(seen.mid_half_ticks);
}

void Cleansing::note(const event::Event& e, const Verdict& v, Past::Seen& seen) const noexcept {
  const bool enters = v.policy <= Policy::kFlag;
  if (!is_quote(e)) {
    if (enters) seen.trade_seq = e.source_seq;
    if (v.policy != Policy::kDrop) seen.has_quote &= !v.book_goes;  // what is dropped takes nothing with it
    return;
  }
  if (enters) {
    seen.has_quote = true;
    if (!has(Rule::kOutlier) || !two_sided(e.quote)) return;
    seen.mid_half_ticks = e.quote.bid_px_ticks + e.quote.ask_px_ticks;
    seen.has_mid = true, seen.n_outliers = 0;
    return;
  }
  if (v.found(Rule::kOutlier)) seen.n_outliers = std::min(seen.n_outliers + 1, rules_.patience);
  if (v.policy == Policy::kNan) seen.has_quote = false;
}

}  // namespace hft::feature
