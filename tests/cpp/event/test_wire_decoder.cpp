#include "hft/event/wire_decoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "message_samples.hpp"

namespace {

using namespace hft::event;
using S = DecodeStatus;

constexpr std::array kFormats{Format::kPacked, Format::kJson, Format::kAvro};
const AvroSchemas kSchemas{{1, std::string{own_avro_schema()}}};

/// A shard whose only instrument is the second of the table.
WireDecoder shard(Format format) {
  const std::vector<Instrument> instruments = samples::instruments();
  return {format, std::span{instruments}.subspan(1), std::array{1U}, kSchemas};
}

TEST(WireDecoder, EveryFormatGivesTheSameEvent) {
  for (const Format format : kFormats) {
    const WireDecoder decoder{format, samples::instruments(), std::array{0U, 1U}, kSchemas};
    for (const Event& expected : samples::one_of_each()) {
      Event out{};
      ASSERT_EQ(samples::decode(decoder, samples::message(format, expected), out), S::kOk);
      EXPECT_TRUE(samples::same(out, expected));
    }
  }
}

TEST(WireDecoder, SymbolsAreTheShardsOwn) {
  for (const Format format : kFormats) {
    const WireDecoder decoder = shard(format);
    Event out{};
    EXPECT_EQ(samples::decode(decoder, samples::message(format, samples::trade(-101, 7, 1)), out), S::kOk);
    EXPECT_EQ(out.symbol_id, 0U);
    EXPECT_EQ(out.trade.px_ticks, -101);
    EXPECT_EQ(samples::decode(decoder, samples::message(format, samples::trade(2736, 50, 0)), out), S::kUnknownSymbol);
  }
}

TEST(WireDecoder, NoMutationGivesAnUnsoundEvent) {
  for (const Format format : kFormats) {
    const WireDecoder decoder{format, samples::instruments(), std::array{0U, 1U}, kSchemas};
    for (const Event& e : samples::one_of_each()) {
      ASSERT_NO_FATAL_FAILURE(samples::expect_no_unsound_event(decoder, samples::message(format, e)));
    }
  }
}

TEST(WireDecoder, APackedMessageIsOneRecord) {
  const WireDecoder decoder = shard(Format::kPacked);
  const std::string value = samples::message(Format::kPacked, samples::trade(-101, 7, 1));
  EXPECT_EQ(samples::decode(decoder, ""), S::kTruncated);
  EXPECT_EQ(samples::decode(decoder, value.substr(1)), S::kTruncated);
  EXPECT_EQ(samples::decode(decoder, value + '\0'), S::kTrailingBytes);
  std::string stale = value;
  stale[30] = kStale;
  EXPECT_EQ(samples::decode(decoder, stale), S::kUnknownFlag) << "ingest alone says what is stale";
}

TEST(WireDecoder, GlobalIdsMustNameTheInstrumentsOnce) {
  const auto made = [](std::vector<std::uint32_t> ids) {
    static_cast<void>(WireDecoder{Format::kPacked, samples::instruments(), ids});
  };
  EXPECT_NO_THROW(made({70'000, 3}));
  EXPECT_THROW(made({0}), std::invalid_argument);
  EXPECT_THROW(made({4, 4}), std::invalid_argument);
  EXPECT_THROW(made({0, PackedMessageDecoder::kMaxGlobalId}), std::invalid_argument);
}

TEST(WireDecoder, IsAValue) {
  WireDecoder decoder = shard(Format::kJson);
  const WireDecoder copy = decoder;
  decoder = shard(Format::kPacked);
  EXPECT_EQ(samples::decode(copy, samples::message(Format::kJson, samples::trade(-101, 7, 1))), S::kOk);
  EXPECT_EQ(samples::decode(decoder, samples::message(Format::kPacked, samples::trade(-101, 7, 1))), S::kOk);
}

TEST(MessageEncoder, RefusesWhatNoDecoderWouldTake) {
  for (const Format format : kFormats) {
    std::string value = "before";
    EXPECT_THROW((MessageEncoder{format, samples::instruments()}.append(samples::trade(0, 1), value)),
                 std::invalid_argument);
    EXPECT_EQ(value, "before");
  }
}

TEST(TextIndex, FindsEveryTextOfItsSetAndNoOther) {
  std::vector<std::string> texts;
  for (std::size_t n = 1; n <= TextIndex::kMaxBytes; ++n) {
    texts.emplace_back(n, 'A');
    texts.emplace_back(std::string(n - 1, 'A') + 'B');
  }
  for (int n = 0; n < 5000; ++n) texts.push_back("SYM" + std::to_string(n));
  const std::vector<std::string_view> views{texts.begin(), texts.end()};
  const TextIndex index{views};
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(index.find(texts[i]), i) << texts[i];
  for (const std::string& text : {std::string{}, std::string{"C"}, std::string(33, 'A'), std::string{"A\0", 2},
                                  std::string(5, '\0'), std::string{"SYM5000"}}) {
    EXPECT_EQ(index.find(text), TextIndex::kNone) << text;
  }
  EXPECT_EQ(TextIndex{}.find("A"), TextIndex::kNone);
  EXPECT_THROW((TextIndex{std::array<std::string_view, 1>{""}}), std::invalid_argument);
}

}  // namespace
