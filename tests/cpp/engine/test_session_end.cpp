#include "hft/engine/session_end.hpp"

#include <gtest/gtest.h>

namespace {

using hft::engine::session_end_ns;

constexpr std::int64_t kHourNs = 3'600'000'000'000;
constexpr std::int64_t kDayNs = 24 * kHourNs;

TEST(SessionEnd, is_the_close_of_the_same_day) {
  EXPECT_EQ(session_end_ns({13 * kHourNs, 20 * kHourNs}, 5 * kDayNs + 13 * kHourNs), 5 * kDayNs + 20 * kHourNs);
  EXPECT_EQ(session_end_ns({13 * kHourNs, 20 * kHourNs}, 5 * kDayNs + 20 * kHourNs - 1), 5 * kDayNs + 20 * kHourNs);
}

TEST(SessionEnd, may_lie_beyond_midnight) {
  EXPECT_EQ(session_end_ns({22 * kHourNs, 4 * kHourNs}, 5 * kDayNs + 23 * kHourNs), 6 * kDayNs + 4 * kHourNs);
  EXPECT_EQ(session_end_ns({22 * kHourNs, 4 * kHourNs}, 6 * kDayNs + 3 * kHourNs), 6 * kDayNs + 4 * kHourNs);
}

TEST(SessionEnd, without_hours_is_the_end_of_the_utc_day) {
  EXPECT_EQ(session_end_ns({0, 0}, 5 * kDayNs), 6 * kDayNs);
  EXPECT_EQ(session_end_ns({0, 0}, 6 * kDayNs - 1), 6 * kDayNs);
}

}  // namespace
