#include "hft/feature/window.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace hft::feature {
namespace {

TEST(WindowLength, text_has_one_form) {
  const auto text = [](const char* t) { return WindowLength::time(WindowLength::parse_span_ns(t)).text(); };
  EXPECT_EQ(text("60s"), "1m");
  EXPECT_EQ(text("1500ms"), "1500ms");
  EXPECT_EQ(text("2000us"), "2ms");
  EXPECT_EQ(text("3600000ms"), "1h");
  EXPECT_EQ(WindowLength::count(20).text(), "20");
}

TEST(WindowLength, bad_values_are_refused_with_rule_and_value) {
  const auto message = [](auto&& f) {
    try {
      f();
    } catch (const std::invalid_argument& e) {
      return std::string{e.what()};
    }
    return std::string{"accepted"};
  };
  EXPECT_EQ(message([] { return WindowLength::count(0, "RollingMean"); }), "RollingMean: window must be >= 1, was 0");
  EXPECT_EQ(message([] { return WindowLength::count(1 << 21, "X"); }), "X: window must be <= 1048576, was 2097152");
  EXPECT_EQ(message([] { return WindowLength::count(1).holding(2, "RollingStd"); }),
            "RollingStd: window must be >= 2, was 1");
  for (const char* text : {"", "5", "s", "5 s", "-5s", "5d", "99999999999999999999s", "9999999h"}) {
    EXPECT_NE(message([&] { return WindowLength::parse_span_ns(text); }).find("window must be"), std::string::npos)
        << text;
  }
  EXPECT_NE(message([] { return WindowLength::time(0); }), "accepted");
}

TEST(Window, count_window_hands_back_what_leaves) {
  Window<int> window{WindowLength::count(3)};
  std::vector<int> left;
  for (int x = 1; x <= 5; ++x) window.push(x, 0, [&](int old) noexcept { left.push_back(old); });
  EXPECT_EQ(left, (std::vector<int>{1, 2}));
  EXPECT_EQ(window.oldest(), 3);
  EXPECT_EQ(window.newest(), 5);
  EXPECT_TRUE(window.full());
}

TEST(Window, time_window_is_open_at_its_old_end) {
  Window<int> window{WindowLength::time(10)};
  const auto ignore = [](int) noexcept {};
  window.push(1, 100, ignore);
  window.push(2, 105, ignore);
  window.advance(109, ignore);
  EXPECT_EQ(window.size(), 2U);
  window.advance(110, ignore);  // (100, 110] no longer holds 100
  EXPECT_EQ(window.size(), 1U);
  EXPECT_EQ(window.oldest(), 2);
}

TEST(Window, time_does_not_touch_a_count_window) {
  Window<int> window{WindowLength::count(2)};
  const auto ignore = [](int) noexcept {};
  window.push(1, 0, ignore);
  window.advance(1'000'000, ignore);
  EXPECT_EQ(window.size(), 1U);
}

TEST(Window, a_full_time_window_lets_the_oldest_leave_and_counts_it) {
  Window<int> window{WindowLength::time(1000, 2)};
  std::vector<int> left;
  for (int x = 1; x <= 4; ++x) window.push(x, x, [&](int old) noexcept { left.push_back(old); });
  EXPECT_EQ(left, (std::vector<int>{1, 2}));
  EXPECT_EQ(window.early_leaves(), 2U);
}

TEST(Window, times_at_the_ends_of_the_range_do_not_overflow) {
  Window<int> window{WindowLength::time(10)};
  const auto ignore = [](int) noexcept {};
  window.push(1, std::numeric_limits<std::int64_t>::min(), ignore);
  window.push(2, std::numeric_limits<std::int64_t>::max(), ignore);
  EXPECT_EQ(window.size(), 1U);
  EXPECT_EQ(window.oldest(), 2);
}

TEST(Window, a_copy_has_room_and_entries_of_its_own) {
  Window<int> window{WindowLength::time(100, 3)};
  const auto leave = [](int) noexcept {};
  for (int i = 0; i < 5; ++i) window.push(i, i, leave);
  Window<int> copy = window;
  EXPECT_EQ(copy.early_leaves(), 2U);
  window.push(9, 9, leave);
  EXPECT_EQ(copy.oldest(), 2);
  EXPECT_EQ(copy.newest(), 4);
  copy.push(5, 5, leave);
  EXPECT_EQ(copy.oldest(), 3);
  EXPECT_EQ(window.newest(), 9);
  window = copy;
  EXPECT_EQ(window.newest(), 5);
  EXPECT_FALSE(window.accepts(4));
}

}  // namespace
}  // namespace hft::feature
