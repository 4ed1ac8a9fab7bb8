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

TEST(Crc32c, InstructionAndTableAgreeAtEveryLengthAndAlignment) {
#if defined(__x86_64__)
  if (!hft::base::detail::has_crc32_instruction) GTEST_SKIP() << "this processor has no SSE 4.2";
  std::vector<std::byte> data(600);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>((i * i * 31 + i * 7) >> 3);
  const std::span<const std::byte> all{data};
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t n = 0; n + from <= 520; ++n) {
      const auto part = all.subspan(from, n);
      const auto seed = static_cast<std::uint32_t>(n * 0x9E3779B9U);
      ASSERT_EQ(hft::base::detail::crc32c_by_instruction(part, seed), hft::base::detail::crc32c_by_table(part, seed))
          << n << " bytes from " << from;
    }
  }
#endif
}

static_assert(crc32c({}) == 0, "usable at compile time");
constexpr std::array<std::byte, 3> kThree{std::byte{1}, std::byte{2}, std::byte{3}};
static_assert(crc32c(kThree) != 0, "at compile time by table");

TEST(Crc32c, CompileTimeAndRunTimeAgree) {
  constexpr std::uint32_t at_compile_time = crc32c(kThree);
  EXPECT_EQ(crc32c(std::vector<std::byte>(kThree.begin(), kThree.end())), at_compile_time);
}

}  // namespace
