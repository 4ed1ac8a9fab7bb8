#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/event/instrument.hpp"

namespace hft::gen {

inline constexpr std::size_t kMaxBookLevels = 10;
inline constexpr std::int64_t kDayNs = std::int64_t{86'400} * 1'000'000'000;

/// What to generate. The first instrument is the busiest: activity falls as 1 / rank (Zipf).
struct Config {
  std::vector<event::Instrument> instruments;
  std::uint64_t seed = 0;
  double seconds = 600.0;         // length of a session
  double rate_hz = 20'000.0;      // mean events per second of a session, over all symbols
  double signal_frac = 0.5;       // 0: the next move is a coin toss; 1: book and flow tell what can be told
  std::int64_t book_levels = 5;  // per side, with book-level events; 0: quotes and trades only
  std::int64_t start_ns = 1'704'202'200'000'000'000;  // first session, 2024-01-02 13:30:00 UTC
  std::int64_t sessions = 1;  // one a day, at the same hour
};

/// Cold path: throws std::invalid_argument with the parameter, the rule and the value.
void validate(const Config& config);

}  // namespace hft::gen
