#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "exit_code.hpp"
#include "hft/telemetry/log.hpp"
#include "ingest.hpp"
#include "journals.hpp"
#include "lookers.hpp"
#include "panel.hpp"
#include "setup.hpp"
#include "snapshotter.hpp"
#include "start.hpp"

namespace hft::daemon {

/// The first reason to end at once, whichever thread met it.
class Failure {
 public:
  void raise(ExitCode code, const std::string& what) {
    const std::scoped_lock lock{mutex_};
    if (!first_) first_.emplace(code, what);
    raised_.store(true, std::memory_order_release);
  }
  [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_acquire); }
  [[nodiscard]] std::pair<ExitCode, std::string> get() const {
    const std::scoped_lock lock{mutex_};
    return *first_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<std::pair<ExitCode, std::string>> first_;
  std::atomic<bool> raised_{false};
};

/// All threads of a live daemon, and the loop that minds them.
///
///   thread      does                                             may wait for
///   ingest      polls, decodes, pushes                           Kafka, room in the ring to hot
///   hot         features, forest, decision, risk                 its ring; room in the rings behind it
///   publisher   encodes and hands to the client                  its ring; acknowledgements, while that has room
///   acks        takes acknowledgements                           Kafka
///   journal     appends, forces to the disk                      its ring, the disk
///   watch       reads own outputs: is there a newer lease?       Kafka, which answers it in bulk
///   care        client errors, new leaders, lag                  Kafka
///   control     signals, snapshots, telemetry (the main thread)  anything
template <bool Timed>
class Daemon {
 public:
  Daemon(Setup& setup, Changes& changes, telemetry::Log& log);
  ~Daemon();
  Daemon(const Daemon&) = delete;

  /// Recovers, lives until a signal or the end of a file, ends in order. Throws Fatal. SIGTERM, SIGINT and SIGHUP must
  /// be blocked in every thread.
  void run();

 private:
  void live();
  void go_live();
  void mind();
  void end();
  void reload();
  void tick();
  void publish_all();
  /// Asks every shard that works with other settings than these.
  void request_change(const Change& change);
  void check();
  template <class Condition>
  bool wait_for(Condition&& condition, std::chrono::seconds timeout);
  template <class Body>
  std::jthread spawn(const char* name, std::optional<std::uint32_t> cpu, Body&& body);
  [[nodiscard]] engine::Stopwatch<Timed> stopwatch(engine::StageTimes& times) const;

  Setup& setup_;
  Changes& changes_;
  telemetry::Log& log_;
  Panel panel_;
  Failure failure_;
  Mailbox mailbox_;
  Rings rings_;
  Start<Timed> start_;
  std::unique_ptr<Journals> journals_;
  std::unique_ptr<Hot<Timed>> hot_;
  std::unique_ptr<Ingest<Timed>> ingest_;
  std::unique_ptr<Snapshotter> snapshotter_;
  std::unique_ptr<Lookers> lookers_;     // where there is Kafka
  const Change* change_ = nullptr;       // the last one that was asked for
  std::atomic<int> n_working_{0};        // threads that have not ended
  std::chrono::steady_clock::time_point next_snapshot_;
  std::chrono::steady_clock::time_point next_show_;
  std::vector<std::jthread> looking_;    // acks, watch, care
  std::vector<std::jthread> workers_;    // ingest, hot, publisher, journal
};

}  // namespace hft::daemon
