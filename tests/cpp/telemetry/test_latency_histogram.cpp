#include "hft/telemetry/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace hft::telemetry {
namespace {

constexpr double kFracs[] = {0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0};

std::int64_t exact_percentile(const std::vector<std::int64_t>& sorted, double frac) {
  const auto rank = static_cast<std::size_t>(std::ceil(frac * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void expect_percentiles_of(std::vector<std::int64_t> values) {
  LatencyHistogram histogram;
  for (const std::int64_t v : values) histogram.record(v);
  std::ranges::sort(values);
  for (const double frac : kFracs) {
    const std::int64_t exact = exact_percentile(values, frac);
    const std::int64_t found = histogram.percentile_ns(frac);
    EXPECT_GE(found, exact) << "at " << frac;
    EXPECT_LE(static_cast<double>(found - exact), static_cast<double>(exact) / 128.0) << "at " << frac;
  }
  EXPECT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.min_ns(), values.front());
  EXPECT_EQ(histogram.max_ns(), values.back());
  EXPECT_EQ(histogram.percentile_ns(1.0), values.back());
}

TEST(LatencyHistogram, PercentilesAreWithinOnePercentOfTheSortedOnes) {
  std::mt19937_64 random{7};
  std::lognormal_distribution<double> like_latency{7.0, 1.5};
  std::uniform_int_distribution<std::int64_t> flat{0, 1'000'000};
  std::uniform_real_distribution<double> exponent{0.0, 35.9};
  std::vector<std::int64_t> a(20'000);
  std::vector<std::int64_t> b(20'000);
  std::vector<std::int64_t> c(20'000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<std::int64_t>(like_latency(random));
    b[i] = flat(random);
    c[i] = static_cast<std::int64_t>(std::exp2(exponent(random)));
  }
  expect_percentiles_of(a);
  expect_percentiles_of(b);
  expect_percentiles_of(c);
}

TEST(LatencyHistogram, ValuesBelow256AreExact) {
  for (std::int64_t v = 0; v < 256; ++v) {
    LatencyHistogram histogram;
    histogram.record(v);
    histogram.record(1'000);  // so that the maximum does not give it away
    EXPECT_EQ(histogram.percentile_ns(0.5), v);
  }
}

TEST(LatencyHistogram, EveryBorderOfEveryDoublingKeepsItsError) {
  for (unsigned bit = 0; bit < 36; ++bit) {
    for (const std::int64_t v : {(std::int64_t{1} << bit) - 1, std::int64_t{1} << bit, (std::int64_t{1} << bit) + 1}) {
      LatencyHistogram histogram;
      histogram.record(v);
      histogram.record(LatencyHistogram::kMaxTrackedNs);
      EXPECT_GE(histogram.percentile_ns(0.5), v);
      EXPECT_LE(histogram.percentile_ns(0.5) - v, v / 128);
    }
  }
}

TEST(LatencyHistogram, OutOfRangeValuesAreCountedAtTheEnds) {
  LatencyHistogram histogram;
  histogram.record(-50);
  EXPECT_EQ(histogram.percentile_ns(1.0), 0);
  const std::int64_t two_minutes_ns = 120'000'000'000;
  histogram.record(two_minutes_ns);
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.max_ns(), two_minutes_ns);
  EXPECT_EQ(histogram.percentile_ns(1.0), two_minutes_ns);
}

TEST(LatencyHistogram, EmptyOneAnswersZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.percentile_ns(0.99), 0);
  EXPECT_EQ(histogram.min_ns(), 0);
  EXPECT_EQ(histogram.max_ns(), 0);
  EXPECT_EQ(histogram.mean_ns(), 0.0);
}

TEST(LatencyHistogram, MergedEqualsRecordedTogether) {
  LatencyHistogram a;
  LatencyHistogram b;
  LatencyHistogram both;
  std::mt19937_64 random{11};
  std::exponential_distribution<double> wait{1e-4};
  for (int i = 0; i < 5'000; ++i) {
    const auto v = static_cast<std::int64_t>(wait(random));
    (i % 3 == 0 ? a : b).record(v);
    both.record(v);
  }
  a.merge(b);
  for (const double frac : kFracs) EXPECT_EQ(a.percentile_ns(frac), both.percentile_ns(frac));
  EXPECT_EQ(a.count(), both.count());
  EXPECT_EQ(a.sum_ns(), both.sum_ns());
  EXPECT_EQ(a.min_ns(), both.min_ns());
  EXPECT_EQ(a.max_ns(), both.max_ns());
  a.merge(LatencyHistogram{});
  EXPECT_EQ(a.min_ns(), both.min_ns());
  a.reset();
  EXPECT_EQ(a.count(), 0U);
}

TEST(LatencyHistogram, CorrectionAddsTheWaitsThatAStallHid) {
  // G. Tene's example: 100 s of one request per 10 ms at 1 ms each, then a stall of 100 s: half of the time was a stall
  constexpr std::int64_t kMs = 1'000'000;
  LatencyHistogram naive;
  LatencyHistogram corrected;
  for (int i = 0; i < 1'000; ++i) {
    naive.record(kMs);
    corrected.record_corrected(kMs, 10 * kMs);
  }
  naive.record(10'000 * kMs);
  corrected.record_corrected(10'000 * kMs, 10 * kMs);
  EXPECT_LT(naive.percentile_ns(0.99), 2 * kMs) << "the stall is one sample in a thousand";
  EXPECT_EQ(corrected.count(), 1'000U + 1'000U);
  EXPECT_NEAR(static_cast<double>(corrected.percentile_ns(0.75)), 5'000.0 * kMs, 5'000.0 * kMs * 0.01);
  EXPECT_NEAR(static_cast<double>(corrected.percentile_ns(0.99)), 9'800.0 * kMs, 9'800.0 * kMs * 0.01);
}

TEST(LatencyHistogram, CorrectionIsNothingBelowTheIntervalOrWithoutOne) {
  LatencyHistogram histogram;
  histogram.record_corrected(99, 100);
  histogram.record_corrected(1'000'000, 0);
  EXPECT_EQ(histogram.count(), 2U);
  histogram.record_corrected(250, 100);  // itself and 150
  EXPECT_EQ(histogram.count(), 4U);
}

}  // namespace
}  // namespace hft::telemetry
