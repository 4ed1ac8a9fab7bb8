#include "hft/event/json_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "message_samples.hpp"

namespace {

using namespace hft::event;
using S = DecodeStatus;

const std::string kHead = R"({"symbol":"AAA","kind":"trade","ts_event_ns":5,"ts_recv_ns":6)";

std::string trade(const std::string& px, const std::string& qty = "1") {
  return kHead + R"(,"side":"buy","px":)" + px + R"(,"qty":)" + qty + "}";
}

class JsonDecoding : public testing::Test {
 protected:
  [[nodiscard]] S status(const std::string& value) const { return samples::decode(decoder_, value); }
  [[nodiscard]] Event event(const std::string& value) const {
    Event out{};
    EXPECT_EQ(samples::decode(decoder_, value, out), S::kOk) << value;
    return out;
  }

  std::vector<Instrument> instruments_ = samples::instruments();
  JsonDecoder decoder_{instruments_};
};

TEST_F(JsonDecoding, ReadsWhatTheEncoderWrites) {
  for (const Event& expected : samples::one_of_each()) {
    const std::string value = samples::message(Format::kJson, expected);
    EXPECT_TRUE(samples::same(event(value), expected)) << value;
    EXPECT_TRUE(samples::same(event(value + "\n"), expected)) << "by the general path";
  }
}

TEST_F(JsonDecoding, KeysMayComeInAnyOrderWithAnyBlanks) {
  const Event expected = samples::trade(2736, 50);
  std::vector<std::string> pairs{R"("symbol" :"AAA")",
                                 R"("kind": "trade")",
                                 R"("ts_event_ns":1700000000000000001)",
                                 R"("px":	27.36)",
                                 R"("qty":50)",
                                 R"("ts_recv_ns":1699999999999999996)",
                                 R"("side":"buy")",
                                 R"("source_seq":844424930131969)"};
  std::sort(pairs.begin(), pairs.end());
  int n = 0;
  do {
    std::string value = " {\n";
    for (const std::string& pair : pairs) value += (value.size() > 3 ? "\r\n, " : "") + pair;
    EXPECT_TRUE(samples::same(event(value + " }\n"), expected)) << value;
  } while (++n < 2000 && std::next_permutation(pairs.begin(), pairs.end()));
}

TEST_F(JsonDecoding, DecimalsAreExact) {
  for (const auto& [text, ticks] :
       std::vector<std::pair<std::string, std::int64_t>>{{"27.35", 2735},
                                                         {"27.350", 2735},
                                                         {"27.3500000000000000000000000", 2735},
                                                         {"2735e-2", 2735},
                                                         {"0.2735E+2", 2735},
                                                         {"0.00000000000000000000000002735e27", 2735},
                                                         {"27", 2700},
                                                         {"9999.99", 999'999},
                                                         {"10000.00", 1'000'000},
                                                         {"0.01", 1},
                                                         {"1e-2", 1},
                                                         {"10000000000000000000000000e-21", 1'000'000},
                                                         {"27.0", 2700},
                                                         {"0.070", 7}}) {
    EXPECT_EQ(event(trade(text)).trade.px_ticks, ticks) << text;
  }
}

TEST_F(JsonDecoding, NothingIsRoundedOntoTheGrid) {
  for (const char* px : {"27.355", "27.3500000000000000000000001", "1e-3", "0.01e-1", "27.35000000000000001"}) {
    EXPECT_EQ(status(trade(px)), S::kOffGrid) << px;
  }
  EXPECT_EQ(status(trade("27.35", "1.5")), S::kOffGrid);
  EXPECT_EQ(status(trade("27.35", "1e-1000000000000")), S::kOffGrid);
}

TEST_F(JsonDecoding, ASteppedTickTakesOnlyItsMultiples) {
  const auto with_px = [](const std::string& px) {
    return R"({"symbol":"BTC-USD","kind":"trade","ts_event_ns":5,"ts_recv_ns":6,"px":)" + px + R"(,"qty":1e-8})";
  };
  EXPECT_EQ(event(with_px("0.005")).trade.px_ticks, 1);
  EXPECT_EQ(event(with_px("-0.505")).trade.px_ticks, -101);
  EXPECT_EQ(event(with_px("-5.05e-1")).trade.qty_lots, 1);
  EXPECT_EQ(event(with_px("-0")).trade.px_ticks, 0);
  EXPECT_EQ(status(with_px("0.004")), S::kOffGrid);
  EXPECT_EQ(status(with_px("0.0051")), S::kOffGrid);
}

TEST_F(JsonDecoding, NumbersBeyondTheInstrumentAreRefusedByName) {
  for (const char* px : {"10000.01", "1e400", "99999999999999999999999", "-0.01", "0", "1e1000000000000"}) {
    EXPECT_EQ(status(trade(px)), S::kBadPrice) << px;
  }
  for (const char* qty : {"9007199254740993", "1e400", "-1", "18446744073709551616"}) {
    EXPECT_EQ(status(trade("1", qty)), S::kBadQty) << qty;
  }
}

TEST_F(JsonDecoding, IntegersHaveNoFractionAndSixtyFourBits) {
  const auto with_seq = [](const std::string& seq) { return trade("1").insert(1, "\"source_seq\":" + seq + ","); };
  EXPECT_EQ(event(with_seq("18446744073709551615")).source_seq, ~std::uint64_t{0});
  EXPECT_EQ(event(with_seq("-0")).source_seq, 0U);
  for (const char* seq : {"18446744073709551616", "-1", "1.0", "1e3", "0.5", "\"7\"", "true", "[]", "{}"}) {
    EXPECT_EQ(status(with_seq(seq)), S::kBadValue) << seq;
  }
  const auto with_time = [](const std::string& ts) {
    return R"({"symbol":"AAA","kind":"control","ts_event_ns":)" + ts + R"(,"ts_recv_ns":6,"code":-7})";
  };
  EXPECT_EQ(event(with_time("4611686018427387904")).control.code, -7);
  EXPECT_EQ(status(with_time("4611686018427387905")), S::kBadTime);
  EXPECT_EQ(status(with_time("-1")), S::kBadTime);
  EXPECT_EQ(status(with_time("9223372036854775808")), S::kBadValue);
}

TEST_F(JsonDecoding, FlagsAreThoseOfTheWire) {
  const auto with_flags = [](const std::string& flags) { return trade("1").insert(1, "\"flags\":" + flags + ","); };
  EXPECT_EQ(event(with_flags("47")).flags, kSuspicious | kSnapshot | kGapBefore | kSequenceReset | kUnfinished);
  for (const char* flags : {"16", "48", "64", "-1", "65536", "65537"})
    EXPECT_EQ(status(with_flags(flags)), S::kUnknownFlag) << flags;
}

TEST_F(JsonDecoding, WhatIsMissingDoubledOrTooMuchIsNamed) {
  EXPECT_EQ(status("{}"), S::kMissingField);
  EXPECT_EQ(status(kHead + R"(,"px":1})"), S::kMissingField);
  EXPECT_EQ(status(kHead + R"(,"px":1,"qty":null})"), S::kMissingField);
  EXPECT_EQ(status(kHead + R"(,"px":1,"qty":1,"px":1})"), S::kDuplicateField);
  EXPECT_EQ(status(kHead + R"(,"px":null,"qty":1,"px":1})"), S::kDuplicateField);
  EXPECT_EQ(status(kHead + R"(,"p\u0078":1,"qty":1,"px":1})"), S::kDuplicateField);
  EXPECT_EQ(status(kHead + R"(,"px":1,"qty":1,"bid_px":1})"), S::kUnexpectedField);
  EXPECT_EQ(event(kHead + R"(,"px":1,"qty":1,"bid_px":null})").trade.px_ticks, 100);
}

TEST_F(JsonDecoding, OptionalFieldsHaveTheirDefaults) {
  const Event e = event(kHead + R"(,"px":1,"qty":1})");
  EXPECT_EQ(e.side, Side::kUnknown);
  EXPECT_EQ(e.flags, 0);
  EXPECT_EQ(e.source_seq, 0U);
}

TEST_F(JsonDecoding, UnknownKeysAreSkippedWhateverTheirValue) {
  for (const char* value :
       {"1", "-1.5e+3", "\"\"", "\"\\u00e9\\n\\\"\"", "null", "true", "false", "[]", "{}",
        "[1,[2,{\"px\":[{}]}],\"]\"]", "{\"a\":{\"b\":[]},\"c\":1}", "\"\xC3\xA9\xF0\x9F\x98\x80\""}) {
    EXPECT_EQ(event(trade("2").insert(1, "\"venue\":" + std::string{value} + ",")).trade.px_ticks, 200) << value;
  }
  EXPECT_EQ(event(trade("2").insert(1, "\"" + std::string(500, 'k') + "\":1,\"\":2,")).trade.px_ticks, 200);
}

TEST_F(JsonDecoding, NestingHasAnEnd) {
  const auto nested = [](std::size_t n) {
    return trade("1").insert(1, "\"x\":" + std::string(n, '[') + std::string(n, ']') + ",");
  };
  EXPECT_EQ(status(nested(64)), S::kOk);
  EXPECT_EQ(status(nested(65)), S::kBadSyntax);
}

TEST_F(JsonDecoding, EscapedTextIsTheTextItMeans) {
  EXPECT_EQ(
      event(R"({"s\u0079mbol":"\u0041A\u0041","kind":"tr\u0061de","ts_event_ns":5,"ts_recv_ns":6,"px":1,"qty":1})")
          .symbol_id,
      0U);
  for (const char* symbol : {"AAA\\u0000", "AA\\u00C1", "AAA\\n", "AA", "AAAA", "aaa", "", "\\ud800", "A\xC3\x81"}) {
    const std::string value = trade("1").replace(11, 3, symbol);
    EXPECT_EQ(status(value), S::kUnknownSymbol) << value;
  }
  EXPECT_EQ(status(trade("1").replace(11, 3, std::string(300, 'A') + "\\u0041")), S::kUnknownSymbol);
}

TEST_F(JsonDecoding, NamesThatAreNoneAreRefusedByName) {
  EXPECT_EQ(status(trade("1").replace(24, 5, "trades")), S::kUnknownKind);
  EXPECT_EQ(status(trade("1").replace(24, 5, "")), S::kUnknownKind);
  std::string value = trade("1");
  EXPECT_EQ(status(value.replace(value.find("buy"), 3, "bid")), S::kBadSide);
  EXPECT_EQ(
      status(R"({"symbol":"AAA","kind":"book_level","ts_event_ns":5,"ts_recv_ns":6,"px":1,"qty":1,"update_id":-3})"),
      S::kBadSide);
}

TEST_F(JsonDecoding, WhatIsNoJsonIsRefused) {
  for (const char* px : {"NaN",
                         "Infinity",
                         "-",
                         "+1",
                         ".5",
                         "1.",
                         "01",
                         "00",
                         "-01",
                         "1e",
                         "1e+",
                         "0x1",
                         "1_0",
                         "--1",
                         "1.e3",
                         "tru",
                         "nulL",
                         "1 2",
                         "\"\\q\"",
                         "\"\t\"",
                         "\"\\u00g0\"",
                         "\"\x80\"",
                         "\"\xC0\xAF\"",
                         "\"\xED\xA0\x80\"",
                         "\"\xF4\x90\x80\x80\"",
                         "[1 2]",
                         "[1,]",
                         "{1:2}",
                         "{\"a\"}",
                         "{\"a\":1,}",
                         "[}",
                         "{]"}) {
    EXPECT_EQ(status(trade(px)), S::kBadSyntax) << px;
    EXPECT_EQ(status(trade("1").insert(1, std::string{"\"other\":"} + px + ",")), S::kBadSyntax) << px;
  }
  for (const char* value : {"null", "[]", "1", "{,}", "{\"symbol\"}", "{symbol:1}", "\xEF\xBB\xBF{}"}) {
    EXPECT_EQ(status(value), S::kBadSyntax) << value;
  }
}

TEST_F(JsonDecoding, TextWhereANumberBelongsIsABadValue) {
  EXPECT_EQ(status(trade("\"27.35\"")), S::kBadValue);
  EXPECT_EQ(status(trade("[27.35]")), S::kBadValue);
  EXPECT_EQ(status(trade("1").replace(10, 5, "7")), S::kBadValue);
}

TEST_F(JsonDecoding, WhatFollowsTheObjectIsRefused) {
  EXPECT_EQ(status(trade("1") + "{}"), S::kTrailingBytes);
  EXPECT_EQ(status(trade("1") + std::string(1, '\0')), S::kTrailingBytes);
  EXPECT_EQ(status(trade("1") + " \t\r\n"), S::kOk);
}

TEST_F(JsonDecoding, EveryCutIsTruncated) {
  for (const Event& e : samples::one_of_each()) {
    const std::string value = samples::message(Format::kJson, e);
    for (std::size_t n = 0; n < value.size(); ++n) {
      EXPECT_EQ(status(value.substr(0, n)), S::kTruncated) << value.substr(0, n);
    }
  }
}

TEST_F(JsonDecoding, NoMutationGivesAnUnsoundEvent) {
  for (const Event& e : samples::one_of_each()) {
    ASSERT_NO_FATAL_FAILURE(samples::expect_no_unsound_event(decoder_, samples::message(Format::kJson, e)));
  }
}

/// Both paths must agree: a blank before the object sends any message down the general one.
TEST_F(JsonDecoding, TheFastPathDecidesAsTheGeneralOne) {
  for (const Event& e : samples::one_of_each()) {
    const std::string good = samples::message(Format::kJson, e);
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const char byte : std::string_view{"\x01"
                                              "9 -.eE\"\\,:{}[]nt/\x7f\xff"}) {
        std::string altered = good;
        altered[at] = byte;
        Event fast{};
        Event general{};
        ASSERT_EQ(samples::decode(decoder_, altered, fast), samples::decode(decoder_, " " + altered, general))
            << altered;
        ASSERT_TRUE(samples::same(fast, general)) << altered;
      }
    }
  }
}

TEST(JsonDecoder, AnInstrumentThatNoDecimalCanNameIsRefused) {
  EXPECT_THROW((JsonDecoder{std::vector<Instrument>{{"AAA", {1, 3}}}}), std::invalid_argument);
  EXPECT_THROW((JsonDecoder{std::vector<Instrument>{{"AAA"}, {"AAA"}}}), std::invalid_argument);
}

}  // namespace
