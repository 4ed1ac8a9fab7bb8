#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "allocation_count.hpp"
#include "book_twin.hpp"
#include "hft/book/order_book.hpp"

namespace hft::book {
namespace {

using event::Side;

event::Event level(Side side, std::int64_t px, std::int64_t qty, std::int64_t id, std::uint16_t flags = 0) {
  event::Event e{};
  e.kind = event::EventKind::kBookLevel, e.side = side, e.flags = flags;
  e.level = {px, qty, id, 0};
  return e;
}

/// Bid 10 x 5, 9 x 7; ask 12 x 3, up to message 100.
OrderBook small_book(IdRule rule = IdRule::kRising) {
  OrderBook book{16, rule};
  book.begin_snapshot(100);
  book.set(Side::kBuy, 9, 7), book.set(Side::kSell, 12, 3), book.set(Side::kBuy, 10, 5);
  book.end_snapshot();
  return book;
}

TEST(OrderBook, shows_the_best_levels_best_first) {
  const OrderBook book = small_book();
  EXPECT_TRUE(book.valid());
  const event::TopOfBook top = book.top();
  EXPECT_EQ(top.bid_px_ticks, 10);
  EXPECT_EQ(top.bid_qty_lots, 5);
  EXPECT_EQ(top.ask_px_ticks, 12);
  EXPECT_EQ(top.ask_qty_lots, 3);
  std::vector<Level> levels(3);
  ASSERT_EQ(book.bids().best(levels), 2U);
  EXPECT_EQ(levels[0], (Level{10, 5}));
  EXPECT_EQ(levels[1], (Level{9, 7}));
  EXPECT_FALSE(top.crossed());
}

TEST(OrderBook, says_when_it_is_locked_or_crossed) {
  OrderBook book = small_book();
  ASSERT_TRUE(book.begin_update(100, 101));
  book.set(Side::kBuy, 12, 1);
  EXPECT_TRUE(book.top().locked());
  book.set(Side::kBuy, 13, 1);
  EXPECT_TRUE(book.top().crossed());
}

TEST(OrderBook, a_message_that_does_not_join_loses_the_book_until_the_next_snapshot) {
  OrderBook book = small_book();
  EXPECT_FALSE(book.begin_update(90, 100)) << "it holds that already";
  EXPECT_TRUE(book.begin_update(90, 105)) << "it may begin before";
  EXPECT_TRUE(book.begin_update(105, 106));
  EXPECT_FALSE(book.begin_update(107, 110));
  EXPECT_EQ(book.status(), Status::kLost);
  EXPECT_FALSE(book.top().two_sided());
  EXPECT_FALSE(book.begin_update(110, 111));
  EXPECT_EQ(book.counters().gaps, 1U);
  EXPECT_EQ(book.counters().stale, 1U);
  EXPECT_EQ(book.counters().without_book, 1U);
  book.begin_snapshot(111), book.set(Side::kBuy, 10, 1), book.end_snapshot();
  EXPECT_TRUE(book.valid());
}

TEST(OrderBook, a_marked_snapshot_is_over_with_its_last_event) {
  OrderBook book{16};
  book.apply(level(Side::kBuy, 10, 5, 7, event::kSnapshot | event::kUnfinished));
  EXPECT_FALSE(book.valid());
  book.apply(level(Side::kSell, 12, 3, 7, event::kSnapshot));
  EXPECT_TRUE(book.valid());
  book.apply(level(Side::kBuy, 9, 5, 8, event::kSnapshot));
  EXPECT_FALSE(book.valid()) << "another snapshot, not marked";
}

TEST(OrderBook, events_of_one_id_are_one_message) {
  OrderBook book{16, IdRule::kConsecutive};
  EXPECT_FALSE(book.apply(level(Side::kBuy, 10, 5, 6))) << "no snapshot yet";
  book.apply(level(Side::kBuy, 10, 5, 7, event::kSnapshot));
  EXPECT_FALSE(book.valid()) << "more of it may come";
  book.apply(level(Side::kSell, 12, 3, 7, event::kSnapshot));
  EXPECT_FALSE(book.apply(level(Side::kBuy, 10, 9, 7))) << "the snapshot holds it";
  EXPECT_TRUE(book.valid());
  EXPECT_TRUE(book.apply(level(Side::kBuy, 10, 6, 8)));
  EXPECT_TRUE(book.apply(level(Side::kBuy, 11, 1, 8)));
  EXPECT_EQ(book.top().bid_px_ticks, 11);
  EXPECT_EQ(book.update_id(), 8);
  EXPECT_FALSE(book.apply(level(Side::kBuy, 11, 1, 10)));
  EXPECT_EQ(book.status(), Status::kLost);
}

TEST(OrderBook, ids_that_only_rise_may_skip) {
  OrderBook book = small_book();
  EXPECT_TRUE(book.apply(level(Side::kBuy, 11, 1, 140)));
  EXPECT_FALSE(book.apply(level(Side::kBuy, 11, 2, 139)));
  EXPECT_TRUE(book.apply(level(Side::kBuy, 11, 3, 0))) << "no id";
  EXPECT_EQ(book.bids().qty_lots_at(11), 3);
}

TEST(OrderBook, a_flagged_gap_loses_the_book) {
  for (const std::uint16_t flag : {event::kGapBefore, event::kSequenceReset}) {
    OrderBook book = small_book();
    EXPECT_FALSE(book.apply(level(Side::kBuy, 11, 1, 101, flag)));
    EXPECT_EQ(book.status(), Status::kLost);
  }
}

TEST(OrderBook, rows_of_a_snapshot_may_be_numbered_each) {
  OrderBook book{16, IdRule::kConsecutive};
  book.apply(level(Side::kBuy, 10, 5, 7, event::kSnapshot));
  book.apply(level(Side::kSell, 12, 3, 8, event::kSnapshot));
  EXPECT_TRUE(book.apply(level(Side::kBuy, 11, 1, 9)));
  EXPECT_TRUE(book.top().two_sided());
  book.apply(level(Side::kBuy, 9, 5, 10, event::kSnapshot));  // behind an update: another snapshot
  book.apply(level(Side::kSell, 12, 3, 20, event::kSnapshot));  // and another one
  book.end_snapshot();
  EXPECT_FALSE(book.top().two_sided());
}

TEST(OrderBook, a_snapshot_with_missing_rows_is_no_snapshot) {
  OrderBook book{16};
  book.apply(level(Side::kBuy, 10, 5, 7, event::kSnapshot));
  book.apply(level(Side::kBuy, 8, 5, 7, event::kSnapshot | event::kGapBefore));
  book.apply(level(Side::kSell, 12, 5, 7, event::kSnapshot));
  book.apply(level(Side::kBuy, 10, 6, 8));
  EXPECT_EQ(book.status(), Status::kLost);
  book.apply(level(Side::kBuy, 10, 5, 19, event::kSnapshot | event::kGapBefore));  // were its first rows lost too?
  book.apply(level(Side::kBuy, 10, 6, 20));
  EXPECT_EQ(book.status(), Status::kLost);
  book.apply(level(Side::kBuy, 10, 5, 21, event::kSnapshot));
  book.apply(level(Side::kBuy, 10, 6, 22));
  EXPECT_TRUE(book.valid());
}

TEST(OrderBook, a_level_that_no_book_has_loses_it) {
  for (const auto& [side, px, qty] : {std::tuple{Side::kUnknown, std::int64_t{10}, std::int64_t{1}},
                                      {Side::kBuy, OrderBook::kMaxPxTicks, 1},
                                      {Side::kSell, 10, -1},
                                      {Side::kSell, 10, OrderBook::kMaxQtyLots}}) {
    OrderBook book = small_book();
    EXPECT_FALSE(book.set(side, px, qty));
    EXPECT_EQ(book.status(), Status::kLost);
    EXPECT_EQ(book.counters().out_of_bounds, 1U);
  }
}

TEST(OrderBook, a_full_side_stays_complete_as_far_as_it_goes) {
  OrderBook book{2};
  book.begin_snapshot(1);
  for (const std::int64_t px : {8, 10, 9, 7}) book.set(Side::kBuy, px, px);
  EXPECT_EQ(book.counters().overflows, 1U);
  EXPECT_EQ(book.counters().beyond, 1U);
  EXPECT_FALSE(book.bids().complete());
  EXPECT_EQ(book.bids().horizon_px_ticks(), 8);
  book.set(Side::kBuy, 9, 0), book.set(Side::kBuy, 8, 1);
  EXPECT_EQ(book.bids().size(), 1U) << "8 could come back, but not 7: so neither does";
}

TEST(OrderBook, refuses_a_capacity_out_of_range) {
  EXPECT_THROW(OrderBook{0}, std::invalid_argument);
  EXPECT_THROW(OrderBook{OrderBook::kMaxCapacity + 1}, std::invalid_argument);
}

/// Half a million levels around a wandering touch, removed as often as set: every few steps all levels are compared.
TEST(OrderBook, equals_a_book_of_maps_and_allocates_nothing) {
  std::mt19937_64 draw{11};
  for (const std::size_t capacity : {std::size_t{3}, std::size_t{64}, std::size_t{4096}}) {
    OrderBook book{capacity};
    testing::BookTwin twin{capacity};
    book.begin_snapshot(1);
    std::int64_t touch = 0;
    for (int i = 0; i < 170'000; ++i) {
      if (i % 50'000 == 49'999) book.begin_snapshot(i), twin.clear();
      touch += static_cast<std::int64_t>(draw() % 3) - 1;
      const Side side = draw() % 2 == 0 ? Side::kBuy : Side::kSell;
      const auto width = static_cast<std::int64_t>(std::uint64_t{1} << (draw() % 14));
      const auto behind = static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(width));
      const std::int64_t px = touch + (side == Side::kBuy ? -behind : behind);
      const auto qty = static_cast<std::int64_t>(draw() % 4);
      const std::size_t before = hft::testing::n_allocations();
      ASSERT_TRUE(book.set(side, px, qty));
      ASSERT_EQ(hft::testing::n_allocations(), before);
      twin.set(side, px, qty);
      if (i % (13 + static_cast<int>(capacity)) == 0) {
        ASSERT_TRUE(twin.equals(book)) << "capacity " << capacity << ", step " << i;
      }
    }
    ASSERT_TRUE(twin.equals(book));
  }
}

TEST(OrderBook, a_saved_book_goes_on_as_if_nothing_had_been) {
  OrderBook book{2};
  book.begin_snapshot(5);
  for (const std::int64_t px : {8, 10, 9}) book.set(Side::kBuy, px, px), book.set(Side::kSell, px + 5, 1);
  base::ByteWriter saved;
  book.save(saved);
  OrderBook again{2};
  base::ByteReader reader{saved.bytes()};
  again.load(reader);
  base::ByteWriter twice;
  again.save(twice);
  ASSERT_TRUE(std::ranges::equal(saved.bytes(), twice.bytes()));
  EXPECT_EQ(again.top().bid_px_ticks, 10);
  EXPECT_EQ(again.bids().horizon_px_ticks(), 8);
  again.set(Side::kBuy, 7, 1);
  EXPECT_EQ(again.counters().beyond, book.counters().beyond + 1);
}

TEST(OrderBook, bad_bytes_are_refused_and_leave_a_new_book) {
  base::ByteWriter saved;
  small_book().save(saved);
  const std::vector<std::byte> good(saved.bytes().begin(), saved.bytes().end());
  OrderBook book{16};
  for (std::size_t n = 0; n < good.size(); ++n) {  // every shorter text
    base::ByteReader reader{std::span{good}.first(n)};
    EXPECT_THROW(book.load(reader), std::invalid_argument);
  }
  OrderBook tiny{1};
  base::ByteReader reader{good};
  EXPECT_THROW(tiny.load(reader), std::invalid_argument) << "no room";
  EXPECT_EQ(tiny.status(), Status::kEmpty);
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    std::vector<std::byte> bad = good;
    bad[at] = std::byte{9};
    base::ByteReader other{bad};
    EXPECT_THROW(book.load(other), std::invalid_argument);
  }
}

}  // namespace
}  // namespace hft::book
