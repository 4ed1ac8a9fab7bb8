#include "hft/artifact/spec_reader.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

using hft::artifact::read_spec;
using hft::feature::Spec;

std::string refusal_of(std::string_view json) {
  try {
    (void)read_spec(json);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(SpecReader, FillsInWhatWasLeftOut) {
  const Spec spec = read_spec(R"({"name": "s", "features": [{"op": "ema", "input": "mid_px", "period": 5}],
                                  "drop": ["suspicious", "crossed"],
                                  "session": {"open": "13:30", "close": "20:00:00.5"}})");
  ASSERT_EQ(spec.features.size(), 1U);
  EXPECT_EQ(spec.features[0].name, "ema_mid_px_5");
  EXPECT_EQ(std::get<std::int64_t>(spec.features[0].params.at("period")), 5);
  EXPECT_EQ(spec.drop, hft::feature::kDropCrossed | hft::feature::kDropSuspicious);
  EXPECT_EQ(spec.session.open_ns, 48'600'000'000'000);
  EXPECT_EQ(spec.session.close_ns, 72'000'500'000'000);
  EXPECT_EQ(spec.sha256.size(), 64U);
}

TEST(SpecReader, SpellingMakesNoDifference) {
  const std::string plain =
      read_spec(R"({"name":"s","features":[{"op":"rolling_mean","input":"mid_px","window":"1m"}]})").sha256;
  EXPECT_EQ(read_spec(R"({"features":[{"window":"60s","input":"mid_px","op":"rolling_mean","rev":null}],"version":1,
                          "rows":"quote","session":null,"name":"s","drop":[]})").sha256, plain);
  EXPECT_EQ(
      read_spec(R"({"name":"s","features":[{"op":"rolling_mean","input":"mid_px","params":{"window":"60000ms"}}]})")
          .sha256,
      plain);
  EXPECT_NE(read_spec(R"({"name":"t","features":[{"op":"rolling_mean","input":"mid_px","window":"1m"}]})").sha256,
            plain);
}

TEST(SpecReader, BarsHaveOneSpelling) {
  const std::string features = R"("features":[{"op":"ema","input":"m.close","period":5}])";
  const Spec spec = read_spec(R"({"name":"s",)" + features +
                              R"(,"bars":{"v":{"kind":"volume","every":5},"m":{"kind":"time","every":"60s"}}})");
  const std::string other = R"(,"bars":{"m":{"price":"trade","kind":"time","every":"1m"},)"
                            R"("v":{"kind":"volume","every":5.0}}})";
  EXPECT_EQ(read_spec(R"({"name":"s",)" + features + other).sha256, spec.sha256);
  ASSERT_EQ(spec.bars.size(), 2U);
  EXPECT_EQ(spec.bars[0].name, "m");
  EXPECT_EQ(spec.features[0].name, "ema_m_close_5");
}

TEST(SpecReader, ReadsCleansingRulesAndListsOfNumbers) {
  const Spec spec = read_spec(R"({"name":"s","features":[{"op":"quantile_map","input":"mid_px","knots":[1,2.50,4e0]}],
      "clean":{"outlier":{"policy":"nan","band_bps":300},"stale":{"after":"2000ms","policy":"flag"},
               "crossed":"hold"}})");
  EXPECT_EQ(std::get<std::string>(spec.features[0].params.at("knots")), "1 2.5 4");
  ASSERT_EQ(spec.clean.size(), 3U);
  EXPECT_EQ(spec.clean[0].rule + spec.clean[0].policy, "crossedhold");
  EXPECT_EQ(std::get<std::string>(spec.clean[1].params.at("after")), "2s");
  EXPECT_EQ(std::get<std::int64_t>(spec.clean[2].params.at("patience")), 20);
  EXPECT_EQ(spec.sha256, "cebe33526aa16e3ba2a3c4cc3cc53d332590e1b4d794e622d8ede664714675fb") << "what Python says";
  const auto with_clean = [](const std::string& clean) {
    return refusal_of(R"({"name":"s","features":[{"op":"mid"}],"drop":["locked"],"clean":)" + clean + "}");
  };
  EXPECT_EQ(with_clean(R"(["crossed"])"), "clean is a table of rules, was [\"crossed\"]");
  EXPECT_EQ(with_clean(R"({"crossed":{"band_bps":1}})"),
            "clean: crossed is a policy, or a table with policy, was {\"band_bps\":1}");
  EXPECT_EQ(with_clean(R"({"out_of_order":"hold"})"),
            "clean: out_of_order must be drop (its time has passed), was \"hold\"");
  EXPECT_EQ(with_clean(R"({"locked":"hold"})"),
            "spec 's': 'locked' is in drop and 'locked' in clean: keep one of them");
}

TEST(SpecReader, NamesWhatIsWrong) {
  EXPECT_EQ(refusal_of("{"), "not JSON: line 1, column 2: expected a key in double quotes, found the end");
  EXPECT_EQ(refusal_of("5"), "a spec is a table of keys, was a number");
  EXPECT_EQ(refusal_of(R"({"nane":"s"})"),
            "spec: unknown key 'nane' (did you mean 'name'?); it takes name, version, origin, rows, drop, clean, "
            "session, features, bars");
  EXPECT_EQ(refusal_of(R"({"name":"s"})"), "spec: 'features' is missing");
  EXPECT_EQ(refusal_of(R"({"name":"s","features":[{"op":"mid","rev":99}]})"),
            "feature '#1': written for mid rev 99, this library has rev 1; values differ between revs");
  EXPECT_EQ(refusal_of(R"({"name":"s","features":[{"op":"mid"}],"rows":"quotes"})"),
            "rows must be one of quote, trade, any, book, was \"quotes\" (did you mean 'quote'?)");
  EXPECT_EQ(refusal_of(R"({"name":"s","features":[{"op":"mid"}],"session":{"open":"24:00","close":"1:00"}})"),
            "session: a time is UTC text such as \"13:35:00\", was \"24:00\"");
  EXPECT_NE(refusal_of(R"({"name":"s","features":[{"op":"ema","input":"mid_px","period":0}]})").find("period"),
            std::string::npos);
  EXPECT_NE(refusal_of(R"({"name":"s","features":[{"op":"ema","input":"mid_px","period":true}]})")
                .find("must be a number or text"),
            std::string::npos);
}

}  // namespace
