// The hot path's own binary: every operator new is counted, and a million events must cost none.
#include <gtest/gtest.h>

#include "allocation_count.hpp"
#include "pipeline_fixture.hpp"

namespace hft::feature {
namespace {

TEST(PipelineAllocation, a_million_events_allocate_nothing) {
  const auto tape = testing::random_tape(100'000);
  Pipeline p{testing::spec_of_everything(), testing::two_instruments()};
  std::vector<double> row(p.n_features());
  const std::size_t before = hft::testing::n_allocations();
  ASSERT_GT(before, 0U) << "the counter counts";
  std::size_t n_rows = 0;
  for (int day = 0; day < 10; ++day) {
    for (event::Event e : tape) {
      e.ts_event_ns += day * testing::kDayNs;
      n_rows += static_cast<std::size_t>(p.update(e, row) == Step::kRow);
    }
  }
  EXPECT_EQ(hft::testing::n_allocations(), before);
  EXPECT_EQ(n_rows, 1'000'000U);
}

}  // namespace
}  // namespace hft::feature
