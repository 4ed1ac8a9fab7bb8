#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "hft/feature/bar_node.hpp"
#include "hft/feature/bar_table.hpp"
#include "hft/feature/bars.hpp"
#include "hft/feature/pipeline.hpp"
#include "market_of.hpp"
#include "pipeline_fixture.hpp"

namespace hft::feature {
namespace {

using testing::kDayNs;
using testing::kSecondNs;
using testing::quote;
using testing::trade;

const std::vector<event::Instrument> kCents{{"AAA", {1, 100}, {1, 10}, 1, 1'000'000}};

Spec spec_of(std::vector<BarsDef> bars, const std::vector<std::string>& formulas) {
  Spec spec;
  spec.name = "bars", spec.sha256 = "0";
  spec.origin = Origin::kContinuous, spec.row_on = RowOn::kAny;
  spec.bars = std::move(bars);
  for (const std::string& formula : formulas) {
    spec.features.push_back({"c" + std::to_string(spec.features.size()), "expr", "", {{"formula", formula}}});
  }
  return spec;
}

/// The first columns after an event, and its step.
std::vector<double> row_of(Pipeline& p, const event::Event& e) {
  std::vector<double> row(p.n_features(), -1.0);
  EXPECT_EQ(p.update(e, row), Step::kRow);
  return row;
}

std::string error_of(std::vector<BarsDef> bars, const std::string& formula = "mid_px") {
  try {
    const Plan plan{spec_of(std::move(bars), {formula})};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Bars, a_time_bar_closes_before_the_event_that_shows_its_end) {
  Pipeline p{spec_of({{"b", "time", "10s"}}, {"b.close", "b.volume", "b.high"}), kCents};
  const std::int64_t t0 = 1'700'000'000 * kSecondNs;
  EXPECT_TRUE(std::isnan(row_of(p, trade(t0, 100, 5))[0]));
  EXPECT_TRUE(std::isnan(row_of(p, trade(t0 + 10 * kSecondNs - 1, 120, 7))[0]));
  EXPECT_EQ(row_of(p, trade(t0 + 10 * kSecondNs, 500, 1)), (std::vector{1.2, 1.2, 1.2})) << "its end is not in it";
  EXPECT_EQ(row_of(p, quote(t0 + 55 * kSecondNs, 1, 1, 2, 1))[0], 5.0) << "a quote closes it, empty intervals are none";
  EXPECT_EQ(p.bar(0, 0).open_ns, t0 + 10 * kSecondNs);
  EXPECT_EQ(p.bar(0, 0).close_ns, t0 + 20 * kSecondNs);
}

TEST(Bars, intervals_lie_on_the_same_grid_before_1970) {
  Pipeline p{spec_of({{"b", "time", "10s"}}, {"b.close"}), kCents};
  row_of(p, trade(-1, 100, 5));
  EXPECT_EQ(row_of(p, trade(0, 200, 5))[0], 1.0);
  EXPECT_EQ(p.bar(0, 0).open_ns, -10 * kSecondNs);
}

TEST(Bars, the_trade_that_fills_a_bar_is_in_it_and_none_is_split) {
  Pipeline p{spec_of({{"t", "tick", std::int64_t{2}}, {"v", "volume", 1.0}, {"d", "dollar", 2.0}},
                     {"t.close", "v.volume", "d.value", "v.n_trades"}),
             kCents};
  row_of(p, trade(1, 100, 4));
  EXPECT_TRUE(std::isnan(row_of(p, trade(2, 300, 0))[0])) << "without quantity it counts for nothing";
  const auto row = row_of(p, trade(3, 200, 9));
  EXPECT_EQ(row[0], 2.0);
  EXPECT_EQ(row[1], 1.3) << "the excess stays in the bar";
  EXPECT_EQ(row[2], 0.4 + 1.8);
  EXPECT_EQ(row[3], 2.0);
}

TEST(Bars, a_size_is_reached_as_it_is_written) {
  Pipeline p{spec_of({{"v", "volume", 0.1}}, {"v.volume"}), kCents};  // the double 0.1 is more than a tenth
  EXPECT_EQ(row_of(p, trade(1, 100, 1))[0], 0.1);
}

TEST(Bars, operations_on_bars_step_once_a_bar_at_its_end) {
  Spec spec = spec_of({{"b", "time", "10s"}}, {"ema(b.close, 1)", "rolling_sum(b.close, '20s')"});
  Pipeline p{spec, kCents};
  for (int i = 0; i < 30; ++i) row_of(p, trade(i * kSecondNs, 100 + i, 1));
  const auto row = row_of(p, trade(30 * kSecondNs, 1, 1));
  EXPECT_EQ(row[0], 1.29);
  EXPECT_EQ(row[1], 1.19 + 1.29) << "bars stand at 10 s, 20 s and 30 s: those of (10 s, 30 s]";
  EXPECT_EQ(p.plan().columns()[0].lookback, 0U);
  EXPECT_EQ(p.plan().bars_of(p.plan().columns()[0].clock)->def.name, "b");
}

TEST(Bars, small_bars_step_before_large_ones_that_close_with_them) {
  Pipeline p{spec_of({{"a", "time", "20s"}, {"z", "time", "10s"}}, {"ema(a.close - a.close + ema(z.close, 1), 1)"}),
             kCents};
  row_of(p, trade(0, 100, 1));
  row_of(p, trade(15 * kSecondNs, 700, 1));
  EXPECT_EQ(row_of(p, trade(40 * kSecondNs, 1, 1))[0], 7.0);
}

TEST(Bars, bars_of_mid_sample_the_standing_mid_at_trades_too) {
  Pipeline p{spec_of({{"b", "time", "10s", "mid"}}, {"b.open", "b.close", "b.volume", "b.n_trades"}), kCents};
  row_of(p, quote(0, 100, 1, 101, 1));
  row_of(p, trade(11 * kSecondNs, 500, 3));
  EXPECT_EQ(row_of(p, quote(20 * kSecondNs, 200, 1, 201, 1)), (std::vector{1.005, 1.005, 0.3, 1.0}));
  row_of(p, quote(21 * kSecondNs, 200, 0, 201, 1));
  EXPECT_EQ(row_of(p, quote(30 * kSecondNs, 200, 0, 201, 1))[1], 2.005);
  row_of(p, trade(31 * kSecondNs, 500, 3));
  EXPECT_EQ(row_of(p, quote(50 * kSecondNs, 200, 1, 201, 1))[1], 2.005) << "what never had a price is no bar";
}

TEST(Bars, a_new_session_and_a_gap_throw_the_open_bar_away) {
  Spec spec = spec_of({{"b", "tick", std::int64_t{2}}}, {"b.open"});
  spec.origin = Origin::kSessionOpen;
  Pipeline p{spec, kCents};
  row_of(p, trade(1, 100, 1));
  EXPECT_TRUE(std::isnan(row_of(p, trade(kDayNs, 200, 1))[0]));
  EXPECT_EQ(row_of(p, trade(kDayNs + 1, 300, 1))[0], 2.0);
  row_of(p, trade(kDayNs + 2, 300, 1));
  event::Event gap = trade(kDayNs + 3, 400, 1);
  gap.flags = event::kGapBefore;
  EXPECT_TRUE(std::isnan(row_of(p, gap)[0])) << "closed bars are forgotten, too";
  EXPECT_EQ(row_of(p, trade(kDayNs + 4, 500, 1))[0], 4.0);
}

TEST(Bars, the_table_holds_what_a_pipeline_shows) {
  const auto tape = testing::random_tape(4000);
  const auto instruments = testing::two_instruments();
  Pipeline p{testing::spec_of_everything(), instruments};
  const auto rows = bar_table(p, 0, tape);
  ASSERT_GT(rows.size(), 100U);
  for (const BarRow& row : rows) {
    EXPECT_EQ(row.symbol_id, tape[static_cast<std::size_t>(row.event)].symbol_id);
    EXPECT_LE(row.close_ns, tape[static_cast<std::size_t>(row.event)].ts_event_ns);
    EXPECT_EQ(row.close_ns - row.open_ns, 5 * kSecondNs);
    EXPECT_LE(row.low, row.high);
  }
}

TEST(Bars, what_breaks_a_rule_is_refused_with_the_value) {
  EXPECT_EQ(error_of({{"b", "minute", "1m"}}).substr(0, 60),
            "bars 'b': kind must be one of time, tick, volume, dollar, wa");
  EXPECT_NE(error_of({{"b", "time", "0s"}}).find("longer than 0 and at most 366 days, was \"0s\""), std::string::npos);
  EXPECT_NE(error_of({{"b", "time", std::int64_t{60}}}).find("a time such as \"1m\""), std::string::npos);
  EXPECT_NE(error_of({{"b", "time", "9000h"}}).find("at most 366 days"), std::string::npos);
  EXPECT_EQ(error_of({{"b", "tick", std::int64_t{0}}}),
            "bars 'b': every of tick bars must be a number of trades in 1..1000000000, was 0");
  EXPECT_EQ(error_of({{"b", "tick", 2.5}}),
            "bars 'b': every of tick bars must be a number of trades in 1..1000000000, was 2.5");
  EXPECT_EQ(error_of({{"b", "volume", -1.0}}),
            "bars 'b': every of volume bars must be a number > 0 (base units), was -1");
  EXPECT_NE(error_of({{"b", "dollar", "1m"}}).find("was \"1m\""), std::string::npos);
  EXPECT_NE(error_of({{"b", "time", "1s", "bid"}}).find("price must be one of trade, mid, was \"bid\""),
            std::string::npos);
  EXPECT_NE(error_of({{"mid_px", "time", "1s"}}).find("taken by a series"), std::string::npos);
  EXPECT_NE(error_of({{"trade", "time", "1s"}}).find("taken by a clock"), std::string::npos);
  EXPECT_NE(error_of({{"c0", "time", "1s"}}).find("taken by bars"), std::string::npos) << "by the feature's name";
  EXPECT_NE(error_of({{"a.b", "time", "1s"}}).find("a name is a letter"), std::string::npos);
  EXPECT_NE(error_of({{"b", "time", "1s"}, {"b", "time", "2s"}}).find("there twice"), std::string::npos);
  EXPECT_NE(error_of({{"m1", "time", "1s"}}, "m1.clse").find("did you mean 'm1.close'"), std::string::npos);
  EXPECT_NE(error_of(std::vector<BarsDef>(65, {"b", "time", "1s"})).find("at most 64"), std::string::npos);
}

TEST(Bars, a_snapshot_that_no_bar_could_have_is_refused) {
  BarsDef def{"b", "time", "10s"};
  BarNode node{bar_rule(def)};
  Market m{.tick = {1, 100}, .lot = {1, 1}};
  m.set_trade(trade(25 * kSecondNs, 100, 5));
  ASSERT_FALSE(node.builder.take(m, true));
  base::ByteWriter out;
  node.save(out);
  const std::vector<std::byte> good{out.bytes().begin(), out.bytes().end()};
  const auto accepts = [&](std::size_t at, std::byte value) {
    auto bytes = good;
    bytes[at] = value;
    base::ByteReader in{bytes};
    BarNode read{bar_rule(def)};
    try {
      read.load(in);
    } catch (const std::invalid_argument&) {
      return false;
    }
    return true;
  };
  EXPECT_TRUE(accepts(0, std::byte{1})) << "as it was";
  EXPECT_FALSE(accepts(0, std::byte{0})) << "not begun, but with a price";
  EXPECT_FALSE(accepts(2, std::byte{9})) << "an open below the low";
  EXPECT_FALSE(accepts(34, std::byte{9})) << "more trades than lots";
  EXPECT_FALSE(accepts(42, std::byte{1})) << "off the grid";
}

}  // namespace
}  // namespace hft::feature
