#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "hft/telemetry/live_word.hpp"

namespace hft::telemetry {

/// Counts of durations in buckets that grow with the value: 128 to each doubling, after HdrHistogram (G. Tene).
///
///   value < 256 ns: its own bucket;   else the bucket keeps the top 8 bits of the value
///
/// A percentile is the upper edge of its bucket: never below the true one, above it by at most 1/128 (0.78 %), and
/// never above the largest value. Count, minimum, maximum and sum are exact. Range 0 to 68.7 s; longer ones count in
/// the last bucket, negative ones (two clocks) as 0.
///
/// One thread records; others, also in other processes, may meanwhile take copy_of_live(). merge() joins two.
///
/// Cost: record about 3 ns, no allocation, 30 KiB of which a steady load touches a few lines.
class LatencyHistogram {
 public:
  static constexpr unsigned kTrackedBits = 36;
  static constexpr unsigned kSubBits = 7;  // 2^7 buckets per doubling
  static constexpr std::int64_t kMaxTrackedNs = (std::int64_t{1} << kTrackedBits) - 1;

  void record(std::int64_t value_ns) noexcept {
    value_ns = std::max<std::int64_t>(value_ns, 0);
    std::uint64_t& in_bucket = counts_[bucket_of(static_cast<std::uint64_t>(std::min(value_ns, kMaxTrackedNs)))];
    write_live(in_bucket, in_bucket + 1);
    write_live(count_, count_ + 1);
    write_live(sum_ns_, sum_ns_ + value_ns);
    if (value_ns < min_ns_) write_live(min_ns_, value_ns);
    if (value_ns > max_ns_) write_live(max_ns_, value_ns);
  }

  /// For a load that should have come every `expected_interval_ns`, but stood still while we were slow: also records
  /// the waits that the held-back ones would have had (value - interval, value - 2 intervals, ... down to one
  /// interval). Without it one stall of a second is one bad sample among thousands of good ones: coordinated omission.
  /// Cost: one record per interval of the stall. An interval of 0 corrects nothing.
  void record_corrected(std::int64_t value_ns, std::int64_t expected_interval_ns) noexcept {
    record(value_ns);
    if (expected_interval_ns <= 0) return;
    for (std::int64_t v = value_ns - expected_interval_ns; v >= expected_interval_ns; v -= expected_interval_ns) {
      record(v);
    }
  }

  /// Smallest recorded value, up to the width of its bucket, that at least `frac` (0..1) of all values do not exceed.
  /// 0 when empty. Cold path: walks the buckets.
  [[nodiscard]] std::int64_t percentile_ns(double frac) const noexcept {
    if (count_ == 0) return 0;
    const double rank = std::ceil(std::clamp(frac, 0.0, 1.0) * static_cast<double>(count_));
    const auto wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (seen >= wanted) return i + 1 == kBuckets ? max_ns_ : std::min(upper_edge_of(i), max_ns_);
    }
    return max_ns_;
  }

  /// A copy while the owner goes on recording. Every word is whole; sum, minimum and maximum may be some records older
  /// or newer than the buckets, and the count is made that of the buckets. Cold path: reads 30 KiB.
  [[nodiscard]] static LatencyHistogram copy_of_live(const LatencyHistogram& live) noexcept {
    LatencyHistogram copy;
    for (std::size_t i = 0; i < kBuckets; ++i) copy.count_ += copy.counts_[i] = read_live(live.counts_[i]);
    copy.sum_ns_ = read_live(live.sum_ns_);
    copy.min_ns_ = read_live(live.min_ns_);
    copy.max_ns_ = read_live(live.max_ns_);
    return copy;
  }

  /// What was recorded after `earlier`, a copy of this same histogram. Its minimum and maximum are those of its
  /// buckets, as exact as a percentile. Cold path.
  [[nodiscard]] LatencyHistogram since(const LatencyHistogram& earlier) const noexcept {
    LatencyHistogram delta;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      const std::uint64_t n = counts_[i] - std::min(counts_[i], earlier.counts_[i]);
      if (n == 0) continue;
      delta.counts_[i] = n;
      delta.count_ += n;
      delta.min_ns_ = std::min(delta.min_ns_, std::max(lower_edge_of(i), min_ns_));
      delta.max_ns_ = i + 1 == kBuckets ? max_ns_ : std::min(upper_edge_of(i), max_ns_);
    }
    if (delta.count_ != 0) delta.sum_ns_ = std::max<std::int64_t>(sum_ns_ - earlier.sum_ns_, 0);
    return delta;
  }

  void merge(const LatencyHistogram& other) noexcept {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ns_ += other.sum_ns_;
    min_ns_ = std::min(min_ns_, other.min_ns_);
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }

  void reset() noexcept { *this = LatencyHistogram{}; }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::int64_t sum_ns() const noexcept { return sum_ns_; }
  [[nodiscard]] std::int64_t min_ns() const noexcept { return count_ == 0 ? 0 : min_ns_; }
  [[nodiscard]] std::int64_t max_ns() const noexcept { return max_ns_; }
  [[nodiscard]] double mean_ns() const noexcept {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
  }

 private:
  static constexpr std::size_t kPerDoubling = std::size_t{1} << kSubBits;
  static constexpr std::size_t kBuckets = (kTrackedBits - kSubBits + 1) * kPerDoubling;

  /// Values below 256 are their own bucket; above, `shift` low bits are dropped and each doubling adds 128 buckets.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value | kPerDoubling));
    const unsigned shift = width - kSubBits - 1;
    return shift * kPerDoubling + (value >> shift);
  }
  [[nodiscard]] static constexpr std::int64_t upper_edge_of(std::size_t bucket) noexcept {
    const std::size_t shift = bucket < kPerDoubling ? 0 : bucket / kPerDoubling - 1;
    return static_cast<std::int64_t>(((bucket - shift * kPerDoubling + 1) << shift) - 1);
  }
  [[nodiscard]] static constexpr std::int64_t lower_edge_of(std::size_t bucket) noexcept {
    return bucket == 0 ? 0 : upper_edge_of(bucket - 1) + 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t sum_ns_ = 0;
  std::int64_t min_ns_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ns_ = 0;
};

}  // namespace hft::telemetry
