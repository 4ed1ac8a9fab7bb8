#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/tick_clock.hpp"

namespace hft::engine {

/// Where the time of an event goes.
enum class Stage : std::uint8_t {
  kDecode = 0,          // bytes to event, checked; on the ingest thread where there is one
  kRing = 1,            // from the push to the moment the hot thread turns to it: hand-over and queue
  kFeatures = 2,        // the pipeline's update, for every event
  kModel = 3,           // row to scores
  kDecision = 4,        // scores to intent or abstention
  kRisk = 5,            // one answer of the gate
  kJournal = 6,         // handing one record on
  kTickToDecision = 7,  // of scored events, from arrival until the engine is done with everything that follows
};
inline constexpr std::size_t kStages = 8;
inline constexpr std::array<std::string_view, kStages> kStageNames{"decode",   "ring", "features", "model",
                                                                   "decision", "risk", "journal",  "tick_to_decision"};

struct StageTimes {
  std::array<telemetry::LatencyHistogram, kStages> by_stage;  // 30 KiB each

  [[nodiscard]] const telemetry::LatencyHistogram& operator[](Stage stage) const noexcept {
    return by_stage[static_cast<std::size_t>(stage)];
  }
  void merge(const StageTimes& other) noexcept {
    for (std::size_t i = 0; i < kStages; ++i) by_stage[i].merge(other.by_stage[i]);
  }
};

/// Splits a thread's time into stages. An untimed one is empty and every call vanishes.
///
/// Cost: about 10 ns per lap (one counter read, one histogram record); 0 untimed.   One thread.
template <bool Timed>
class Stopwatch;

template <>
class Stopwatch<false> {
 public:
  static constexpr bool kTimed = false;
  std::uint64_t start() noexcept { return 0; }
  void skip() noexcept {}
  void lap(Stage) noexcept {}
  void since(Stage, std::uint64_t) noexcept {}
};

template <>
class Stopwatch<true> {
 public:
  static constexpr bool kTimed = true;

  /// `times` outlives this, and no other thread writes to it.
  explicit Stopwatch(StageTimes& times) : times_{&times}, clock_{&telemetry::TickClock::instance()} {}

  /// A stage begins now; returns now, in ticks.
  std::uint64_t start() noexcept { return last_ticks_ = clock_->ticks(); }

  /// What ran since the last call belongs to no stage.
  void skip() noexcept { last_ticks_ = clock_->ticks(); }

  /// What ran since the last call was `stage`; the next one begins.
  void lap(Stage stage) noexcept {
    const std::uint64_t now_ticks = clock_->ticks();
    record(stage, last_ticks_, now_ticks);
    last_ticks_ = now_ticks;
  }

  /// From a moment of its own until the last lap: reads no clock.
  void since(Stage stage, std::uint64_t from_ticks) noexcept { record(stage, from_ticks, last_ticks_); }

 private:
  void record(Stage stage, std::uint64_t from_ticks, std::uint64_t to_ticks) noexcept {
    times_->by_stage[static_cast<std::size_t>(stage)].record(clock_->ns_between(from_ticks, to_ticks));
  }

  StageTimes* times_;
  const telemetry::TickClock* clock_;
  std::uint64_t last_ticks_ = 0;
};

}  // namespace hft::engine
