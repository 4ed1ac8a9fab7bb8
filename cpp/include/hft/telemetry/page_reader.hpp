#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/page.hpp"

namespace hft::telemetry {

enum class Writer : std::uint8_t {
  kAlive = 0,
  kSilent = 1,  // holds the page, but has not beaten for kSilentNs: stopped, or its cold thread is stuck
  kGone = 2,
};

/// One moment of a page, as far as several words have one: each word is whole and was there at some time of the copy.
/// Words that belong together may be some records apart (a count read before, a sum after); a histogram's count is
/// made equal to its buckets.
struct PageCopy {
  struct CounterValue {
    std::string group, name;
    std::uint64_t value;
  };
  struct GaugeValue {
    std::string group, name;
    std::int64_t value;
  };
  struct HistogramValue {
    std::string group, name;
    LatencyHistogram value;
  };
  struct TextValue {
    std::string name, value;
  };
  std::string name;
  std::string writer;
  std::int64_t pid = 0;
  std::int64_t start_unix_ns = 0;
  std::int64_t beat_age_ns = 0;
  std::int64_t read_monotonic_ns = 0;
  Writer state = Writer::kGone;
  std::vector<CounterValue> counters;
  std::vector<GaugeValue> gauges;
  std::vector<HistogramValue> histograms;
  std::vector<TextValue> texts;
};

/// What happened between two copies of a page: counters and histograms are differences, the rest is `later`'s. Copies
/// of two different runs: `later` as it is.
[[nodiscard]] PageCopy between(const PageCopy& earlier, PageCopy later);

/// Looks at a page from outside: maps it read-only, so the writer never notices. Cold; one thread.
class PageReader {
 public:
  /// Throws PageError: no such page, no page at all, another version's (named), or damaged.
  explicit PageReader(std::filesystem::path path);

  /// Copies everything. Follows the name when a new writer has replaced the page since. Throws as the constructor.
  [[nodiscard]] PageCopy read();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  class Mapping;
  std::filesystem::path path_;
  std::shared_ptr<const Mapping> mapping_;
};

}  // namespace hft::telemetry
