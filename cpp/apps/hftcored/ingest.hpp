#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "catch_up.hpp"
#include "decoding.hpp"
#include "hft/base/fault.hpp"
#include "hft/engine/stopwatch.hpp"
#include "hot.hpp"
#include "items.hpp"
#include "source.hpp"

namespace hft::daemon {

/// Requests to the hot thread from cold ones. The ingest thread delivers them, since a ring has one producer.
class Mailbox {
 public:
  void put(const Input& request) {
    const std::scoped_lock lock{mutex_};
    waiting_.push_back(request);
    any_.store(true, std::memory_order_release);
  }
  [[nodiscard]] std::vector<Input> take() {
    if (!any_.load(std::memory_order_acquire)) [[likely]] return {};
    const std::scoped_lock lock{mutex_};
    any_.store(false, std::memory_order_relaxed);
    return std::move(waiting_);
  }

 private:
  std::mutex mutex_;
  std::vector<Input> waiting_;
  std::atomic<bool> any_{false};
};

struct IngestCounters {
  telemetry::Counter polled;
  telemetry::Counter bytes;
  telemetry::Counter poison;
  telemetry::Counter stale;
};

/// The ingest thread: polls, decodes in place, pushes. It may wait for the source and for room in the ring; where
/// threads spin, it asks the source without a pause.
template <bool Timed>
class Ingest {
 public:
  Ingest(Source& source, Decoding& decoding, Rings& rings, Mailbox& mailbox, engine::Stopwatch<Timed> watch,
         const IngestCounters& counters, ring::WaitKind wait)
      : source_{source}, decoding_{decoding}, rings_{rings}, mailbox_{mailbox}, watch_{watch}, counters_{counters},
        poll_for_{wait == ring::WaitKind::kSpin ? std::chrono::milliseconds{0} : kPoll} {}

  /// Until stop(). Throws Fatal. `left_over`: inputs that recovery polled and did not need; they go first.
  void run(std::span<const CatchUp::ShardLanes> shards, std::vector<Input> left_over) {
    catch_up(shards, std::move(left_over));
    source_.go_live();
    while (!stopped_.load(std::memory_order_acquire)) {
      deliver_requests();
      if (paused_.load(std::memory_order_relaxed) || source_.ended()) {
        ended_.store(source_.ended(), std::memory_order_release);  // after the push of the last input
        std::this_thread::sleep_for(kNap);
      } else {
        take_some();
      }
    }
    deliver_requests();
    rings_.inputs.close();
  }

  /// Any thread.
  void pause() noexcept { paused_.store(true, std::memory_order_relaxed); }
  void stop() noexcept { stopped_.store(true, std::memory_order_release); }
  /// True when the source has ended and all of it was pushed.
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  void set_stale_after(std::int64_t ns) noexcept { stale_after_ns_.store(ns, std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kBatch = 256;
  static constexpr std::chrono::milliseconds kPoll{20};  // also how long a request may lie in an idle mailbox
  static constexpr std::chrono::milliseconds kNap{1};

  void catch_up(std::span<const CatchUp::ShardLanes> shards, std::vector<Input> left_over) {
    CatchUp backlog{source_, decoding_, shards, std::move(left_over)};
    const bool merges = std::any_of(shards.begin(), shards.end(), [](const auto& s) { return s.lanes.size() > 1; });
    while (merges && !backlog.reached_live() && !stopped_.load(std::memory_order_acquire)) {
      deliver_requests();
      if (paused_.load(std::memory_order_relaxed)) {
        std::this_thread::sleep_for(kNap);
        continue;
      }
      std::vector<Input> inputs = backlog.take(kBatch);
      arrive(inputs);
    }
    // Paused or stopped: what is held was not taken, and is read again by the next daemon.
    if (paused_.load(std::memory_order_relaxed)) return;
    std::vector<Input> rest = backlog.take_rest();
    arrive(rest);
  }

  void arrive(std::span<Input> inputs) {
    const std::uint64_t arrived_ticks = watch_.start();
    for (Input& input : inputs) input.arrived_ticks = arrived_ticks;
    admit(inputs, wall_ns());
  }

  void deliver_requests() {
    const std::vector<Input> requests = mailbox_.take();
    (void)rings_.inputs.push_n(requests);
  }

  void take_some() {
    const std::size_t n = source_.poll(raw_, poll_for_);
    if (n == 0) return;
    base::fault_point(base::FaultPoint::kAfterPoll);
    const std::uint64_t arrived_ticks = watch_.start();
    for (std::size_t i = 0; i < n; ++i) {
      decoding_.decode(raw_[i], source_, inputs_[i]);
      watch_.lap(engine::Stage::kDecode);
      inputs_[i].arrived_ticks = arrived_ticks;
      counters_.bytes.add(raw_[i].value.size());
    }
    source_.release();
    admit(std::span{inputs_}.first(n), wall_ns());
  }

  /// The wall clock enters here and nowhere else: as a bit of the recorded order.
  void admit(std::span<Input> inputs, std::int64_t now_ns) {
    const std::int64_t limit_ns = stale_after_ns_.load(std::memory_order_relaxed);
    const std::uint64_t now_ticks = watch_.start();
    for (Input& input : inputs) {
      input.stale = limit_ns > 0 && input.kind == InputKind::kEvent && now_ns - input.event.ts_event_ns > limit_ns;
      input.pushed_ticks = now_ticks;
      if (input.stale) counters_.stale.add();
      if (input.kind == InputKind::kPoison) counters_.poison.add();
    }
    counters_.polled.add(inputs.size());
    (void)rings_.inputs.push_n(inputs);
  }

  static std::int64_t wall_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  Source& source_;
  Decoding& decoding_;
  Rings& rings_;
  Mailbox& mailbox_;
  engine::Stopwatch<Timed> watch_;
  IngestCounters counters_;
  std::chrono::milliseconds poll_for_;
  std::vector<RawInput> raw_ = std::vector<RawInput>(kBatch);
  std::vector<Input> inputs_ = std::vector<Input>(kBatch);
  std::atomic<bool> paused_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::int64_t> stale_after_ns_{0};
};

}  // namespace hft::daemon
