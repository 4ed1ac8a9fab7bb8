#include "hft/base/json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace {

using hft::base::Json;
using hft::base::JsonError;

std::string refusal_of(std::string_view text) {
  try {
    (void)Json::parse(text);
  } catch (const JsonError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Json, KeepsNumbersAsTheyWereWritten) {
  const Json json =
      Json::parse(R"({"big": 9007199254740993, "least": -9223372036854775808, "real": 0.1, "e": 5e-324})");
  EXPECT_EQ(json.at("big").as_int64(), 9007199254740993);
  EXPECT_EQ(json.at("least").as_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(json.at("real").as_double(), 0.1);
  EXPECT_EQ(json.at("e").as_double(), std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(json.at("big").is_integer());
  EXPECT_FALSE(json.at("e").is_integer());
  EXPECT_EQ(json.find("none"), nullptr);
}

TEST(Json, KnowsWhereEachValueStands) {
  const Json json = Json::parse("{\n  \"a\": [1,\n        true]\n}");
  EXPECT_EQ(json.at("a").items()[1].line(), 3U);
  EXPECT_EQ(json.at("a").items()[1].column(), 9U);
  try {
    (void)json.at("a").items()[1].as_text();
    FAIL() << "a flag is no text";
  } catch (const JsonError& error) {
    EXPECT_STREQ(error.what(), "line 3, column 9: must be text, was true or false");
  }
}

TEST(Json, ReadsEveryEscape) {
  EXPECT_EQ(Json::parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00")").as_text(),
            "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600");
}

TEST(Json, RefusesWhatIsNoJsonAndSaysWhere) {
  EXPECT_EQ(refusal_of(""), "line 1, column 1: expected a value, found the end");
  EXPECT_EQ(refusal_of("{\"a\":1,\n \"b\":2, \"a\":3}"), "line 2, column 9: key \"a\" occurs twice");
  EXPECT_EQ(refusal_of("[1,]"), "line 1, column 4: expected a value, found ']'");
  EXPECT_EQ(refusal_of("[1 2]"), "line 1, column 4: expected ',' or ']', found '2'");
  EXPECT_EQ(refusal_of("{a:1}"), "line 1, column 2: expected a key in double quotes, found 'a'");
  EXPECT_EQ(refusal_of("1 1"), "line 1, column 3: expected the end after the value, found '1'");
  EXPECT_EQ(refusal_of("\"\\ud800\""), "line 1, column 2: half a surrogate pair is no character");
  EXPECT_EQ(refusal_of("\"a\xff\""), "line 1, column 3: not UTF-8");
  EXPECT_EQ(refusal_of(std::string("\"\0\"", 3)), "line 1, column 2: a control character in text must be escaped");
  for (const char* text : {"01",          "-",
                           "1.",          ".5",
                           "1e",          "+1",
                           "NaN",         "Infinity",
                           "tru",         "nulls",
                           "\"",          "\"\\x\"",
                           "\"\\u12g4\"", "[",
                           "{\"a\"}",     "{\"a\":}",
                           "{,}",         "'a'",
                           "[1}",         "\xEF\xBB\xBF{}",
                           "\"\\udc00\"", "\"\\ud800\\u0041\""}) {
    EXPECT_NE(refusal_of(text), "accepted") << text;
  }
}

TEST(Json, EndsNestingBeforeTheStackDoes) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(refusal_of(nested(Json::kMaxDepth + 1)), "accepted");
  EXPECT_NE(refusal_of(nested(Json::kMaxDepth + 2)), "accepted");
  EXPECT_NE(refusal_of(std::string(1'000'000, '[')), "accepted");
}

TEST(Json, RendersAsPythonDoes) {
  const Json json =
      Json::parse(R"({"b": [1, -0, 1.0, 1e5, 1E-7, 1e999], "a": {"é\u007f\ud83d\ude00\n": null}, "c": [], "d": {}})");
  EXPECT_EQ(json.canonical(),
            R"({"a":{"\u00e9\u007f\ud83d\ude00\n":null},"b":[1,0,1.0,100000.0,1e-07,Infinity],"c":[],"d":{}})");
  EXPECT_EQ(Json::parse(R"({"b":[1,{"x":true}],"a":{}})").indented(),
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"x\": true\n    }\n  ]\n}");
}

TEST(Json, IsBuiltFromValues) {
  Json json = Json::object();
  json.set("list", Json::array().push(Json::of(std::int64_t{5})).push(Json::of(0.5)).push(Json{}));
  json.set("flag", Json::of(true)).set("text", Json::of("old")).set("text", Json::of("new"));
  EXPECT_EQ(json.canonical(), R"({"flag":true,"list":[5,0.5,null],"text":"new"})");
}

TEST(Json, AnyDamagedTextIsReadOrRefused) {
  const std::string whole =
      R"({"a": [1, -2.5e-3, "x\u00e9\n", true, null], "b": {"c": "é"}, "d": 12345678901234567890})";
  std::mt19937 random{11};
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole;
    for (int n = 0; n < 3; ++n) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0: text[at] = static_cast<char>(random()); break;
        case 1: text.erase(at, 1); break;
        default: text.insert(at, 1, static_cast<char>(random() % 128));
      }
    }
    try {
      const std::string canonical = Json::parse(text).canonical();
      if (canonical.find("Infinity") == std::string::npos) {
        EXPECT_EQ(Json::parse(canonical).canonical(), canonical) << text;
      }
    } catch (const JsonError&) {
    }
  }
}

}  // namespace
