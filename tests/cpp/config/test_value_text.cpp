#include "value_text.hpp"

#include <gtest/gtest.h>

namespace {

using hft::config::duration_text;
using hft::config::parse_duration_ns;
using hft::config::parse_scaled;
using hft::config::Scaled;
using hft::config::scaled_text;
using hft::config::toml_quoted;

TEST(Duration, IsAWholeNumberAndAUnit) {
  EXPECT_EQ(parse_duration_ns("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration_ns(" 1h "), 3'600'000'000'000);
  EXPECT_EQ(parse_duration_ns("0s"), 0);
  EXPECT_EQ(parse_duration_ns("9223372036854775807ns"), INT64_MAX);
  for (const char* text :
       {"", "5", "ms", "-1s", "1.5s", "1 s", "1d", "1e3s", "9223372036855s", "99999999999999999999ns"}) {
    EXPECT_FALSE(parse_duration_ns(text)) << text;
  }
}

TEST(Duration, HasOneShortestText) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(60'000'000'000), "1m");
  EXPECT_EQ(duration_text(90'000'000'000), "90s");
  EXPECT_EQ(duration_text(1'500), "1500ns");
}

TEST(Scaled, IsExactOrRefused) {
  const auto steps = [](const char* text, int digits) {
    const Scaled scaled = parse_scaled(text, digits);
    EXPECT_EQ(scaled.outcome, Scaled::Outcome::kExact) << text;
    return scaled.value;
  };
  EXPECT_EQ(steps("50.0", 3), 50'000);
  EXPECT_EQ(steps("-0.001", 3), -1);
  EXPECT_EQ(steps("1e-09", 9), 1);
  EXPECT_EQ(steps("+2.5E2", 3), 250'000);
  EXPECT_EQ(steps("100", 3), 100'000);
  EXPECT_EQ(steps("0.0000", 3), 0);
  EXPECT_EQ(steps("0e999", 3), 0);
  EXPECT_EQ(steps(".5", 3), 500);
  for (const char* text : {"0.0005", "1e-4", "1e30", "9223372036854776", "1e999999999"}) {
    EXPECT_EQ(parse_scaled(text, 3).outcome, Scaled::Outcome::kNoMultiple) << text;
  }
  for (const char* text : {"", "-", ".", "1,5", "inf", "nan", "1e", "0x1", "1 ", "1e9999999999"}) {
    EXPECT_EQ(parse_scaled(text, 3).outcome, Scaled::Outcome::kNoNumber) << text;
  }
}

TEST(Scaled, ReadsBackWhatItWrites) {
  EXPECT_EQ(scaled_text(50'000, 3), "50.0");
  EXPECT_EQ(scaled_text(-1, 9), "-0.000000001");
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{7}, std::int64_t{-12345}, INT64_MAX, INT64_MIN}) {
    for (const int digits : {3, 9}) EXPECT_EQ(parse_scaled(scaled_text(value, digits), digits).value, value);
  }
}

TEST(TomlQuoted, EscapesWhatMustBe) {
  EXPECT_EQ(toml_quoted("a\"\\\n\x7f\u00e9"), "\"a\\\"\\\\\\u000a\\u007f\u00e9\"");
}

}  // namespace
