#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/feature/autocorrelation.hpp"
#include "hft/feature/moments.hpp"
#include "hft/feature/pair_moments.hpp"
#include "hft/feature/registry.hpp"
#include "hft/feature/return_sums.hpp"
#include "hft/feature/rolling_median.hpp"
#include "hft/feature/series_operation.hpp"
#include "hft/feature/wide_signed.hpp"

namespace hft::feature {
namespace {

TEST(WideInt, adds_and_takes_away_across_zero) {
  Int384 x;
  const Int384 big = Int384::product(Uint256::square((Uint128{1} << 100) - 1), Uint128{1} << 99);
  x.add(big).add(big, true).add(big, true);
  EXPECT_TRUE(x.is_negative());
  EXPECT_EQ(x.to_double(), -std::ldexp(1.0, 299));
  EXPECT_EQ(x.add(big), Int384{});
  EXPECT_EQ(x.to_double(), 0.0);
}

TEST(WideInt, is_rounded_once_with_everything_below_as_a_tie_breaker) {
  Int256 x{Uint256{Uint128{1} << 53, 0}};  // 2^181, where a double's step is 2^129
  x.add(Int256{Uint256{1, 0}});            // a tie: down to even
  EXPECT_EQ(x.to_double(), std::ldexp(1.0, 181));
  x.add(Int256{Uint256{0, 1}});  // a hair more: up
  EXPECT_EQ(x.to_double(), std::ldexp(1.0, 181) + std::ldexp(1.0, 129));
  EXPECT_EQ(x.to_double(-181), 1.0 + 0x1p-52);
  EXPECT_EQ(Int256{Uint256{}}.add(x, true).to_double(-181), -1.0 - 0x1p-52);
}

TEST(SortedBlocks, holds_what_a_sorted_array_holds) {
  std::mt19937_64 rng{1};
  for (const std::uint32_t capacity : {1U, 7U, 512U, 513U, 6000U}) {
    SortedBlocks blocks{capacity};
    std::vector<double> sorted;
    const auto check = [&](double x) {
      const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), x);
      ASSERT_EQ(blocks.size(), sorted.size());
      ASSERT_EQ(blocks.count_less(x), low - sorted.begin());
      ASSERT_EQ(blocks.count_not_greater(x), high - sorted.begin());
      if (sorted.empty()) return;
      const std::size_t k = rng() % sorted.size();
      for (const std::size_t i : {std::size_t{0}, k, sorted.size() - 1}) {
        ASSERT_EQ(blocks[static_cast<std::uint32_t>(i)], sorted[i]);
      }
    };
    for (int phase = 0; phase < 12; ++phase) {  // grow and shrink, with few and with many different numbers
      const std::uint64_t n_levels = phase % 3 == 0 ? 5 : 100000;
      for (int step = 0; step < 4000; ++step) {
        const bool grows = rng() % 100 < (phase % 2 == 0 ? 75U : 25U);
        const auto x = static_cast<double>(rng() % n_levels) * (phase % 4 == 1 ? step : 1);
        if (grows && sorted.size() < capacity) {
          blocks.insert(x);
          sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), x), x);
        } else if (!grows && !sorted.empty()) {
          const auto gone = sorted.begin() + static_cast<std::ptrdiff_t>(rng() % sorted.size());
          blocks.erase(*gone);
          sorted.erase(gone);
        }
        if (step % 8 == 0) check(x);
      }
    }
    while (!sorted.empty()) blocks.erase(sorted.back()), sorted.pop_back();
    check(0.0);
  }
}

TEST(SortedBlocks, an_ascent_through_a_full_window_keeps_its_room) {
  constexpr std::uint32_t n = 20000;
  SortedBlocks blocks{n};
  for (std::uint32_t i = 0; i < n; ++i) blocks.insert(i);
  for (std::uint32_t i = n; i < 10 * n; ++i) {
    blocks.erase(i - n);
    blocks.insert(i);
  }
  for (std::uint32_t k = 0; k < n; k += 997) ASSERT_EQ(blocks[k], 9 * n + k);
}

TEST(OrderStatistics, either_zero_may_leave) {
  RollingMedian median{WindowLength::count(3)};
  for (double x : {-0.0, 0.0, -0.0, 0.0}) median.update(x);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(median.value()), 0U);
}

TEST(OrderStatistics, a_copy_has_room_of_its_own) {
  RollingMedian a{WindowLength::count(600)};
  for (int i = 0; i < 900; ++i) a.update(i * 7 % 901);
  RollingMedian b = a;
  for (int i = 0; i < 300; ++i) b.update(1e6);
  RollingMedian c{WindowLength::count(600)};
  for (int i = 0; i < 900; ++i) c.update(i * 7 % 901);
  EXPECT_EQ(a.value(), c.value());
  EXPECT_NE(b.value(), c.value());
}

TEST(Skew, the_largest_window_of_the_largest_inputs_does_not_overflow) {
  constexpr std::uint32_t n = 1U << 20;
  Moments m{WindowLength::count(n), Moments::Cubes::kYes};
  const double x = 0x1.fffffffffffffp39;
  for (std::uint32_t i = 0; i < n; ++i) m.update(-x);
  EXPECT_EQ(m.skew(7.0), 7.0) << "flat";
  m.update(x);
  EXPECT_NEAR(m.skew(7.0) / std::sqrt(double{n}), 1.0, 1e-5);
  for (std::uint32_t i = 0; i < n; ++i) m.update(i % 2 == 0 ? x : -x);
  EXPECT_EQ(m.skew(7.0), 0.0);
}

TEST(PairMoments, the_largest_window_of_the_largest_inputs_does_not_overflow) {
  constexpr std::uint32_t n = 1U << 20;
  PairMoments pairs{WindowLength::count(n)};
  const double x = 0x1.fffffffffffffp39;
  for (std::uint32_t i = 0; i < n; ++i) pairs.update(i % 2 == 0 ? x : -x, i % 2 == 0 ? -x : x);
  EXPECT_EQ(pairs.sums().correlation(n, 0.0), -1.0);
  EXPECT_NEAR(pairs.sums().covariance(n) / -(x * x), n / (n - 1.0), 1e-15);
}

template <class State>
void refuses_a_snapshot_with(State state, State target, double good, double bad) {
  for (const double x : {good, bad}) {
    base::ByteWriter out;
    for (int i = 0; i < 4; ++i) state.update(good);
    State::archive(state, out);
    std::vector<std::byte> bytes(out.bytes().begin(), out.bytes().end());
    std::memcpy(bytes.data() + bytes.size() - sizeof x, &x, sizeof x);  // the newest entry
    base::ByteReader in{bytes};
    if (x == good) EXPECT_NO_THROW(State::archive(target, in));
    else EXPECT_THROW(State::archive(target, in), std::invalid_argument);
  }
}

TEST(Statistics, refuse_snapshots_of_what_could_not_have_entered) {
  const auto four = WindowLength::count(4);
  refuses_a_snapshot_with(OrderStatistics{four}, OrderStatistics{four}, 5.0, std::nan(""));
  refuses_a_snapshot_with(OrderStatistics{four}, OrderStatistics{four}, 5.0, 0x1p40);
  refuses_a_snapshot_with(Autocorrelation{four, 1}, Autocorrelation{four, 1}, 5.0, -HUGE_VAL);
  const ReturnSums returns{four, ReturnSums::Order::kProducts};
  refuses_a_snapshot_with(returns, returns, 5.0, 0.0);
  refuses_a_snapshot_with(Moments{four, Moments::Cubes::kYes}, Moments{four, Moments::Cubes::kYes}, 5.0, 0x1p40);
}

TEST(Statistics, refuse_parameters_by_name_rule_and_value) {
  const auto refusal = [](const char* op, std::map<std::string, ParamValue> params) -> std::string {
    try {
      SeriesOperation made{operation(op), params};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("rolling_skew", {{"window", 2}}), "RollingSkew: window must be >= 3, was 2");
  EXPECT_EQ(refusal("rolling_quantile", {{"window", 9}, {"q", 1.5}}),
            "RollingQuantile: q must be in [0.000000, 1.000000], was 1.500000");
  EXPECT_EQ(refusal("rolling_cov", {{"window", "1s"}, {"max_events", 1}}),
            "RollingCov: max_events must be >= 2, was 1");
  EXPECT_EQ(refusal("autocorrelation", {{"window", 5}, {"lag", 4}}), "Autocorrelation: window must be >= 6, was 5");
  EXPECT_EQ(refusal("autocorrelation", {{"window", 5}, {"lag", 0}}), "Autocorrelation: lag must be >= 1, was 0");
  EXPECT_EQ(refusal("bipower_variation", {{"window", 2}}), "BipowerVariation: window must be >= 3, was 2");
}

}  // namespace
}  // namespace hft::feature
