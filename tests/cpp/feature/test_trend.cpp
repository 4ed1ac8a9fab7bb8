#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/feature/adx.hpp"
#include "hft/feature/atr.hpp"
#include "hft/feature/decay_ema.hpp"
#include "hft/feature/macd.hpp"
#include "hft/feature/roc.hpp"
#include "hft/feature/slope.hpp"
#include "hft/feature/stochastic.hpp"
#include "hft/feature/wilder.hpp"

namespace hft::feature {
namespace {

template <class State>
std::vector<std::byte> saved(const State& state) {
  base::ByteWriter out;
  State::archive(state, out);
  return {out.bytes().begin(), out.bytes().end()};
}

/// What loading says of the state's bytes with the double at `at` replaced.
template <class State>
std::string error_of(const State& state, State fresh, std::size_t at, double bad) {
  std::vector<std::byte> bytes = saved(state);
  std::memcpy(bytes.data() + at, &bad, sizeof bad);
  base::ByteReader in{bytes};
  try {
    State::archive(fresh, in);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Wilder, seeds_with_the_mean_and_then_moves_by_one_over_period) {
  Wilder average{2};
  EXPECT_TRUE(std::isnan(average.update(1.0)));
  EXPECT_EQ(average.update(3.0), 2.0);
  EXPECT_EQ(average.update(4.0), 3.0);
}

TEST(Macd, both_averages_begin_on_the_same_input) {
  Macd macd{2, 4, 2};
  for (double x : {100.0, 1.0, 2.0, 4.0}) macd.update(x);  // fast: (2 + 4) / 2, slow: 107 / 4
  EXPECT_EQ(macd.line(), 3.0 - 26.75);
  EXPECT_TRUE(std::isnan(macd.signal()));
  EXPECT_THROW((Macd{4, 4, 2}), std::invalid_argument);
  EXPECT_THROW((Macd{2, 4, 0}), std::invalid_argument);
}

TEST(Slope, of_a_line_is_its_slope_beside_any_offset) {
  for (double offset : {0.0, 1e9, -1e12}) {
    Slope slope{5};
    for (int i = 0; i < 40; ++i) slope.update(offset + 0.25 * i);
    EXPECT_EQ(slope.value(), 0.25);
  }
  EXPECT_THROW(Slope{1}, std::invalid_argument);
  EXPECT_THROW(Slope{8193}, std::invalid_argument);
}

TEST(Slope, a_loaded_window_has_the_sums_of_the_saved_one) {
  Slope slope{7};
  for (int i = 0; i < 50; ++i) slope.update(std::sin(i) * 1e6);
  Slope loaded{7};
  const auto bytes = saved(slope);
  base::ByteReader in{bytes};
  Slope::archive(loaded, in);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(slope.update(i * 1.1), loaded.update(i * 1.1));
}

TEST(HalfLife, the_weight_is_within_two_ulp_of_libm) {
  const std::int64_t half_life = 1'000'003;
  for (std::uint64_t elapsed = 0; elapsed < 40'000'000; elapsed += 997) {
    const long double exact = std::exp2(-static_cast<long double>(elapsed) / static_cast<long double>(half_life));
    const double rounded = static_cast<double>(exact);
    const double ulp = std::nextafter(rounded, 2.0) - rounded;
    ASSERT_LE(std::abs(static_cast<long double>(half_life_weight(elapsed, half_life)) - exact), 2.0L * ulp) << elapsed;
  }
  EXPECT_EQ(half_life_weight(0, 1), 1.0);
  EXPECT_EQ(half_life_weight(7, 7), 0.5);
  EXPECT_EQ(half_life_weight(std::numeric_limits<std::uint64_t>::max(), 1), 0.0);
  EXPECT_EQ(half_life_weight(1, DecayEma::kMaxHalfLifeNs), 1.0);
}

TEST(DecayEma, times_at_both_ends_of_the_range_do_not_overflow) {
  DecayEma ema{1'000'000'000};
  ema.update(1.0, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(ema.update(5.0, std::numeric_limits<std::int64_t>::max()), 5.0);
  EXPECT_THROW(DecayEma{0}, std::invalid_argument);
}

TEST(Trend, states_that_no_inputs_make_are_not_loaded) {
  Wilder wilder{3};
  for (double x : {1.0, 2.0, 3.0}) wilder.update(x);
  EXPECT_EQ(error_of(wilder, Wilder{3}, 4, kNaN), "snapshot: an average out of bounds");
  EXPECT_EQ(error_of(wilder, Wilder{3}, 4, 2.0), "accepted");
  DecayEma ema{10};
  ema.update(1.0, 5);
  EXPECT_EQ(error_of(ema, DecayEma{10}, 8, 0.5), "snapshot: DecayEma out of bounds");
  Roc roc{1, Roc::Output::kPx};
  roc.update(1.0);
  EXPECT_NE(error_of(roc, Roc{1, Roc::Output::kPx}, 12, kNaN), "accepted");
  Slope slope{2};
  slope.update(1.0);
  EXPECT_NE(error_of(slope, Slope{2}, 12, HUGE_VAL), "accepted");

  Macd macd{2, 4, 2};
  macd.update(1.0);
  Macd full{2, 4, 2};
  for (int i = 0; i < 9; ++i) full.update(i);
  auto mixed = saved(macd);
  const auto other = saved(full);
  std::memcpy(mixed.data(), other.data(), 12);  // the fast average alone is ready
  base::ByteReader in{mixed};
  EXPECT_THROW(Macd::archive(macd, in), std::invalid_argument);
}

TEST(Bars, states_that_no_bars_make_are_not_loaded) {
  Atr atr{2};
  Adx adx{2};
  for (int i = 0; i < 6; ++i) atr.update(i + 1.0, i, i + 0.5), adx.update(i + 1.0, i, i + 0.5);
  EXPECT_EQ(error_of(atr, Atr{2}, 12, kNaN), "snapshot: Atr out of bounds");
  EXPECT_EQ(error_of(adx, Adx{2}, 8 + 3 * 8, -1.0), "snapshot: Adx out of bounds");
  EXPECT_EQ(error_of(adx, Adx{2}, 8, kNaN), "snapshot: Adx out of bounds");
  Adx later{2};
  auto bytes = saved(adx);
  const std::uint32_t too_many = 5;
  std::memcpy(bytes.data(), &too_many, sizeof too_many);
  base::ByteReader in{bytes};
  EXPECT_THROW(Adx::archive(later, in), std::invalid_argument);

  Stochastic young{4, 1, 1, 50.0};
  young.update(2.0, 1.0, 1.5);
  Stochastic old{4, 1, 1, 50.0};
  for (int i = 0; i < 9; ++i) old.update(i + 1.0, i, i + 0.5);
  base::ByteWriter high_young_rest_old;
  const auto whole = saved(old);
  base::ByteWriter queue;
  Extremum<std::greater<>> fresh{WindowLength::count(4)};
  fresh.update(2.0);
  Extremum<std::greater<>>::archive(std::as_const(fresh), queue);
  Extremum<std::greater<>> seasoned{WindowLength::count(4)};
  for (int i = 0; i < 9; ++i) seasoned.update(i + 1.0);
  base::ByteWriter seasoned_queue;
  Extremum<std::greater<>>::archive(std::as_const(seasoned), seasoned_queue);
  high_young_rest_old.append(queue.bytes());
  high_young_rest_old.append(std::span{whole}.subspan(seasoned_queue.bytes().size()));
  base::ByteReader mixed{high_young_rest_old.bytes()};
  EXPECT_THROW(Stochastic::archive(young, mixed), std::invalid_argument);
}

TEST(Bars, parameters_out_of_range_are_refused) {
  EXPECT_THROW(Atr{0}, std::invalid_argument);
  EXPECT_THROW(Adx{1}, std::invalid_argument);
  EXPECT_THROW((Stochastic{0, 1, 1, 50.0}), std::invalid_argument);
  EXPECT_THROW((Stochastic{5, 1, 1, 101.0}), std::invalid_argument);
}

}  // namespace
}  // namespace hft::feature
