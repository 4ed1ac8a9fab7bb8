#include "hft/feature/cleansing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "hft/base/bytes.hpp"
#include "pipeline_fixture.hpp"

namespace hft::feature {
namespace {

using testing::kSecondNs;
using testing::quote;
using testing::rows_of;
using testing::trade;
using testing::two_instruments;

using Rows = std::vector<CleanRow>;

/// An event that breaks one rule, and the counter that says so.
struct Case {
  const char* rule;
  event::Event bad;
  std::uint64_t Counters::* counter;
  std::map<std::string, ParamValue> params{};
};

event::Event marked(event::Event e) { return e.flags = event::kSuspicious, e; }
event::Event numbered(event::Event e) { return e.source_seq = 7, e; }
event::Event received(event::Event e, std::int64_t after_ns) { return e.ts_recv_ns = e.ts_event_ns + after_ns, e; }

constexpr std::int64_t kBad = 3 * kSecondNs;

std::vector<Case> cases() {
  return {
      {"suspicious", marked(quote(kBad, 90, 1, 92, 1)), &Counters::suspicious},
      {"suspicious", marked(trade(kBad, 90, 1)), &Counters::suspicious},
      {"bounds", quote(kBad, 100, -1, 102, 1), &Counters::out_of_bounds},
      {"bounds", trade(kBad, Market::kMaxPxTicks, 1), &Counters::out_of_bounds},
      {"one_sided", quote(kBad, 100, 0, 102, 1), &Counters::one_sided},
      {"zero_size", trade(kBad, 104, 0), &Counters::zero_size},
      {"locked", quote(kBad, 104, 1, 104, 1), &Counters::locked},
      {"crossed", quote(kBad, 108, 1, 104, 1), &Counters::crossed},
      {"duplicate", quote(kBad, 100, 1, 102, 1), &Counters::duplicate},
      {"duplicate", numbered(trade(kBad, 104, 2)), &Counters::duplicate},
      {"stale", trade(kBad, 104, 2), &Counters::stale, {{"after", "2s"}}},
      {"outlier", quote(kBad, 110, 1, 114, 1), &Counters::outlier, {{"band_bps", 1000.0}}},
      {"outlier", trade(kBad, 90, 2), &Counters::outlier, {{"band_bps", std::int64_t{1000}}}},
      {"late", received(quote(kBad, 104, 1, 106, 1), kSecondNs + 1), &Counters::late},
      {"late", received(trade(kBad, 104, 2), kSecondNs + 1), &Counters::late},
  };
}

enum Column { kMid, kMidEma, kTradePx, kTradeMax, kSinceQuote, kFilled, kColumns };

Spec spec_with(Rows clean) {
  Spec spec;
  spec.sha256 = "01";
  spec.row_on = RowOn::kAny;
  spec.features = {{"", "mid", "", {}},
                   {"", "ema", "mid_px", {{"period", 2}}},
                   {"", "expr", "", {{"formula", "trade_px"}}},
                   {"", "rolling_max", "trade_px", {{"window", 1}}},
                   {"", "time_since_quote", "", {}},
                   {"", "fill", "mid_px", {{"policy", "hold:2s"}}}};
  spec.clean = std::move(clean);
  return spec;
}

/// A good quote and a good trade, then the bad event: its row, if it has one.
struct Outcome {
  Pipeline pipeline;
  Step step;
  std::vector<double> row;
};

Outcome after(const Case& c, const std::string& policy) {
  Spec spec = spec_with({{c.rule, policy, c.params}});
  spec.features.push_back({"flag", "clean_flag", "", {{"rule", c.rule}}});
  Outcome out{Pipeline{spec, two_instruments()}, Step::kNoRow, std::vector<double>(kColumns + 1)};
  EXPECT_EQ(out.pipeline.update(quote(0, 100, 1, 102, 1), out.row), Step::kRow);
  EXPECT_EQ(out.row.back(), 0.0) << c.rule;
  EXPECT_EQ(out.pipeline.update(numbered(trade(kSecondNs, 101, 2)), out.row), Step::kRow);
  out.step = out.pipeline.update(c.bad, out.row);
  EXPECT_EQ(out.pipeline.counters().*c.counter, 1U) << c.rule << ' ' << policy;
  return out;
}

bool is_trade(const Case& c) { return c.bad.kind == event::EventKind::kTrade; }
double mid_of(const event::Quote& q) { return static_cast<double>(q.bid_px_ticks + q.ask_px_ticks) / 200.0; }

TEST(Cleansing, a_dropped_event_leaves_no_trace_but_its_count) {
  for (const Case& c : cases()) {
    Outcome out = after(c, "drop");
    EXPECT_EQ(out.step, Step::kDropped) << c.rule;
    ASSERT_EQ(out.pipeline.update(trade(2 * kSecondNs, 101, 2), out.row), Step::kRow) << "no time has passed";
    EXPECT_EQ(out.row[kMid], 1.01);
    EXPECT_EQ(out.row[kSinceQuote], 2e9);
  }
}

TEST(Cleansing, of_a_held_event_the_time_remains) {
  for (const Case& c : cases()) {
    Outcome out = after(c, "hold");
    ASSERT_EQ(out.step, Step::kRow) << c.rule;
    EXPECT_EQ(out.row[kMid], 1.01) << c.rule;
    EXPECT_TRUE(std::isnan(out.row[kMidEma])) << "the average has seen one quote";
    EXPECT_EQ(out.row[kTradePx], 1.01) << c.rule;
    EXPECT_EQ(out.row[kTradeMax], 1.01) << c.rule;
    EXPECT_EQ(out.row[kSinceQuote], 3e9);
    EXPECT_EQ(out.row[kFilled], 1.01);
    EXPECT_EQ(out.row.back(), 1.0) << "its row says what it broke";
    EXPECT_EQ(out.pipeline.update(quote(kBad - 1, 100, 1, 102, 1), out.row), Step::kOutOfOrder);
  }
}

TEST(Cleansing, after_nan_that_side_of_the_market_is_not_there) {
  for (const Case& c : cases()) {
    Outcome out = after(c, "nan");
    ASSERT_EQ(out.step, Step::kRow) << c.rule;
    const bool book_goes = !is_trade(c) || std::string{c.rule} == "stale";
    EXPECT_EQ(std::isnan(out.row[kMid]), book_goes) << c.rule;
    EXPECT_EQ(std::isnan(out.row[kSinceQuote]), book_goes);
    EXPECT_EQ(out.row[kFilled], 1.01) << "held for two seconds";
    EXPECT_EQ(std::isnan(out.row[kTradePx]), !book_goes) << c.rule;
    if (!book_goes) {
      EXPECT_EQ(out.row[kTradeMax], 1.01) << "a missing input leaves the window as it was";
    }
    EXPECT_EQ(out.row.back(), 1.0);
    ASSERT_EQ(out.pipeline.update(trade(kBad + 2 * kSecondNs, 103, 1), out.row), Step::kRow);
    EXPECT_EQ(std::isnan(out.row[kFilled]), book_goes) << "the hold has expired";
    ASSERT_EQ(out.pipeline.update(quote(kBad + 2 * kSecondNs, 100, 2, 102, 1), out.row), Step::kRow);
    EXPECT_EQ(out.row[kMid], 1.01) << "the next good one is there";
    EXPECT_EQ(out.row[kTradePx], 1.03);
    EXPECT_EQ(out.row[kMidEma], 1.01) << "its second quote";
    EXPECT_EQ(out.row.back(), 0.0);
  }
}

TEST(Cleansing, a_flagged_event_enters_as_it_is) {
  for (const Case& c : cases()) {
    if (std::string{c.rule} == "bounds") continue;
    Outcome out = after(c, "flag");
    ASSERT_EQ(out.step, Step::kRow) << c.rule;
    EXPECT_EQ(out.row.back(), 1.0);
    if (is_trade(c)) {
      EXPECT_EQ(out.row[kTradeMax], static_cast<double>(c.bad.trade.px_ticks) / 100.0) << c.rule;
    } else if (c.bad.quote.bid_qty_lots > 0) {
      EXPECT_DOUBLE_EQ(out.row[kMid], mid_of(c.bad.quote)) << c.rule;
      EXPECT_FALSE(std::isnan(out.row[kMidEma]));
    }
  }
}

TEST(Cleansing, of_several_broken_rules_the_strictest_policy_counts_and_each_is_counted) {
  Spec spec = spec_with({{"crossed", "flag", {}}, {"outlier", "hold", {}}, {"suspicious", "nan", {}}});
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(kColumns);
  ASSERT_EQ(p.update(quote(0, 100, 1, 102, 1), row), Step::kRow);
  ASSERT_EQ(p.update(quote(1, 208, 1, 204, 1), row), Step::kRow);
  EXPECT_EQ(row[kMid], 1.01) << "held";
  ASSERT_EQ(p.update(marked(quote(2, 208, 1, 204, 1)), row), Step::kRow);
  EXPECT_TRUE(std::isnan(row[kMid])) << "nan is stricter";
  EXPECT_EQ(p.counters().crossed, 2U);
  EXPECT_EQ(p.counters().outlier, 2U);
  EXPECT_EQ(p.counters().suspicious, 1U);
}

TEST(Cleansing, after_enough_outliers_in_a_row_the_market_is_where_they_are) {
  Spec spec = spec_with({{"outlier", "drop", {{"band_bps", 100.0}, {"patience", 3}}}});
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(kColumns);
  std::ignore = p.update(quote(0, 1000, 1, 1002, 1), row);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(p.update(quote(1, 1100, 1, 1102, 1), row), Step::kDropped);
    EXPECT_EQ(p.update(quote(2, 1100, 1, 1102, 1), row), Step::kDropped);
    EXPECT_EQ(p.update(quote(3, 1009, 1, 1011, 1), row), Step::kRow) << "a good one begins the count anew";
    std::ignore = p.update(quote(3, 1000, 1, 1002, 1), row);
    p.reset();
    std::ignore = p.update(quote(0, 1000, 1, 1002, 1), row);
  }
  for (std::int64_t i = 1; i <= 3; ++i) EXPECT_EQ(p.update(quote(i, 1100, 1, 1102, 1), row), Step::kDropped);
  EXPECT_EQ(p.update(trade(4, 1100, 1), row), Step::kDropped) << "trades wait for a quote";
  EXPECT_EQ(p.update(quote(4, 1100, 1, 1102, 1), row), Step::kRow);
  EXPECT_EQ(p.update(trade(5, 1100, 1), row), Step::kRow);
}

TEST(Cleansing, an_old_event_may_be_dropped_instead_of_stopping_the_batch) {
  Pipeline p{spec_with({{"out_of_order", "drop", {}}}), two_instruments()};
  std::vector<double> row(kColumns);
  const std::vector<event::Event> tape{quote(5, 100, 1, 102, 1), quote(4, 100, 1, 102, 1)};
  EXPECT_EQ(p.find_out_of_order(tape), std::nullopt);
  EXPECT_EQ(p.update(tape[0], row), Step::kRow);
  EXPECT_EQ(p.update(tape[1], row), Step::kDropped);
  EXPECT_EQ(p.counters().out_of_order, 1U);
}

/// Quotes and trades of which many break some rule.
std::vector<event::Event> dirty_tape(std::mt19937_64& rng, std::int64_t n) {
  std::vector<event::Event> tape;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto any = [&](std::uint64_t below) { return static_cast<std::int64_t>(rng() % below); };
    const std::int64_t ts_ns = i * testing::kDayNs / 8 + any(12) / 11 * testing::kDayNs + any(9);
    const std::int64_t px = 100 + any(3) + any(10) / 9 * 40;
    auto e = any(3) == 0 ? trade(ts_ns, px, any(3)) : quote(ts_ns, px, any(4), 101 + any(3), 1);
    e.source_seq = static_cast<std::uint64_t>(any(3));
    e.ts_recv_ns = ts_ns + any(20) * kSecondNs;
    if (any(9) == 0) e.flags = any(2) == 0 ? event::kSuspicious : event::kGapBefore;
    tape.push_back(e);
  }
  return tape;
}

Rows any_rules(std::mt19937_64& rng) {
  const std::string policies[] = {"flag", "hold", "nan", "drop"};
  Rows rows;
  for (const char* rule : {"suspicious", "one_sided", "zero_size", "locked", "crossed", "duplicate", "stale", "outlier",
                           "late", "bounds"}) {
    const std::string& policy = policies[rng() % 4];
    if (rng() % 2 == 0 && (policy != "flag" || std::string{rule} != "bounds")) rows.push_back({rule, policy, {}});
  }
  if (rng() % 8 == 0) rows.push_back({"out_of_order", "drop", {}});
  return rows;
}

TEST(Cleansing, find_out_of_order_says_what_update_says) {
  std::mt19937_64 rng{4};
  std::vector<double> row(kColumns);
  std::size_t n_found = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    Pipeline p{spec_with(any_rules(rng)), two_instruments()};
    const auto tape = dirty_tape(rng, 16);
    const auto at = p.find_out_of_order(tape);
    EXPECT_GE(p.max_rows(tape), tape.size());
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < tape.size() && !first; ++i) {
      if (p.update(tape[i], row) == Step::kOutOfOrder) first = i;
    }
    ASSERT_EQ(at, first) << trial;
    n_found += static_cast<std::size_t>(at.has_value());
  }
  EXPECT_GT(n_found, 200U);
}

TEST(Cleansing, a_snapshot_anywhere_continues_with_the_same_bytes) {
  std::mt19937_64 rng{5};
  for (int trial = 0; trial < 300; ++trial) {
    const Spec spec = spec_with(any_rules(rng));
    const auto tape = dirty_tape(rng, 40);
    const std::span events{tape};
    const std::size_t cut = rng() % tape.size();
    Pipeline whole{spec, two_instruments()};
    std::ignore = rows_of(whole, events.first(cut));
    base::ByteWriter blob;
    whole.save(blob);
    Pipeline restored = Pipeline::restore(spec, blob.bytes());
    ASSERT_EQ(rows_of(restored, events.subspan(cut)), rows_of(whole, events.subspan(cut))) << trial;
  }
}

std::string refusal(Rows rows, std::uint32_t drop = 0) {
  Spec spec = spec_with(std::move(rows));
  spec.drop = drop;
  try {
    const Pipeline p{spec, two_instruments()};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Cleansing, what_breaks_a_rule_is_named) {
  const auto says = [](const std::string& what, const std::string& part) {
    EXPECT_NE(what.find(part), std::string::npos) << what;
  };
  says(refusal({{"crosed", "drop", {}}}), "clean: unknown rule 'crosed' (did you mean 'crossed'?); it takes");
  says(refusal({{"unchanged", "drop", {}}}), "unknown rule 'unchanged'");
  says(refusal({{"crossed", "holds", {}}}), "one of flag, hold, nan, drop, was \"holds\" (did you mean");
  says(refusal({{"bounds", "flag", {}}}), "bounds must be one of hold, nan, drop (what is out of bounds");
  says(refusal({{"out_of_order", "hold", {}}}), "out_of_order must be drop (its time has passed), was \"hold\"");
  says(refusal({{"outlier", "nan", {{"band", 5.0}}}}), "outlier: unknown parameter 'band' (did you mean 'band_bps'?)");
  says(refusal({{"outlier", "nan", {{"band_bps", -1.0}}}}), "clean: outlier: band_bps must be in [0");
  says(refusal({{"outlier", "nan", {{"patience", -1}}}}), "clean: outlier: patience must be >= 0, was -1");
  says(refusal({{"stale", "nan", {{"after", "soon"}}}}), "after must be a time such as \"5s\"");
  says(refusal({{"stale", "nan", {{"after", 5}}}}), "after must be a time such as \"5s\", was 5");
  says(refusal({{"locked", "nan", {}}, {"locked", "drop", {}}}), "locked is there twice");
  says(refusal({{"crossed", "hold", {}}}, kDropCrossed), "'crossed' is in drop and 'crossed' in clean");
  says(refusal({{"duplicate", "hold", {}}}, kDropUnchanged), "'unchanged' is in drop and 'duplicate' in clean");
}

TEST(Cleansing, a_snapshot_with_a_mid_out_of_bounds_is_refused) {
  Past past;
  past.seen.mid_half_ticks = 2 * Market::kMaxPxTicks;
  base::ByteWriter out;
  Past::archive(std::as_const(past), out);
  EXPECT_EQ(out.bytes().size(), Past::kBytes);
  base::ByteReader in{out.bytes()};
  EXPECT_THROW(Past::archive(past, in), std::invalid_argument);
}

}  // namespace
}  // namespace hft::feature
