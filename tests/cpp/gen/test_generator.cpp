#include "hft/gen/generator.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hft/base/crc32c.hpp"
#include "hft/event/decode.hpp"

namespace {

using namespace hft::event;
using hft::gen::Config;
using hft::gen::Generator;

Config small(std::uint64_t seed = 7) {
  Config config{{{"AAA"}, {"BBB"}, {"CCC"}}};
  config.seed = seed;
  config.seconds = 2.0;
  return config;
}

std::vector<Event> take(const Config& config, std::size_t chunk = 4096) {
  Generator generator{config};
  std::vector<Event> all, part(chunk);
  for (std::size_t n = chunk; n == chunk;) {
    n = generator.next(part);
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return all;
}

bool same_bytes(const std::vector<Event>& a, const std::vector<Event>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Event)) == 0;
}

TEST(Generator, GoldenBytes) {
  const std::vector<Event> events = take(small());
  EXPECT_EQ(events.size(), 40393U);
  EXPECT_EQ(hft::base::crc32c(std::as_bytes(std::span{events})), 0x7FAEB690U);
}

TEST(Generator, AnyChunkingGivesTheSameBytes) {
  const std::vector<Event> whole = take(small(), 1'000'000);
  for (const std::size_t chunk : {1, 2, 3, 7, 64, 4096}) EXPECT_TRUE(same_bytes(take(small(), chunk), whole)) << chunk;
}

TEST(Generator, AnotherSeedGivesOtherBytes) { EXPECT_FALSE(same_bytes(take(small(7)), take(small(8)))); }

TEST(Generator, StaysAtItsEnd) {
  Generator generator{small()};
  std::vector<Event> events(100'000);
  EXPECT_LT(generator.next(events), events.size());
  EXPECT_EQ(generator.next(events), 0U);
  EXPECT_EQ(generator.next(events), 0U);
}

TEST(Generator, EveryEventIsOneThatTheDecoderTakes) {
  for (const std::int64_t levels : {0, 1, 2, 10}) {
    Config config = small();
    config.book_levels = levels;
    config.signal_frac = 1.0;
    const PackedDecoder decoder{config.instruments};
    for (const Event& event : take(config)) ASSERT_EQ(decoder.check(event), DecodeStatus::kOk);
  }
}

TEST(Generator, TimeAndSequenceNeverGoBack) {
  Config config = small();
  config.sessions = 3;
  const std::vector<Event> events = take(config);
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].source_seq, i);
    if (i == 0) continue;
    ASSERT_GE(events[i].ts_event_ns, events[i - 1].ts_event_ns);
    ASSERT_GE(events[i].ts_recv_ns, events[i - 1].ts_recv_ns);
    ASSERT_GT(events[i].ts_recv_ns, events[i].ts_event_ns);
  }
  const std::int64_t last_day = config.start_ns + 2 * hft::gen::kDayNs;
  EXPECT_GT(events.back().ts_event_ns, last_day);
  EXPECT_LT(events.back().ts_event_ns, last_day + 2'000'000'000);
}

/// Rebuilds each book from its level events alone and compares it with every quote.
TEST(Generator, LevelEventsRebuildTheQuotes) {
  for (const std::int64_t levels : {1, 3, 10}) {
    Config config = small();
    config.seconds = 20.0;
    config.book_levels = levels;
    using Levels = std::map<std::int64_t, std::int64_t>;
    std::map<std::uint32_t, std::pair<Levels, Levels>> books;
    std::map<std::uint32_t, std::int64_t> update_ids;
    for (const Event& event : take(config)) {
      auto& [bids, asks] = books[event.symbol_id];
      if (event.kind == EventKind::kBookLevel) {
        ASSERT_EQ(event.level.update_id, ++update_ids[event.symbol_id]);
        auto& side = event.side == Side::kBuy ? bids : asks;
        if (event.level.qty_lots == 0) {
          ASSERT_EQ(side.erase(event.level.px_ticks), 1U) << "removes a level that is not there";
        } else {
          side[event.level.px_ticks] = event.level.qty_lots;
        }
      } else if (event.kind == EventKind::kQuote) {
        ASSERT_EQ(bids.size(), static_cast<std::size_t>(levels));
        ASSERT_EQ(asks.size(), static_cast<std::size_t>(levels));
        const Quote& quote = event.quote;
        ASSERT_LT(quote.bid_px_ticks, quote.ask_px_ticks);
        ASSERT_EQ(bids.rbegin()->first, quote.bid_px_ticks);
        ASSERT_EQ(bids.rbegin()->second, quote.bid_qty_lots);
        ASSERT_EQ(asks.begin()->first, quote.ask_px_ticks);
        ASSERT_EQ(asks.begin()->second, quote.ask_qty_lots);
      }
    }
  }
}

TEST(Generator, PricesStayInsideANarrowRange) {
  Config config = small();
  config.seconds = 60.0;
  config.signal_frac = 1.0;
  config.instruments = {{"NARROW", {1, 100}, {1, 1}, 100, 136}};
  const PackedDecoder decoder{config.instruments};
  bool low = false, high = false;
  for (const Event& event : take(config)) {
    ASSERT_EQ(decoder.check(event), DecodeStatus::kOk);
    if (event.kind != EventKind::kBookLevel) continue;
    low |= event.level.px_ticks == 100;
    high |= event.level.px_ticks == 136;
  }
  EXPECT_TRUE(low && high) << "the walk must have met both ends";
}

TEST(Generator, TradesHappenAtTheTouch) {
  std::map<std::uint32_t, Quote> last;
  for (const Event& event : take(small())) {
    if (event.kind == EventKind::kQuote) last[event.symbol_id] = event.quote;
    if (event.kind != EventKind::kTrade) continue;
    const Quote& quote = last.at(event.symbol_id);
    ASSERT_EQ(event.trade.px_ticks, event.side == Side::kBuy ? quote.ask_px_ticks : quote.bid_px_ticks);
    ASSERT_LE(event.trade.qty_lots, event.side == Side::kBuy ? quote.ask_qty_lots : quote.bid_qty_lots);
    ASSERT_GT(event.trade.qty_lots, 0);
  }
}

TEST(Generator, ABadParameterIsNamedWithRuleAndValue) {
  const auto refusal = [](const std::function<void(Config&)>& change) -> std::string {
    Config config = small();
    change(config);
    try {
      const Generator generator{config};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal([](Config& c) { c.seconds = 0; }), "generate: seconds must be > 0 and <= 86400, was 0");
  EXPECT_EQ(refusal([](Config& c) { c.signal_frac = 1.5; }), "generate: signal must be >= 0 and <= 1, was 1.5");
  EXPECT_EQ(refusal([](Config& c) { c.book_levels = 11; }), "generate: book_levels must be >= 0 and <= 10, was 11");
  EXPECT_EQ(refusal([](Config& c) { c.instruments.clear(); }), "generate: symbols must not be empty, was empty");
  EXPECT_EQ(refusal([](Config& c) { c.instruments[1].symbol = "AAA"; }),
            "generate: symbols must differ, was 'AAA' twice");
  EXPECT_EQ(refusal([](Config& c) { c.instruments[0].max_px_ticks = 30; }),
            "generate: AAA: max_px_ticks - min_px_ticks must be >= 36, was 29");
}

}  // namespace
