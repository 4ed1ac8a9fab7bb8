#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "event_samples.hpp"
#include "hft/event/decimal_format.hpp"
#include "hft/event/encoder.hpp"

namespace {

using namespace hft::event;

std::string text(Step step, std::int64_t n) {
  char buffer[DecimalFormat::kMaxBytes];
  return {buffer, DecimalFormat{step, "tick"}.write(buffer, n)};
}

std::string encode(Format format, const std::vector<Event>& events) {
  const auto encoder = make_encoder(format, samples::instruments());
  std::string out;
  encoder->begin(out);
  encoder->append(events, out);
  encoder->end(out);
  return out;
}

TEST(DecimalFormat, WritesTheShortestExactText) {
  EXPECT_EQ(text({1, 100}, 2735), "27.35");
  EXPECT_EQ(text({1, 100}, 2730), "27.3");
  EXPECT_EQ(text({1, 100}, 2700), "27");
  EXPECT_EQ(text({1, 100}, 5), "0.05");
  EXPECT_EQ(text({1, 100}, 0), "0");
  EXPECT_EQ(text({1, 100}, -5), "-0.05");
  EXPECT_EQ(text({1, 100}, -2735), "-27.35");
  EXPECT_EQ(text({1, 256}, 1), "0.00390625");
  EXPECT_EQ(text({25, 100}, 3), "0.75");
  EXPECT_EQ(text({1, 100'000'000}, 123'456'789), "1.23456789");
  EXPECT_EQ(text({100, 1}, 7), "700");
}

TEST(DecimalFormat, AStepWithoutFiniteDecimalIsRefused) {
  try {
    DecimalFormat({1, 3}, "Instrument AAA: tick");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "Instrument AAA: tick 1/3 has no exact decimal text");
  }
}

TEST(JsonEncoder, WritesOneLinePerEvent) {
  EXPECT_EQ(encode(Format::kJson, samples::one_of_each()),
            R"({"symbol":"AAA","kind":"quote","ts_event_ns":1700000000000000000,"ts_recv_ns":1699999999999999995,)"
            R"("source_seq":844424930131968,"flags":0,"bid_px":27.35,"bid_qty":100,"ask_px":27.36,"ask_qty":300})"
            "\n"
            R"({"symbol":"AAA","kind":"trade","ts_event_ns":1700000000000000001,"ts_recv_ns":1699999999999999996,)"
            R"("source_seq":844424930131969,"flags":0,"side":"buy","px":27.36,"qty":50})"
            "\n"
            R"({"symbol":"AAA","kind":"book_level","ts_event_ns":1700000000000000002,"ts_recv_ns":1699999999999999997,)"
            R"("source_seq":844424930131970,"flags":2,"side":"sell","px":27.4,"qty":0,"update_id":77})"
            "\n"
            R"({"symbol":"AAA","kind":"control","ts_event_ns":1700000000000000003,"ts_recv_ns":1699999999999999998,)"
            R"("source_seq":844424930131971,"flags":0,"code":9})"
            "\n"
            R"({"symbol":"BTC-USD","kind":"trade","ts_event_ns":1700000000000000001,"ts_recv_ns":1699999999999999996,)"
            R"("source_seq":844424930131969,"flags":0,"side":"buy","px":-0.505,"qty":1.23456789})"
            "\n");
}

TEST(Encoder, RefusesAnEventThatNoDecoderWouldTake) {
  for (const Format format : {Format::kPacked, Format::kJson, Format::kAvro}) {
    const auto encoder = make_encoder(format, samples::instruments());
    std::string out;
    encoder->append(std::vector{samples::trade(1, 1)}, out);
    const std::string before = out;
    try {
      encoder->append(std::vector{samples::trade(1, 1), samples::trade(0, 1)}, out);
      FAIL();
    } catch (const std::invalid_argument& error) {
      EXPECT_STREQ(error.what(), "event 2 cannot be written: bad price");
    }
    EXPECT_EQ(out, before);
  }
}

TEST(Encoder, TheLongestNumbersFitALine) {
  Instrument wide{std::string(kMaxSymbolBytes, 'W'), {1, 1'000'000'000'000'000'000}, {1, 1'000'000'000'000'000'000},
                  -kMaxPxProduct, kMaxPxProduct};
  Event event = samples::quote({-kMaxPxProduct, kMaxPxProduct, -kMaxPxProduct, kMaxPxProduct});
  event.ts_event_ns = event.ts_recv_ns = kMaxTsNs;
  event.source_seq = ~std::uint64_t{0};
  std::string out;
  make_encoder(Format::kJson, std::vector{wide})->append(std::vector{event}, out);
  EXPECT_NE(out.find("\"bid_px\":-0.009007199254740992"), std::string::npos) << out;
}

TEST(ParseFormat, KnowsThreeNames) {
  EXPECT_EQ(parse_format("avro"), Format::kAvro);
  EXPECT_THROW(static_cast<void>(parse_format("csv")), std::invalid_argument);
}

}  // namespace
