#include "hft/kafka/partitioner.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace hft::kafka {
namespace {

TEST(Partitioner, HashesAsJavaDoes) {  // the vectors of Apache Kafka's UtilsTest.testMurmur2
  const auto hash = [](std::string_view key) { return static_cast<std::int32_t>(murmur2(key)); };
  EXPECT_EQ(hash("21"), -973932308);
  EXPECT_EQ(hash("foobar"), -790332482);
  EXPECT_EQ(hash("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(hash("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(hash("abc"), 479470107);
}

TEST(Partitioner, BytesAbove127CountAsUnsigned) {
  EXPECT_EQ(murmur2("\xc3\xa9\xff"), murmur2(std::string{"\xc3\xa9\xff"}));
  EXPECT_NE(murmur2("\xff"), murmur2("\x7f"));
}

TEST(Partitioner, StaysInRangeAndSpreads) {
  std::array<int, 7> counts{};
  for (int i = 0; i < 7'000; ++i) {
    const std::int32_t p = partition_of("SYM" + std::to_string(i), 7);
    ASSERT_TRUE(p >= 0 && p < 7);
    ++counts[static_cast<std::size_t>(p)];
  }
  for (const int n : counts) EXPECT_NEAR(n, 1'000, 150);
  EXPECT_EQ(partition_of("AAA", 1), 0);
  EXPECT_EQ(partition_of("", 3), partition_of("", 3));
}

}  // namespace
}  // namespace hft::kafka
