#include "hft/sequence/input_order.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace hft::sequence {
namespace {

std::vector<Lane> spelled_out(const std::vector<sequence::Run>& runs) {
  std::vector<Lane> lanes;
  for (const Run& run : runs) lanes.insert(lanes.end(), run.count, run.lane);
  return lanes;
}

TEST(InputOrder, neighbours_of_one_lane_become_one_run) {
  InputOrder order;
  order.append({1, 0, 0, 3});
  order.append({1, 0, 0, 2});
  order.append({1, 1, 0, 1});
  order.append({2, 0, 0, 0});
  ASSERT_EQ(order.runs().size(), 2U);
  EXPECT_EQ(order.runs()[0].count, 5U);
  EXPECT_EQ(order.runs()[1].stale, 1);
  EXPECT_EQ(order.end(), 6U);
}

TEST(InputOrder, a_run_never_overflows_its_count) {
  InputOrder order;
  order.append({1, 0, 0, sequence::Run::kMaxCount});
  order.append({1, 0, 0, 1});
  EXPECT_EQ(order.runs().size(), 2U);
  EXPECT_EQ(order.end(), std::uint64_t{sequence::Run::kMaxCount} + 1);
}

TEST(InputOrder, every_slice_is_the_piece_of_the_whole) {
  std::mt19937 random{7};
  InputOrder order{100};
  std::vector<Lane> whole;
  for (int i = 0; i < 60; ++i) {
    const sequence::Run run{static_cast<Lane>(random() % 3), 0, 0, static_cast<std::uint32_t>(random() % 4)};
    order.append(run);
    whole.insert(whole.end(), run.count, run.lane);
  }
  for (std::size_t from = 0; from <= whole.size(); ++from) {
    for (std::size_t to = from; to <= whole.size(); ++to) {
      const std::vector<Lane> expected(whole.begin() + static_cast<std::ptrdiff_t>(from),
                                       whole.begin() + static_cast<std::ptrdiff_t>(to));
      ASSERT_EQ(spelled_out(order.slice(100 + from, 100 + to)), expected) << from << " to " << to;
    }
  }
}

TEST(InputOrder, what_is_forgotten_changes_no_later_slice) {
  InputOrder order;
  order.append({1, 0, 0, 4});
  order.append({2, 0, 0, 4});
  order.append({1, 0, 0, 4});
  const auto before = order.slice(6, 12);
  order.forget_before(6);
  EXPECT_EQ(order.begin(), 6U);
  EXPECT_EQ(order.slice(6, 12), before);
  order.forget_before(12);
  EXPECT_TRUE(order.runs().empty());
  EXPECT_EQ(order.begin(), 12U);
}

}  // namespace
}  // namespace hft::sequence
