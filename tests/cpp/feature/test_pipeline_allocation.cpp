// The hot path's own binary: every operator new is counted, and a million events must cost none.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "pipeline_fixture.hpp"

namespace {
std::atomic<std::size_t> n_allocations{0};

void* counted(std::size_t n_bytes, std::size_t alignment) {
  n_allocations.fetch_add(1, std::memory_order_relaxed);  // one thread: only the sum matters
  const std::size_t rounded = (n_bytes + alignment - 1) / alignment * alignment;
  if (void* p = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded)) return p;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t n) {
  return counted(n, alignof(std::max_align_t));
}
void* operator new(std::size_t n, std::align_val_t a) {
  return counted(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

namespace hft::feature {
namespace {

TEST(PipelineAllocation, a_million_events_allocate_nothing) {
  const auto tape = testing::random_tape(100'000);
  Pipeline p{testing::spec_of_everything(), testing::two_instruments()};
  std::vector<double> row(p.n_features());
  const std::size_t before = n_allocations.load(std::memory_order_relaxed);
  ASSERT_GT(before, 0U) << "the counter counts";
  std::size_t n_rows = 0;
  for (int day = 0; day < 10; ++day) {
    for (event::Event e : tape) {
      e.ts_event_ns += day * testing::kDayNs;
      n_rows += static_cast<std::size_t>(p.update(e, row) == Step::kRow);
    }
  }
  EXPECT_EQ(n_allocations.load(std::memory_order_relaxed), before);
  EXPECT_EQ(n_rows, 1'000'000U);
}

}  // namespace
}  // namespace hft::feature
