#include "hft/base/number_text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace {

using hft::base::parse_double;
using hft::base::shortest_text;

TEST(ShortestText, IsSpelledAsPythonSpellsIt) {
  EXPECT_EQ(shortest_text(0.0), "0.0");
  EXPECT_EQ(shortest_text(-0.0), "-0.0");
  EXPECT_EQ(shortest_text(50.0), "50.0");
  EXPECT_EQ(shortest_text(0.1), "0.1");
  EXPECT_EQ(shortest_text(-12.75), "-12.75");
  EXPECT_EQ(shortest_text(0.0001), "0.0001");
  EXPECT_EQ(shortest_text(0.00001), "1e-05");
  EXPECT_EQ(shortest_text(1.25e-7), "1.25e-07");
  EXPECT_EQ(shortest_text(1e15), "1000000000000000.0");
  EXPECT_EQ(shortest_text(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(shortest_text(1e16), "1e+16");
  EXPECT_EQ(shortest_text(5e-324), "5e-324");
  EXPECT_EQ(shortest_text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(shortest_text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(shortest_text(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(ParseDouble, ReadsBackEveryBit) {
  std::mt19937_64 random{7};
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (value != value || value - value != 0.0) continue;  // NaN and infinities have no such text
    const auto read = parse_double(shortest_text(value));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*read), std::bit_cast<std::uint64_t>(value)) << shortest_text(value);
  }
}

TEST(ParseDouble, TooSmallIsZeroAndTooLargeIsNothing) {
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(*parse_double("-1e-999999999999")));
  EXPECT_EQ(parse_double("0.0e999999999999"), 0.0);
  EXPECT_EQ(parse_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_FALSE(parse_double("1e309"));
  EXPECT_FALSE(parse_double("1" + std::string(400, '0')));
  EXPECT_EQ(parse_double("0." + std::string(400, '0') + "1e401"), 1.0);
  EXPECT_EQ(parse_double("4.9406564584124654e-324"), std::numeric_limits<double>::denorm_min());
}

TEST(ParseDouble, RefusesWhatIsNoDecimal) {
  for (const char* text : {"", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "inf", "nan", " 1", "1 ", "1,5", "1_0"}) {
    EXPECT_FALSE(parse_double(text)) << text;
  }
}

}  // namespace
