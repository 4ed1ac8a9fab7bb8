#include "hft/engine/state_copy.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "rich_scenario.hpp"

namespace {

using namespace hft::engine::testing;
using hft::engine::StateCopy;

std::vector<std::byte> bytes_of(const StateCopy& copy) {
  hft::base::ByteWriter out;
  copy.save(out);
  return {out.bytes().begin(), out.bytes().end()};
}

TEST(StateCopy, however_events_and_copying_mix_it_is_the_state_of_its_beginning) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const auto tape = rich_tape(seed, 3'000);
    std::mt19937 random{seed};
    Shard shard;
    StateCopy copy = shard.engine->make_copy();
    std::vector<std::byte> expected;
    int n_copies = 0;
    bool is_under_way = false;
    for (const auto& event : tape.events()) {
      if (!is_under_way && random() % 10 == 0) {
        expected = saved(*shard.engine);
        shard.engine->begin_copy(copy);
        is_under_way = true;
      }
      shard.engine->step(event);
      if (random() % 50 == 0) {  // neither a control event's nor an operator's doing reaches into the copy
        auto settings = shard.engine->settings();
        settings.strategy.order_qty_lots = 1 + random() % 40;
        shard.engine->apply(settings);
      }
      if (is_under_way && random() % 4 == 0 && shard.engine->copy_some(random() % 3)) {
        ASSERT_TRUE(copy.complete());
        ASSERT_EQ(copy.n_bytes(), expected.size());
        ASSERT_EQ(bytes_of(copy), expected);
        is_under_way = false;
        ++n_copies;
      }
    }
    EXPECT_GT(n_copies, 20);
  }
}

TEST(StateCopy, copying_leaves_no_trace_in_the_journal) {
  const auto tape = rich_tape(50, 3'000);
  Shard plain;
  plain.engine->run(tape.events());
  Shard copied;
  StateCopy copy = copied.engine->make_copy();
  for (std::size_t i = 0; i < tape.events().size(); ++i) {
    if (i % 5 == 0) copied.engine->begin_copy(copy);
    copied.engine->step(tape.events()[i]);
    static_cast<void>(copied.engine->copy_some(1));
  }
  EXPECT_EQ(copied.bytes(), plain.bytes());
  EXPECT_EQ(saved(*copied.engine), saved(*plain.engine));
}

TEST(StateCopy, one_that_does_not_fit_has_failed_and_harms_nothing) {
  Shard shard;
  shard.engine->run(rich_tape(51, 1'000).events());
  const std::size_t n_needed = saved(*shard.engine).size();
  StateCopy small = shard.engine->make_copy(n_needed / 2);
  const auto before = saved(*shard.engine);
  shard.engine->begin_copy(small);
  while (!shard.engine->copy_some(1)) {
  }
  EXPECT_TRUE(small.failed());
  EXPECT_FALSE(small.complete());
  EXPECT_THROW(bytes_of(small), std::logic_error);
  EXPECT_EQ(saved(*shard.engine), before);

  Shard fresh;  // the next copy into the same room may fit
  fresh.engine->begin_copy(small);
  EXPECT_TRUE(fresh.engine->copy_some(3));
  EXPECT_EQ(small.complete(), saved(*fresh.engine).size() <= n_needed / 2);
}

TEST(StateCopy, the_default_room_is_enough_for_the_fullest_windows) {
  Shard shard;
  auto tape = random_tape(52, 20'000);
  for (auto& event : tape.events()) event.ts_event_ns = tape.events().front().ts_event_ns;  // nothing ever expires
  shard.engine->run(tape.events());
  StateCopy copy = shard.engine->make_copy();
  shard.engine->begin_copy(copy);
  EXPECT_TRUE(shard.engine->copy_some(3));
  EXPECT_TRUE(copy.complete());
  EXPECT_LE(copy.n_bytes(), shard.engine->state_bytes_bound() + 1'000) << "header and identity come on top";
}

TEST(StateCopy, a_second_begin_forgets_the_first) {
  Shard shard;
  const auto tape = rich_tape(53, 500);
  StateCopy copy = shard.engine->make_copy();
  shard.engine->begin_copy(copy);
  shard.engine->run(tape.events());
  const auto expected = saved(*shard.engine);
  shard.engine->begin_copy(copy);
  EXPECT_FALSE(copy.complete());
  EXPECT_TRUE(shard.engine->copy_some(100));
  EXPECT_EQ(bytes_of(copy), expected);
}

TEST(StateCopy, without_one_under_way_there_is_nothing_left_to_copy) {
  Shard shard;
  EXPECT_TRUE(shard.engine->copy_some(1));
  StateCopy copy = shard.engine->make_copy();
  EXPECT_THROW(bytes_of(copy), std::logic_error);
  shard.engine->begin_copy(copy);
  shard.engine->cancel_copy();
  shard.engine->run(rich_tape(54, 10).events());
  EXPECT_TRUE(shard.engine->copy_some(1));
  EXPECT_FALSE(copy.complete());
}

}  // namespace
