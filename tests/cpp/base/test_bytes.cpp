#include "hft/base/bytes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using hft::base::ByteReader;
using hft::base::ByteWriter;

TEST(Bytes, ReadsBackWhatWasWritten) {
  ByteWriter out;
  out(std::int64_t{-7});
  out(std::uint8_t{255});
  out(std::numeric_limits<double>::quiet_NaN());
  out(-0.0);
  out(std::string_view{"tick"});
  out(std::string_view{});

  ByteReader in{out.bytes()};
  std::int64_t i = 0;
  std::uint8_t b = 0;
  double nan = 0.0, zero = 1.0;
  std::string text, empty = "x";
  in(i), in(b), in(nan), in(zero), in(text), in(empty);
  EXPECT_EQ(i, -7);
  EXPECT_EQ(b, 255);
  EXPECT_TRUE(std::isnan(nan));
  EXPECT_TRUE(std::signbit(zero));
  EXPECT_EQ(text, "tick");
  EXPECT_EQ(empty, "");
  EXPECT_EQ(in.left(), 0U);
}

TEST(Bytes, NumbersAreLittleEndianAndUnpadded) {
  ByteWriter out;
  out(std::uint8_t{1});
  out(std::uint32_t{0x04030201});
  ASSERT_EQ(out.bytes().size(), 5U);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(std::to_integer<std::size_t>(out.bytes()[i]), i);
}

TEST(Bytes, EveryTooShortInputThrowsAndSaysWhere) {
  ByteWriter out;
  out(std::uint32_t{1});
  out(std::string_view{"abc"});
  for (std::size_t n = 0; n < out.bytes().size(); ++n) {
    ByteReader in{out.bytes().first(n)};
    std::uint32_t number = 0;
    std::string text;
    EXPECT_THROW((in(number), in(text)), std::invalid_argument) << n << " bytes";
  }
  try {
    ByteReader in{out.bytes().first(2)};
    std::uint32_t number = 0;
    in(number);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "bytes end too soon: 4 expected at offset 0, 2 left");
  }
}

TEST(Bytes, ATextLengthBeyondTheEndIsRefused) {
  ByteWriter out;
  out(std::numeric_limits<std::uint32_t>::max());
  ByteReader in{out.bytes()};
  std::string text;
  EXPECT_THROW(in(text), std::invalid_argument);
}

TEST(Bytes, FixedRoomIsNeverLeftAndWhatDoesNotFitIsLeftOut) {
  std::byte room[12];
  ByteWriter out{room};
  out(std::uint64_t{7});
  EXPECT_FALSE(out.overflowed());
  out(std::uint64_t{8});
  EXPECT_TRUE(out.overflowed());
  EXPECT_EQ(out.bytes().size(), 8U);
  out(std::uint8_t{9});  // would fit, but what it follows is missing
  EXPECT_EQ(out.bytes().size(), 8U);
  EXPECT_EQ(out.bytes().data(), room);
}

TEST(Bytes, ReservedRoomIsUsedInPlace) {
  ByteWriter out;
  out(std::uint8_t{1});
  out.reserve(10'000);
  const std::byte* begin = out.bytes().data();
  out.append(std::vector<std::byte>(9'999, std::byte{2}));
  EXPECT_EQ(out.bytes().data(), begin);
  EXPECT_EQ(out.bytes().size(), 10'000U);
  EXPECT_EQ(out.bytes()[0], std::byte{1});
}

TEST(Bytes, ABoolIsZeroOrOne) {
  ByteWriter out;
  const bool yes = true;
  hft::base::archive_bool(yes, out);
  out(std::uint8_t{2});
  ByteReader in{out.bytes()};
  bool read = false;
  hft::base::archive_bool(read, in);
  EXPECT_TRUE(read);
  EXPECT_THROW(hft::base::archive_bool(read, in), std::invalid_argument);
}

}  // namespace
