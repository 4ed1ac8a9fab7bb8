#include "hft/event/avro_decoder.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "message_samples.hpp"

namespace {

using namespace hft::event;
using S = DecodeStatus;

/// Avro's binary encoding, for schemas that are not ours.
struct Bytes {
  std::string bytes{"\0\0\0\0\1", 5};

  Bytes& number(std::int64_t value) {
    auto zigzag = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    for (; zigzag >= 0x80; zigzag >>= 7) bytes += static_cast<char>((zigzag & 0x7F) | 0x80);
    bytes += static_cast<char>(zigzag);
    return *this;
  }
  Bytes& text(const std::string& value) {
    number(static_cast<std::int64_t>(value.size()));
    return raw(value);
  }
  Bytes& raw(const std::string& value) {
    bytes += value;
    return *this;
  }
};

std::string record(const std::string& fields) { return R"({"type":"record","name":"Tick","fields":[)" + fields + "]}"; }
std::string field(const std::string& name, const std::string& type) {
  return R"({"name":")" + name + R"(","type":)" + type + "}";
}

const std::string kText = R"("string")";
const std::string kLong = R"("long")";
const std::string kKindEnum = R"({"type":"enum","name":"Kind","symbols":["control","auction","trade"]})";
const std::string kTrade = field("symbol", kText) + "," + field("kind", kKindEnum) + "," + field("ts_event_ns", kLong) +
                           "," + field("ts_recv_ns", kLong) + "," + field("px_ticks", kLong) + "," +
                           field("qty_lots", kLong);

Bytes trade() { return Bytes{}.text("AAA").number(2).number(5).number(6).number(2736).number(50); }

AvroDecoder decoder_for(const std::string& schema) { return {samples::instruments(), {{1, schema}}}; }

class AvroDecoding : public testing::Test {
 protected:
  [[nodiscard]] S status(const std::string& value) const { return samples::decode(decoder_, value); }

  AvroDecoder decoder_ = decoder_for(std::string{own_avro_schema()});
};

TEST_F(AvroDecoding, ReadsWhatTheEncoderWrites) {
  for (const Event& expected : samples::one_of_each()) {
    Event out{};
    EXPECT_EQ(samples::decode(decoder_, samples::message(Format::kAvro, expected), out), S::kOk);
    EXPECT_TRUE(samples::same(out, expected));
  }
}

TEST_F(AvroDecoding, EveryCutIsTruncated) {
  for (const Event& e : samples::one_of_each()) {
    const std::string value = samples::message(Format::kAvro, e);
    for (std::size_t n = 0; n < value.size(); ++n) EXPECT_EQ(status(value.substr(0, n)), S::kTruncated) << n;
    EXPECT_EQ(status(value + '\0'), S::kTrailingBytes);
  }
}

TEST_F(AvroDecoding, TheHeaderMustBeKnown) {
  std::string value = samples::message(Format::kAvro, samples::trade(1, 1));
  value[4] = 2;
  EXPECT_EQ(status(value), S::kUnknownSchema);
  value[4] = 1, value[1] = 1;
  EXPECT_EQ(status(value), S::kUnknownSchema) << "the id is big-endian, all four bytes of it";
  value[0] = 1;
  EXPECT_EQ(status(value), S::kBadSyntax);
}

TEST_F(AvroDecoding, NoMutationGivesAnUnsoundEvent) {
  for (const Event& e : samples::one_of_each()) {
    ASSERT_NO_FATAL_FAILURE(samples::expect_no_unsound_event(decoder_, samples::message(Format::kAvro, e)));
  }
}

TEST_F(AvroDecoding, BrokenNumbersAndLengthsAreRefused) {
  const std::string header("\0\0\0\0\1", 5);
  const std::string ten_bytes = std::string(9, '\x80') + '\x01';
  const std::string eleven_bytes = std::string(10, '\x80') + '\x01';
  const std::string over_64_bits = std::string(9, '\xFF') + '\x02';
  EXPECT_EQ(status(Bytes{}.number(-1).raw("AAAAAAAA").bytes), S::kBadSyntax) << "a negative length";
  EXPECT_EQ(status(Bytes{}.number(INT64_MIN).raw("AAAA").bytes), S::kBadSyntax);
  EXPECT_EQ(status(Bytes{}.number(INT64_MAX).raw("AAAA").bytes), S::kTruncated);
  EXPECT_EQ(status(header + eleven_bytes + "AAAA"), S::kBadSyntax);
  EXPECT_EQ(status(header + over_64_bits + "AAAA"), S::kBadSyntax);
  EXPECT_EQ(status(header + std::string(9, '\x80')), S::kTruncated);
  const auto with_flags = [](const std::string& flags) {
    return Bytes{}
        .text("AAA")
        .number(0)
        .number(0)
        .raw(flags)
        .number(1)
        .number(1)
        .number(0)
        .raw({"\0\0\0\0\2\2\2\2\0\0", 10})
        .bytes;
  };
  EXPECT_EQ(status(with_flags(std::string(1, '\0'))), S::kOk);
  EXPECT_EQ(status(with_flags(std::string{"\x82\x00", 2})), S::kOk) << "more bytes than needed are Avro, too";
  EXPECT_EQ(status(with_flags(ten_bytes)), S::kBadValue) << "64 bits are no int";
  EXPECT_EQ(status(with_flags(eleven_bytes)), S::kBadSyntax);
  EXPECT_EQ(status(with_flags("\x20")), S::kUnknownFlag);
  EXPECT_EQ(status(with_flags("\x01")), S::kUnknownFlag) << "-1";
}

TEST_F(AvroDecoding, WhatIsMissingOrTooMuchIsNamed) {
  const auto head = [] { return Bytes{}.text("AAA").number(0).number(0).number(0).number(1).number(1).number(0); };
  EXPECT_EQ(status(head().raw({"\0\0\0\0\2\2\0\0\0", 9}).bytes), S::kMissingField);
  EXPECT_EQ(status(head().raw({"\0\0\0\0\2\2\2\2\2\2\0", 11}).bytes), S::kUnexpectedField)
      << "a trade with an update id";
  EXPECT_EQ(status(head().raw({"\0\0\0\0\4\2\2\2\0\0", 10}).bytes), S::kBadSyntax) << "no such branch";
  EXPECT_EQ(status(Bytes{}
                       .text("AAAA")
                       .number(0)
                       .number(0)
                       .number(0)
                       .number(1)
                       .number(1)
                       .number(0)
                       .raw({"\0\0\0\0\2\2\2\2\0\0", 10})
                       .bytes),
            S::kUnknownSymbol);
  EXPECT_EQ(status(Bytes{}.text("AAA").number(4).raw("rest").bytes), S::kBadSyntax) << "no such kind in the schema";
}

TEST(AvroEvolution, FieldsMayBeFewerAndEnumsInAnotherOrder) {
  const AvroDecoder decoder = decoder_for(record(kTrade));
  Event out{};
  ASSERT_EQ(samples::decode(decoder, trade().bytes, out), S::kOk);
  EXPECT_EQ(out.trade.px_ticks, 2736);
  EXPECT_EQ(out.trade.qty_lots, 50);
  EXPECT_EQ(out.source_seq, 0U);
  EXPECT_EQ(out.side, Side::kUnknown);
  ASSERT_NO_FATAL_FAILURE(samples::expect_no_unsound_event(decoder, trade().bytes));
  EXPECT_EQ(samples::decode(decoder, Bytes{}.text("AAA").number(1).number(5).number(6).number(1).number(1).bytes),
            S::kUnknownKind);
  EXPECT_EQ(samples::decode(decoder, Bytes{}.text("AAA").number(0).number(5).number(6).number(1).number(1).bytes),
            S::kMissingField)
      << "a control has a code";
}

TEST(AvroEvolution, FurtherFieldsOfAnyTypeAreSkipped) {
  const std::vector<std::pair<std::string, std::string>> extras{
      {R"("null")", ""},
      {R"("boolean")", "\1"},
      {R"("int")", Bytes{}.number(-70000).bytes.substr(5)},
      {R"("float")", "abcd"},
      {R"("double")", "abcdefgh"},
      {R"("bytes")", "\6abc"},
      {R"({"type":"string","logicalType":"uuid"})", "\6abc"},
      {R"({"type":"fixed","name":"F","size":3})", "abc"},
      {R"({"type":"enum","name":"E","symbols":["A","B"]})", "\2"},
      {R"({"type":"array","items":"int"})", std::string{"\4\2\3\1\2\2\0", 7}},
      {R"({"type":"array","items":"null"})", Bytes{}.number(INT64_MAX).number(0).bytes.substr(5)},
      {R"({"type":"map","values":["null","double"]})", std::string{"\2\2k\2abcdefgh\2\2l\0\0", 17}},
      {R"({"type":"record","name":"R","fields":[{"name":"symbol","type":"int"},)"
       R"({"name":"b","type":["string","null"]}]})",
       std::string{"\4\2", 2}},
      {R"({"type":"record","name":"N","fields":[{"name":"x","type":"null"}]})", ""},
  };
  for (const auto& [type, bytes] : extras) {
    const AvroDecoder decoder = decoder_for(record(field("extra", type) + "," + kTrade));
    std::string value = trade().bytes;
    value.insert(5, bytes);
    Event out{};
    ASSERT_EQ(samples::decode(decoder, value, out), S::kOk) << type;
    EXPECT_EQ(out.trade.px_ticks, 2736) << type;
    for (std::size_t n = 0; n < value.size(); ++n)
      EXPECT_NE(samples::decode(decoder, value.substr(0, n)), S::kOk) << type;
    ASSERT_NO_FATAL_FAILURE(samples::expect_no_unsound_event(decoder, value)) << type;
  }
}

TEST(AvroEvolution, UnionsMayComeInAnyOrderAndHoldWhatWeRefuse) {
  const AvroDecoder decoder =
      decoder_for(record(field("symbol", R"(["null","bytes"])") + "," + field("kind", "[" + kKindEnum + "]") + "," +
                         field("ts_event_ns", R"(["double","int","long"])") + "," + field("ts_recv_ns", R"("int")") +
                         "," + field("px_ticks", R"(["long","string","null"])") + "," + field("qty_lots", R"("int")")));
  const auto value = [](std::int64_t ts_branch, std::int64_t px_branch) {
    return Bytes{}
        .number(1)
        .text("AAA")
        .number(0)
        .number(2)
        .number(ts_branch)
        .number(5)
        .number(6)
        .number(px_branch)
        .number(2736)
        .number(50)
        .bytes;
  };
  Event out{};
  ASSERT_EQ(samples::decode(decoder, value(1, 0), out), S::kOk);
  EXPECT_EQ(out.trade.px_ticks, 2736);
  EXPECT_EQ(out.ts_event_ns, 5);
  EXPECT_EQ(samples::decode(decoder, value(0, 0)), S::kBadValue);
  EXPECT_EQ(samples::decode(decoder, value(2, 1)), S::kBadValue);
  EXPECT_EQ(samples::decode(decoder, value(2, 3)), S::kBadSyntax);
  EXPECT_EQ(
      samples::decode(
          decoder,
          Bytes{}.number(0).number(0).number(2).number(1).number(5).number(6).number(0).number(2736).number(50).bytes),
      S::kMissingField);
}

TEST(AvroEvolution, NamedTypesAreFoundByTheirFullName) {
  const std::string schema = R"({"type":"record","name":"feed.v1.Tick","fields":[)" + field("first", kKindEnum) + "," +
                             field("symbol", kText) + "," + field("kind", R"("feed.v1.Kind")") + "," +
                             field("again", R"("Kind")") + "," + field("ts_event_ns", kLong) + "," +
                             field("ts_recv_ns", kLong) + "," + field("px_ticks", kLong) + "," +
                             field("qty_lots", kLong) + "]}";
  Event out{};
  const std::string value =
      Bytes{}.number(0).text("AAA").number(2).number(1).number(5).number(6).number(2736).number(50).bytes;
  ASSERT_EQ(samples::decode(decoder_for(schema), value, out), S::kOk);
  EXPECT_EQ(out.kind, EventKind::kTrade);
}

TEST(AvroEvolution, OurSchemaPlusAFieldGivesTheSameEvents) {
  std::string schema{own_avro_schema()};
  schema.insert(schema.find('[') + 1, field("venue", R"(["null","string"])") + ",");
  const AvroDecoder decoder = decoder_for(schema);
  for (const Event& expected : samples::one_of_each()) {
    std::string value = samples::message(Format::kAvro, expected);
    value.insert(5, 1, '\0');
    Event out{};
    ASSERT_EQ(samples::decode(decoder, value, out), S::kOk);
    EXPECT_TRUE(samples::same(out, expected));
  }
}

std::string refusal(const std::string& schema) {
  try {
    decoder_for(schema);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(AvroSchemas, ASchemaThatCannotBeResolvedIsRefusedWithItsPlace) {
  const auto has = [](const std::string& schema, const std::string& reason) {
    EXPECT_NE(refusal(schema).find(reason), std::string::npos) << schema << "\n" << refusal(schema);
  };
  has("{", "Avro schema 1: line 1, column 2");
  has(R"("string")", "must be a record");
  has(record(field("symbol", kText)), "field 'kind' is missing, and has no default");
  has(record(kTrade + "," + field("symbol", kText)), "there are two fields 'symbol'");
  has(record(field("symbol", kLong)), "field 'symbol' must be string, was long");
  has(record(field("flags", kLong)), "field 'flags' must be int, was long");
  has(record(field("kind", kText)), "field 'kind' must be an enum, was string");
  has(record(field("px_ticks", R"("double")")), "field 'px_ticks' must be null or long, was double");
  has(record(field("px_ticks", R"(["null","double"])")), "");
  has(record(field("ts_event_ns", R"(["null","double"])")), "must be long, was a union without it");
  has(record(field("x", R"("Other")")), "unknown type 'Other'");
  has(record(field("x", R"([["null"]])")), "a union may not contain a union");
  has(record(field("x", R"({"type":"array","items":"Tick"})")), "or contain themselves");
  has(record(field("x", R"({"type":"fixed","name":"F","size":-1})")), "size must be >= 0");
  has(record(field("x", kKindEnum) + "," + field("y", kKindEnum)), "there are two types 'Kind'");
  has(R"({"type":"record","name":"T"})", "fields");
}

TEST(AvroSchemas, ASchemaThatGrowsWithoutEndIsRefused) {
  std::string fields = field("a0", R"({"type":"record","name":"A0","fields":[{"name":"x","type":"int"}]})");
  for (int n = 1; n < 30; ++n) {
    const std::string before = "\"A" + std::to_string(n - 1) + "\"";
    fields +=
        "," + field("a" + std::to_string(n), R"({"type":"record","name":"A)" + std::to_string(n) + R"(","fields":[)" +
                                                 field("l", before) + "," + field("r", before) + "]}");
  }
  EXPECT_NE(refusal(record(fields)).find("may have 4096 parts"), std::string::npos);
}

TEST(AvroSchemas, IdsMustDiffer) {
  const std::string own{own_avro_schema()};
  EXPECT_THROW((AvroDecoder{samples::instruments(), {{1, own}, {1, own}}}), std::invalid_argument);
  EXPECT_THROW((AvroDecoder{samples::instruments(), {}}), std::invalid_argument);
  const AvroDecoder three{samples::instruments(), {{9, own}, {1, record(kTrade)}, {4'000'000'000, own}}};
  EXPECT_EQ(samples::decode(three, trade().bytes), S::kOk);
  std::string value;
  MessageEncoder{Format::kAvro, samples::instruments(), 4'000'000'000}.append(samples::trade(1, 1), value);
  EXPECT_EQ(samples::decode(three, value), S::kOk);
}

}  // namespace
