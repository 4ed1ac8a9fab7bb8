#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/feature/adwin.hpp"
#include "hft/feature/cusum.hpp"
#include "hft/feature/ewma_volatility.hpp"
#include "hft/feature/garch.hpp"
#include "hft/feature/page_hinkley.hpp"

namespace hft::feature {
namespace {

template <class State>
std::vector<std::byte> saved(const State& state) {
  base::ByteWriter out;
  State::archive(state, out);
  return {out.bytes().begin(), out.bytes().end()};
}

template <class State>
void load(State& state, const std::vector<std::byte>& bytes) {
  base::ByteReader in{bytes};
  State::archive(state, in);
}

template <class Value>
std::vector<std::byte> with(std::vector<std::byte> bytes, std::size_t at, Value value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Volatility, states_that_no_inputs_make_are_not_loaded) {
  EwmaVolatility ewma{0.9};
  ewma.update(2.0);
  EXPECT_EQ(ewma.value(), 2.0);
  for (double bad : {kNaN, -2.0, HUGE_VAL}) {
    EXPECT_THROW(load(ewma, with(saved(ewma), 0, bad)), std::invalid_argument);
  }
  Garch garch{{.omega = 0.1, .alpha = 0.1, .beta = 0.8}};
  EXPECT_TRUE(std::isnan(garch.value()));
  for (double bad : {kNaN, -1.0, HUGE_VAL}) {
    EXPECT_THROW(load(garch, with(saved(Garch{{0.1, 0.1, 0.8}}), 0, bad)), std::invalid_argument);
  }
  EXPECT_THROW((Garch{{.omega = 0.1, .alpha = 0.2, .beta = 0.8}}), std::invalid_argument);
  EXPECT_THROW(EwmaVolatility{1.0}, std::invalid_argument);
}

TEST(Cusum, the_largest_inputs_do_not_overflow) {
  Cusum cusum{0.0, 1e12};
  const double largest = std::nextafter(0x1p40, 0.0);
  for (int i = 0; i < 100; ++i) {
    cusum.update(largest);
    ASSERT_EQ(cusum.alarm(), 1);
    cusum.update(-largest);
    ASSERT_EQ(cusum.alarm(), -1);
  }
  Cusum loaded{0.0, 1e12};
  load(loaded, saved(cusum));
  EXPECT_EQ(loaded.alarm(), -1);
  EXPECT_THROW(load(loaded, with(saved(cusum), 0, ~std::uint64_t{0})), std::invalid_argument);
  EXPECT_THROW(load(loaded, with(saved(cusum), 32, std::uint8_t{2})), std::invalid_argument);
}

TEST(PageHinkley, states_that_no_inputs_make_are_not_loaded) {
  PageHinkley test{0.1, 5.0, 30};
  test.update(1.0);
  for (std::size_t at : {8U, 16U, 24U}) EXPECT_THROW(load(test, with(saved(test), at, kNaN)), std::invalid_argument);
  EXPECT_THROW(load(test, with(saved(test), 0, ~std::uint64_t{0})), std::invalid_argument);
}

TEST(Adwin, a_loaded_window_goes_on_as_the_saved_one) {
  std::mt19937_64 rng{3};
  std::normal_distribution<double> noise{0.0, 1.0};
  Adwin adwin{0.002, 1.0};
  for (int i = 0; i < 5000; ++i) adwin.update(noise(rng));
  Adwin loaded{0.002, 1.0};
  load(loaded, saved(adwin));
  EXPECT_EQ(saved(loaded), saved(adwin));
  for (int i = 0; i < 3000; ++i) {
    const double x = noise(rng) + 2.0;
    adwin.update(x), loaded.update(x);
    ASSERT_EQ(adwin.alarm(), loaded.alarm());
    ASSERT_EQ(adwin.mean(), loaded.mean());
    ASSERT_EQ(adwin.width(), loaded.width());
  }
  EXPECT_LT(adwin.width(), 3100U);
}

TEST(Adwin, sums_that_no_inputs_have_are_not_loaded) {
  Adwin adwin{0.002, 1.0};
  adwin.update(3.0);
  const auto good = saved(adwin);
  constexpr std::size_t kFirstSum = 4 + 4 + 1;  // after the clock, the alarm and the first row's size
  EXPECT_THROW(load(adwin, with(good, 0, std::uint32_t{32})), std::invalid_argument);
  EXPECT_THROW(load(adwin, with(good, 4, std::int32_t{2})), std::invalid_argument);
  EXPECT_THROW(load(adwin, with(good, 8, std::uint8_t{6})), std::invalid_argument);
  EXPECT_THROW(load(adwin, with(good, kFirstSum, ~std::uint64_t{0} >> 1)), std::invalid_argument);
  EXPECT_THROW(load(adwin, with(good, kFirstSum + 16, ~std::uint64_t{0})), std::invalid_argument);
  std::vector<std::byte> zeros = with(good, kFirstSum + 16, std::uint64_t{0});
  for (std::size_t at : {24U, 32U, 40U}) zeros = with(zeros, kFirstSum + at, std::uint64_t{0});
  EXPECT_THROW(load(adwin, zeros), std::invalid_argument) << "squares below those of the sum";
  load(adwin, good);
  EXPECT_EQ(adwin.mean(), 3.0);
}

TEST(Adwin, the_largest_inputs_do_not_overflow) {
  Adwin adwin{0.002, 1.0};
  const double largest = std::nextafter(0x1p40, 0.0);
  for (int i = 0; i < 700'000; ++i) adwin.update(largest);
  EXPECT_EQ(adwin.mean(), largest);
  EXPECT_LE(adwin.width(), 655'355U);
}

}  // namespace
}  // namespace hft::feature
