#include "hft/feature/extremum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_min.hpp"

namespace hft::feature {
namespace {

TEST(Extremum, equals_a_scan_of_the_window) {
  std::mt19937_64 rng{8};
  for (std::int64_t n : {1, 2, 7, 64}) {
    RollingMin min{WindowLength::count(n)};
    RollingMax max{WindowLength::count(n)};
    std::vector<double> all;
    for (int i = 0; i < 5000; ++i) {
      all.push_back(static_cast<double>(rng() % 50));
      min.update(all.back()), max.update(all.back());
      if (static_cast<std::int64_t>(all.size()) < n) {
        ASSERT_TRUE(std::isnan(min.value()));
        continue;
      }
      const auto first = all.end() - n;
      ASSERT_EQ(min.value(), *std::min_element(first, all.end()));
      ASSERT_EQ(max.value(), *std::max_element(first, all.end()));
    }
  }
}

TEST(Extremum, time_window_equals_a_scan_of_the_window) {
  std::mt19937_64 rng{9};
  RollingMax max{WindowLength::time(100, 8)};
  struct Seen {
    std::int64_t ts_ns;
    double x;
  };
  std::vector<Seen> all;
  std::int64_t now = 0;
  for (int i = 0; i < 5000; ++i) {
    now += static_cast<std::int64_t>(rng() % 40);
    const double x = static_cast<double>(rng() % 50);
    all.push_back({now, x});
    max.update(x, now);
    double expected = -1.0;
    for (std::size_t k = all.size() - std::min<std::size_t>(8, all.size()); k < all.size(); ++k) {
      if (now - all[k].ts_ns < 100) expected = std::max(expected, all[k].x);
    }
    ASSERT_EQ(max.value(), expected);
  }
  max.advance(now + 100);
  EXPECT_TRUE(std::isnan(max.value()));
}

TEST(Extremum, unusable_inputs_leave_the_state_as_it_was) {
  RollingMin min{WindowLength::count(2)};
  min.update(1.0);
  min.update(std::nan(""));
  min.update(-HUGE_VAL);
  EXPECT_FALSE(min.ready());
  EXPECT_EQ(min.update(4.0), 1.0);
}

TEST(Extremum, an_earlier_time_does_not_empty_the_window) {
  RollingMax max{WindowLength::time(10)};
  max.update(5.0, 100);
  max.advance(99);
  EXPECT_EQ(max.value(), 5.0);
  EXPECT_EQ(max.update(7.0, 99), 5.0);
  EXPECT_TRUE(std::isnan(max.update(std::nan(""), 110))) << "time passes with an unusable input, too";
}

TEST(Extremum, leaving_early_is_counted) {
  RollingMin min{WindowLength::time(1'000'000, 3)};
  for (int i = 0; i < 10; ++i) min.update(i, i);
  EXPECT_EQ(min.value(), 7.0);
  EXPECT_EQ(min.early_leaves(), 7U);
}

}  // namespace
}  // namespace hft::feature
