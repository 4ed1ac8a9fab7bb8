#include "hft/base/crc32c.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace {

using hft::base::crc32c;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

TEST(Crc32c, GivesTheCheckValuesOfRfc3720) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283U);
  std::array<std::byte, 32> block{};
  EXPECT_EQ(crc32c(block), 0x8A9136AAU);  // 32 bytes of zeros
  block.fill(std::byte{0xFF});
  EXPECT_EQ(crc32c(block), 0x62A8AB43U);
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::byte>(i);
  EXPECT_EQ(crc32c(block), 0x46DD794EU);
}

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(crc32c({}), 0U); }

TEST(Crc32c, GoesOnAtAnySplit) {
  std::vector<std::byte> data(100);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 37 + 11);
  const std::span<const std::byte> all{data};
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all)) << "cut at " << cut;
  }
}

TEST(Crc32c, SeesEverySingleBitFlip) {
  std::vector<std::byte> data(64, std::byte{0x5A});
  const std::uint32_t before = crc32c(data);
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    data[bit / 8] ^= mask;
    EXPECT_NE(crc32c(data), before) << "bit " << bit;
    data[bit / 8] ^= mask;
  }
}

static_assert(crc32c({}) == 0, "usable at compile time");

}  // namespace
