#include "hft/feature/pipeline.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <random>
#include <tuple>

#include "hft/base/bytes.hpp"
#include "pipeline_fixture.hpp"

namespace hft::feature {
namespace {

using testing::kDayNs;
using testing::kSecondNs;
using testing::quote;
using testing::random_tape;
using testing::rows_of;
using testing::spec_of_everything;
using testing::trade;
using testing::two_instruments;

Spec mid_spec() {
  Spec spec;
  spec.features = {{"", "mid", "", {}}, {"", "ema", "mid_px", {{"period", 2}}}, {"", "time_since_trade", "", {}}};
  return spec;
}

TEST(Pipeline, transform_is_update_in_a_loop) {
  const auto tape = random_tape(3000);
  Pipeline a{spec_of_everything(), two_instruments()};
  Pipeline b{spec_of_everything(), two_instruments()};
  std::vector<double> rows(a.max_rows(tape) * a.n_features());
  std::vector<std::int64_t> index(a.max_rows(tape));
  const std::size_t n = a.transform(tape, rows.data(), index.data());
  const std::string bytes(reinterpret_cast<const char*>(rows.data()), n * a.n_features() * sizeof(double));
  EXPECT_EQ(bytes, rows_of(b, tape));
  EXPECT_EQ(n, tape.size());
}

TEST(Pipeline, interleaved_symbols_equal_symbols_apart) {
  const auto tape = random_tape(3000);
  Pipeline together{spec_of_everything(), two_instruments()};
  std::vector<double> row(together.n_features());
  std::string bytes[2];
  for (const auto& e : tape) {
    ASSERT_EQ(together.update(e, row), Step::kRow);
    bytes[e.symbol_id].append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
  }
  for (std::uint32_t symbol : {0U, 1U}) {
    std::vector<event::Event> own;
    for (const auto& e : tape) {
      if (e.symbol_id == symbol) own.push_back(e);
    }
    Pipeline alone{spec_of_everything(), two_instruments()};
    EXPECT_EQ(rows_of(alone, own), bytes[symbol]);
  }
}

TEST(Pipeline, each_drop_rule_counts_and_leaves_no_trace) {
  Spec spec = mid_spec();
  spec.drop = kDropCrossed | kDropLocked | kDropOneSided | kDropUnchanged | kDropSuspicious;
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(3);
  ASSERT_EQ(p.update(quote(0, 100, 1, 102, 1), row), Step::kRow);
  event::Event doubtful = quote(1, 90, 1, 92, 1);
  doubtful.flags = event::kSuspicious;
  for (const auto& e : {quote(1, 103, 1, 102, 1), quote(1, 102, 1, 102, 1), quote(1, 100, 0, 102, 1),
                        quote(1, 100, 1, 102, 1), doubtful, quote(1, 100, -1, 102, 1)}) {
    EXPECT_EQ(p.update(e, row), Step::kDropped);
  }
  ASSERT_EQ(p.update(quote(2, 100, 2, 102, 1), row), Step::kRow);
  EXPECT_EQ(row[1], 1.01) << "the average saw two quotes";
  const Counters& c = p.counters();
  EXPECT_EQ(c.crossed + c.locked + c.one_sided + c.unchanged + c.suspicious + c.out_of_bounds, 6U);
  EXPECT_EQ(c.n_events, 8U);
  EXPECT_EQ(c.n_rows, 2U);
}

TEST(Pipeline, without_drop_rules_every_quote_counts) {
  Pipeline p{mid_spec(), two_instruments()};
  std::vector<double> row(3);
  for (const auto& e : {quote(1, 103, 1, 102, 1), quote(1, 102, 1, 102, 1), quote(1, 102, 1, 102, 1)}) {
    EXPECT_EQ(p.update(e, row), Step::kRow);
  }
  EXPECT_EQ(p.update(quote(1, 100, 0, 102, 1), row), Step::kRow);
  EXPECT_TRUE(std::isnan(row[0]));
  EXPECT_DOUBLE_EQ(row[1], 1.0225 + 2.0 / 3.0 * (1.02 - 1.0225)) << "a mid that is NaN leaves the average as it was";
}

TEST(Pipeline, a_new_session_starts_anew_and_hours_outside_are_dropped) {
  Spec spec = mid_spec();
  spec.session = {10 * 3600 * kSecondNs, 11 * 3600 * kSecondNs};
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(3);
  const std::int64_t open = 20'000 * kDayNs + 10 * 3600 * kSecondNs;
  EXPECT_EQ(p.update(quote(open - 1, 100, 1, 102, 1), row), Step::kDropped);
  EXPECT_EQ(p.update(quote(open, 100, 1, 102, 1), row), Step::kRow);
  EXPECT_EQ(p.update(trade(open + 5, 100, 1), row), Step::kNoRow);
  EXPECT_EQ(p.update(quote(open + 3600 * kSecondNs - 1, 100, 2, 102, 1), row), Step::kRow);
  EXPECT_EQ(row[1], 1.01);
  EXPECT_EQ(p.update(quote(open + 3600 * kSecondNs, 100, 1, 102, 1), row), Step::kDropped);
  EXPECT_EQ(p.update(quote(open + kDayNs, 100, 1, 102, 1), row), Step::kRow);
  EXPECT_TRUE(std::isnan(row[1]));
  EXPECT_TRUE(std::isnan(row[2])) << "the trade was yesterday";
  EXPECT_EQ(p.counters().out_of_session, 2U);
}

TEST(Pipeline, a_continuous_origin_carries_state_over) {
  Spec spec = mid_spec();
  spec.origin = Origin::kContinuous;
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(3);
  std::ignore = p.update(quote(0, 100, 1, 102, 1), row);
  std::ignore = p.update(quote(3 * kDayNs, 100, 1, 102, 1), row);
  EXPECT_EQ(row[1], 1.01);
}

TEST(Pipeline, a_session_may_span_midnight_and_lie_before_1970) {
  Spec spec = mid_spec();
  spec.session = {22 * 3600 * kSecondNs, 2 * 3600 * kSecondNs};
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(3);
  const std::int64_t midnight = -100 * kDayNs;
  EXPECT_EQ(p.update(quote(midnight - 2 * 3600 * kSecondNs, 100, 1, 102, 1), row), Step::kRow);
  EXPECT_EQ(p.update(quote(midnight + 3600 * kSecondNs, 100, 1, 102, 1), row), Step::kRow);
  EXPECT_EQ(row[1], 1.01) << "one session";
  EXPECT_EQ(p.update(quote(midnight + 12 * 3600 * kSecondNs, 100, 1, 102, 1), row), Step::kDropped);
}

TEST(Pipeline, an_older_event_changes_nothing) {
  Pipeline p{mid_spec(), two_instruments()};
  std::vector<double> row(3);
  std::ignore = p.update(quote(10, 100, 1, 102, 1), row);
  EXPECT_EQ(p.update(quote(9, 50, 1, 52, 1), row), Step::kOutOfOrder);
  EXPECT_EQ(p.update(quote(0, 50, 1, 52, 1, 1), row), Step::kRow) << "order is per symbol";
  EXPECT_EQ(p.update(quote(10, 100, 1, 102, 1, 7), row), Step::kUnknownSymbol);
  EXPECT_EQ(p.update(quote(10, 100, 1, 102, 1), row), Step::kRow);
  EXPECT_EQ(row[1], 1.01);
  const std::vector<event::Event> late{quote(11, 1, 1, 2, 1), quote(12, 1, 1, 2, 1, 1), quote(10, 1, 1, 2, 1)};
  EXPECT_EQ(p.find_out_of_order(late), 2U);
}

TEST(Pipeline, a_dropped_event_does_not_move_the_clock) {
  Spec spec = mid_spec();
  spec.session = {10 * 3600 * kSecondNs, 11 * 3600 * kSecondNs};
  spec.drop = kDropSuspicious | kDropCrossed | kDropUnchanged;
  const std::int64_t open = 20'000 * kDayNs + 10 * 3600 * kSecondNs;
  const std::int64_t wild = open + 9 * kDayNs;
  event::Event doubtful = quote(wild, 90, 1, 92, 1);
  doubtful.flags = event::kSuspicious;
  const std::vector<event::Event> tape{quote(open, 100, 1, 102, 1),         doubtful,
                                       quote(wild, 103, 1, 102, 1),         quote(wild, 100, -1, 102, 1),
                                       quote(open + 1, 100, 1, 102, 1),     quote(wild + 7200 * kSecondNs, 1, 1, 2, 1),
                                       quote(Market::kMaxTsNs, 1, 1, 2, 1), quote(-Market::kMaxTsNs, 1, 1, 2, 1),
                                       quote(open, 100, 2, 102, 1)};
  Pipeline p{spec, two_instruments()};
  EXPECT_EQ(p.find_out_of_order(tape), std::nullopt);
  std::vector<double> row(3);
  for (std::size_t i = 0; i < tape.size(); ++i) {
    EXPECT_EQ(p.update(tape[i], row), i == 0 || i + 1 == tape.size() ? Step::kRow : Step::kDropped) << i;
  }
  EXPECT_EQ(row[1], 1.01) << "the average saw both quotes, in one session";
  EXPECT_EQ(p.counters().out_of_order, 0U);
  EXPECT_EQ(p.counters().out_of_bounds, 3U);
}

TEST(Pipeline, find_out_of_order_says_what_update_says) {
  std::mt19937_64 rng{4};
  Spec spec = mid_spec();
  spec.drop = kDropSuspicious | kDropUnchanged | kDropOneSided;
  for (int trial = 0; trial < 500; ++trial) {
    Pipeline p{spec, two_instruments()};
    std::vector<event::Event> tape;
    for (std::int64_t i = 0; i < 12; ++i) {
      const auto px = static_cast<std::int64_t>(rng() % 2) + 100;
      const auto ts_ns = i * kDayNs / 4 + static_cast<std::int64_t>(rng() % 2) * kDayNs;
      tape.push_back(quote(ts_ns, px, static_cast<std::int64_t>(rng() % 3), px + 1, 1));
      if (rng() % 4 == 0) tape.back().flags = event::kSuspicious;
    }
    const auto at = p.find_out_of_order(tape);
    std::optional<std::size_t> first;
    std::vector<double> row(3);
    for (std::size_t i = 0; i < tape.size() && !first; ++i) {
      if (p.update(tape[i], row) == Step::kOutOfOrder) first = i;
    }
    ASSERT_EQ(at, first) << trial;
  }
}

TEST(Pipeline, a_reader_of_a_time_window_sees_it_at_its_own_time) {
  Spec spec;
  spec.row_on = RowOn::kTrade;
  spec.features = {{"flow", "trade_imbalance", "", {{"window", "1s"}}}, {"y", "rolling_max", "flow", {{"window", 1}}}};
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(2);
  std::ignore = p.update(trade(0, 100, 1, event::Side::kBuy), row);
  EXPECT_EQ(row[1], 1.0);
  std::ignore = p.update(trade(kSecondNs, 100, 1), row);  // no side: it enters no window, but time has passed
  EXPECT_EQ(row[0], 0.0);
  EXPECT_EQ(row[1], 0.0);
}

TEST(Pipeline, a_side_that_is_none_is_unknown) {
  Spec spec;
  spec.row_on = RowOn::kTrade;
  spec.features = {{"", "trade_imbalance", "", {{"window", 1}}}};
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(1);
  std::ignore = p.update(trade(0, 100, 1, static_cast<event::Side>(7)), row);
  EXPECT_TRUE(std::isnan(row[0]));
  base::ByteWriter out;
  p.save(out);
  EXPECT_NO_THROW(std::ignore = Pipeline::restore(spec, out.bytes()));
}

TEST(Pipeline, times_near_the_ends_of_the_range_do_not_overflow) {
  Spec spec = mid_spec();
  spec.origin = Origin::kContinuous;
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(3);
  std::ignore = p.update(trade(-Market::kMaxTsNs + 1, 100, 1), row);
  EXPECT_EQ(p.update(quote(Market::kMaxTsNs - 1, 1, 1, 2, 1), row), Step::kRow);
  EXPECT_EQ(row[2], 0x1p63);
}

TEST(Pipeline, book_levels_and_controls_pass_without_effect) {
  Pipeline p{mid_spec(), two_instruments()};
  std::vector<double> row(3);
  event::Event control{};
  control.kind = event::EventKind::kControl;
  control.symbol_id = 99;
  EXPECT_EQ(p.update(control, row), Step::kNoRow);
  EXPECT_EQ(p.counters().without_effect, 1U);
}

TEST(Pipeline, time_windows_are_brought_to_the_time_of_the_row) {
  Spec spec;
  spec.row_on = RowOn::kAny;
  spec.features = {{"", "rolling_max", "trade_px", {{"window", "1s"}}}};
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(1);
  std::ignore = p.update(trade(0, 100, 1), row);
  EXPECT_EQ(row[0], 1.0);
  std::ignore = p.update(quote(kSecondNs - 1, 1, 1, 2, 1), row);
  EXPECT_EQ(row[0], 1.0);
  std::ignore = p.update(quote(kSecondNs, 1, 1, 2, 1), row);
  EXPECT_TRUE(std::isnan(row[0]));
}

TEST(Pipeline, reset_equals_new) {
  const auto tape = random_tape(2000);
  Pipeline used{spec_of_everything(), two_instruments()};
  const std::string first = rows_of(used, tape);
  used.reset();
  EXPECT_EQ(rows_of(used, tape), first);
}

TEST(Pipeline, impossible_steps_are_refused) {
  auto instruments = two_instruments();
  instruments[1].tick.den = 0;
  EXPECT_THROW((Pipeline{mid_spec(), instruments}), std::invalid_argument);
  instruments = two_instruments();
  instruments[1].symbol = "AAA";
  EXPECT_THROW((Pipeline{mid_spec(), instruments}), std::invalid_argument);
}

TEST(Pipeline, after_a_gap_a_symbol_is_as_new_and_the_others_go_on) {
  for (const std::uint16_t flag : {event::kGapBefore, event::kSequenceReset}) {
    auto tape = random_tape(800);
    std::size_t cut = 500;
    while (tape[cut].symbol_id != 0) ++cut;
    tape[cut].flags = flag;
    Pipeline whole{spec_of_everything(), two_instruments()};
    rows_of(whole, std::span{tape}.first(cut));
    base::ByteWriter state;
    whole.save(state);
    Pipeline untouched = Pipeline::restore(spec_of_everything(), state.bytes());
    Pipeline fresh{spec_of_everything(), two_instruments()};
    std::vector<double> row(whole.n_features()), expected(whole.n_features());
    for (const event::Event& e : std::span{tape}.subspan(cut)) {
      event::Event plain = e;
      plain.flags = event::kNoFlags;
      Pipeline& like = e.symbol_id == 0 ? fresh : untouched;
      ASSERT_EQ(whole.update(e, row), like.update(plain, expected));
      ASSERT_EQ(std::memcmp(row.data(), expected.data(), row.size() * sizeof(double)), 0);
    }
    EXPECT_EQ(whole.counters().gaps, 1U);
  }
}

TEST(Pipeline, a_gap_before_an_event_that_is_left_out_is_a_gap_all_the_same) {
  Spec spec;
  spec.drop = kDropLocked;
  spec.features = {{"", "rolling_mean", "mid_px", {{"window", 2}}}};
  Pipeline p{spec, two_instruments()};
  std::vector<double> row(1);
  const std::int64_t now = 20'000 * kDayNs;
  std::ignore = p.update(quote(now, 10, 1, 12, 1), row);
  std::ignore = p.update(quote(now + 1, 10, 1, 12, 1), row);
  EXPECT_FALSE(std::isnan(row[0]));
  event::Event locked = quote(now + 2, 11, 1, 11, 1);
  locked.flags = event::kGapBefore;
  EXPECT_EQ(p.update(locked, row), Step::kDropped);
  event::Event level = quote(now + 2, 11, 1, 11, 1);
  level.kind = event::EventKind::kBookLevel;
  level.flags = event::kGapBefore;
  EXPECT_EQ(p.update(level, row), Step::kNoRow);
  EXPECT_EQ(p.update(quote(now + 3, 10, 1, 12, 1), row), Step::kRow);
  EXPECT_TRUE(std::isnan(row[0]));
  EXPECT_EQ(p.counters().gaps, 2U);
  event::Event late = quote(now, 10, 1, 12, 1);
  late.flags = event::kSequenceReset;
  EXPECT_EQ(p.update(late, row), Step::kOutOfOrder) << "a reset of numbers is none of time";
}

}  // namespace
}  // namespace hft::feature
