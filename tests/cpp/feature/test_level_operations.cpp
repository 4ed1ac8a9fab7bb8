#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/feature/book_depth.hpp"
#include "hft/feature/book_imbalance.hpp"
#include "hft/feature/book_order_flow.hpp"
#include "hft/feature/book_slope.hpp"
#include "hft/feature/levels.hpp"
#include "hft/feature/weighted_mid.hpp"
#include "market_of.hpp"

namespace hft::feature {
namespace {

using event::Side;

/// Both sides of a known book with these levels.
class BookOf {
 public:
  BookOf(const std::vector<book::Level>& bids, const std::vector<book::Level>& asks) {
    book_.begin_snapshot(1);
    for (const auto& l : bids) book_.set(Side::kBuy, l.px_ticks, l.qty_lots);
    for (const auto& l : asks) book_.set(Side::kSell, l.px_ticks, l.qty_lots);
    book_.end_snapshot();
  }
  [[nodiscard]] Market market() const { return {.tick = {1, 100}, .lot = {1, 1}, .levels = &book_}; }
  book::OrderBook& book() { return book_; }

 private:
  book::OrderBook book_{64};
};

TEST(WeightedMid, of_one_level_is_the_microprice_and_the_largest_book_does_not_overflow) {
  const BookOf small{{{10000, 300}}, {{10002, 100}}};
  EXPECT_EQ((WeightedMid{1}.of(small.market())), 100.015);
  std::vector<book::Level> bids, asks;
  const std::int64_t qty = Market::kMaxQtyLots - 1;
  for (std::int64_t i = 0; i < 64; ++i) {
    bids.push_back({Market::kMaxPxTicks - 65 - i, qty}), asks.push_back({Market::kMaxPxTicks - 64 + i, qty});
  }
  const BookOf huge{bids, asks};
  Market m = huge.market();
  m.tick = {Market::kMaxStepNum, 1};
  const double mid = (static_cast<double>(Market::kMaxPxTicks) - 64.5) * static_cast<double>(Market::kMaxStepNum);
  EXPECT_DOUBLE_EQ((WeightedMid{64}.of(m)), mid);
  EXPECT_EQ((WeightedMid{64, WeightedMid::Unit::kBps}.of(m)), 0.0);
  EXPECT_EQ(BookImbalance(64, 0.7).of(m), 0.0);
  EXPECT_DOUBLE_EQ(BookDepth(64).of(m), 128.0 * static_cast<double>(qty));
}

TEST(BookImbalance, weighs_by_rank) {
  const BookOf book{{{100, 10}, {99, 40}}, {{101, 30}}};
  EXPECT_EQ(BookImbalance(2).of(book.market()), 20.0 / 80.0);
  EXPECT_EQ(BookImbalance(2, 0.5).of(book.market()), 0.0);
  EXPECT_EQ(BookImbalance(2, 0.0).of(book.market()), -0.5) << "the first level alone";
}

TEST(BookDepth, counts_a_level_on_the_edge_of_the_band) {
  const BookOf book{{{9999, 10}, {9990, 40}}, {{10001, 30}, {10010, 5}}};
  EXPECT_EQ(BookDepth(9).of(book.market()), 85.0);
  EXPECT_EQ(BookDepth(9, 10.0).of(book.market()), 85.0) << "10 ticks of 10000 are 10 bps";
  EXPECT_EQ(BookDepth(9, 9.999999).of(book.market()), 40.0);
  EXPECT_EQ(BookDepth(1, 0.0, BookSides::kAsk).of(book.market()), 30.0);
}

TEST(BookSlope, is_what_each_step_adds) {
  const BookOf flat{{{99, 4}, {98, 4}}, {{101, 4}, {102, 4}}};
  EXPECT_EQ((BookSlope{2, BookSides::kBoth, BookSlope::Unit::kPerPx}.of(flat.market())), 400.0) << "4 a cent";
  EXPECT_DOUBLE_EQ((BookSlope{2}.of(flat.market())), 4.0 / 100.0) << "a cent is 100 bps";
}

TEST(LevelOperations, say_nothing_of_a_book_that_is_not_known) {
  BookOf book{{{99, 4}}, {{101, 4}}};
  book.book().lose();
  const Market m = book.market();
  EXPECT_TRUE(std::isnan(WeightedMid{1}.of(m)) && std::isnan(BookImbalance(1).of(m)));
  EXPECT_TRUE(std::isnan(BookDepth(1).of(m)) && std::isnan(BookSlope{1}.of(m)));
  EXPECT_TRUE(std::isnan(BookDepth(1).of(Market{}))) << "no book at all";
}

BookFlow flow_of(BookOf& book, std::uint32_t level = 0) {
  BookFlow flow{WindowLength::count(3), 2, level};
  flow.update(book.market());
  for (const std::int64_t qty : {6, 9, 2}) {
    book.book().set(Side::kBuy, 99, qty);
    flow.update(book.market());
  }
  return flow;
}

TEST(BookFlow, sums_the_flow_of_ranks_and_begins_anew_behind_a_gap) {
  BookOf book{{{99, 4}, {98, 4}}, {{101, 4}, {102, 4}}};
  const BookFlow flow = flow_of(book);
  EXPECT_EQ((BookOrderFlow{}.of(flow, book.market())), -2.0);
  BookFlow other = flow;
  book.book().lose();
  EXPECT_TRUE(std::isnan((BookOrderFlow{}.of(flow, book.market()))));
  book.book().begin_snapshot(9), book.book().end_snapshot();
  other.update(book.market());
  EXPECT_FALSE(other.ready());
}

TEST(BookFlow, refuses_a_snapshot_that_no_window_can_be) {
  BookOf book{{{99, 4}, {98, 4}}, {{101, 4}, {102, 4}}};
  const BookFlow flow = flow_of(book);
  base::ByteWriter out;
  BookFlow::archive(flow, out);
  std::vector<std::byte> bytes(out.bytes().begin(), out.bytes().end());
  BookFlow same{WindowLength::count(3), 2, 0};
  base::ByteReader in{bytes};
  BookFlow::archive(same, in);
  EXPECT_EQ((BookOrderFlow{BookOrderFlow::Unit::kDepths}.of(same, book.market())),
            (BookOrderFlow{BookOrderFlow::Unit::kDepths}.of(flow, book.market())));
  for (const std::size_t at : {std::size_t{19}, bytes.size() - 1}) {  // a flow; a quantity
    auto bad = bytes;
    bad[at] = std::byte{0x7F};
    base::ByteReader reader{bad};
    EXPECT_THROW(BookFlow::archive(same, reader), std::invalid_argument) << at;
  }
}

TEST(Levels, a_session_keeps_them_and_a_gap_loses_them) {
  Levels levels{4};
  event::Event e{};
  e.kind = event::EventKind::kBookLevel, e.side = Side::kBuy, e.level = {100, 5, 1, 0}, e.flags = event::kSnapshot;
  levels.apply(e);
  e.flags = 0, e.level.update_id = 2;
  levels.apply(e);
  levels.begin_anew(false);
  EXPECT_TRUE(levels.book().valid());
  levels.begin_anew(true);
  EXPECT_EQ(levels.book().status(), book::Status::kLost);
  EXPECT_THROW(Levels{0}, std::invalid_argument);
}

}  // namespace
}  // namespace hft::feature
