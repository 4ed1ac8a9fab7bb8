#include "daemon.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "signals.hpp"

namespace hft::daemon {
namespace {

constexpr std::chrono::milliseconds kTick{5};
constexpr std::chrono::milliseconds kShowEvery{250};
constexpr std::chrono::seconds kSnapshotWait{5};
constexpr std::chrono::seconds kEndWait{15};
constexpr std::chrono::milliseconds kBurstWait{5};
constexpr std::size_t kMostPerBurst = 4096;

void pin(std::uint32_t cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (const int error = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus); error != 0) {
    throw Fatal(ExitCode::kConfig, "threads: cannot be pinned to cpu " + std::to_string(cpu));
  }
}

}  // namespace

template <bool Timed>
Daemon<Timed>::Daemon(Setup& setup, Changes& changes, telemetry::Log& log)
    : setup_{setup},
      changes_{changes},
      log_{log},
      panel_{setup},
      rings_{setup.config.threads.ring_events, setup.config.threads.ring_records, setup.config.threads.wait},
      start_{setup, changes, log, stopwatch(panel_.hot_times)} {}

template <bool Timed>
Daemon<Timed>::~Daemon() = default;

template <bool Timed>
engine::Stopwatch<Timed> Daemon<Timed>::stopwatch([[maybe_unused]] engine::StageTimes& times) const {
  if constexpr (Timed) return engine::Stopwatch<true>{times};
  else return {};
}

template <bool Timed>
void Daemon<Timed>::run() {
  panel_.set_state("recovering");
  panel_.set_model(setup_.model.model_id);
  try {
    start_.run();
  } catch (const EndAsked&) {
    log_.info("asked to end before live: the next start meets again what this one did");
    panel_.set_state("stopped");
    return;
  } catch (const std::exception& error) {
    panel_.set_state("stopped");
    panel_.set_error(error.what());
    throw;
  }
  panel_.set_fence_epoch(start_.fence_epoch);
  try {
    live();
  } catch (const Fatal& error) {
    failure_.raise(error.code(), error.what());
    check();
  } catch (const std::exception& error) {
    // No unwinding over threads that wait for each other: the next start meets again what is on its way.
    failure_.raise(ExitCode::kInternal, error.what());
    check();
  }
  panel_.set_state("stopped");
}

template <bool Timed>
void Daemon<Timed>::live() {
  go_live();
  panel_.set_state("live");
  log_.info("live", {{"fence_epoch", start_.fence_epoch}, {"shards", start_.members.size()}});
  mind();
  panel_.set_state("draining");
  end();
}

template <bool Timed>
void Daemon<Timed>::go_live() {
  std::vector<ledger::Journal> journals;
  std::vector<typename Hot<Timed>::Live> live;
  std::vector<Snapshotter::Shard> snapshots;
  std::vector<Input> left_over;
  for (std::size_t i = 0; i < start_.members.size(); ++i) {
    Member<Timed>& member = start_.members[i];
    journals.push_back(member.journal->take_writer());
    live.push_back(
        {member.shard.get(), member.slot.get(), std::make_unique<LiveEmitter>(static_cast<std::uint8_t>(i), rings_)});
    snapshots.push_back({.setup = member.setup, .store = member.store.get(), .slot = member.slot.get()});
    left_over.insert(left_over.end(), member.left_over.begin(), member.left_over.end());
  }
  journals_ = std::make_unique<Journals>(std::move(journals), rings_,
                                         std::chrono::nanoseconds{setup_.config.journal_sync_ns}, panel_.journal_sync);
  hot_ = std::make_unique<Hot<Timed>>(std::move(live), rings_, stopwatch(panel_.hot_times), panel_.hot);
  ingest_ = std::make_unique<Ingest<Timed>>(*start_.source, *start_.decoding, rings_, mailbox_,
                                            stopwatch(panel_.ingest_times), panel_.ingest, setup_.config.threads.wait);
  snapshotter_ = std::make_unique<Snapshotter>(std::move(snapshots), mailbox_, *journals_, *start_.outlet,
                                               start_.reader.get(), start_.fence_epoch, log_, panel_.snapshot);
  if (auto* outlet = dynamic_cast<KafkaOutlet*>(start_.outlet.get())) {
    outlet->set_gauges(panel_.outlet);
    lookers_ = std::make_unique<Lookers>(*outlet, *start_.reader, dynamic_cast<KafkaSource*>(start_.source.get()),
                                         panel_, log_, start_.fence_epoch);
  }

  // Settings that were changed while nobody was here: taken up at the first live position.
  const Change& now = changes_.of_settings(config::settings_json(changes_.settings_of(setup_.config)));
  request_change(now);

  const config::ThreadsConfig& threads = setup_.config.threads;
  if (lookers_ != nullptr) {
    looking_.push_back(spawn("acks", {}, [this] { lookers_->poll_acks(); }));
    looking_.push_back(spawn("watch", {}, [this] { lookers_->watch_outputs(); }));
    looking_.push_back(spawn("care", {}, [this] { lookers_->take_care(); }));
  }
  workers_.push_back(spawn("journal", threads.journal_cpu, [this] { journals_->run(); }));
  workers_.push_back(spawn("publisher", threads.publisher_cpu, [this] { publish_all(); }));
  workers_.push_back(spawn("hot", threads.hot_cpu, [this] { hot_->run(); }));
  workers_.push_back(spawn("ingest", threads.ingest_cpu, [this, left_over = std::move(left_over)]() mutable {
    std::vector<CatchUp::ShardLanes> lanes;
    for (const ShardSetup& shard : setup_.shards) lanes.push_back({shard.lanes});
    ingest_->run(lanes, std::move(left_over));
  }));
  next_snapshot_ = std::chrono::steady_clock::now() + std::chrono::nanoseconds{setup_.config.snapshot_interval_ns};
}

template <bool Timed>
template <class Body>
std::jthread Daemon<Timed>::spawn(const char* name, std::optional<std::uint32_t> cpu, Body&& body) {
  n_working_.fetch_add(1);
  return std::jthread{[this, name, cpu, body = std::forward<Body>(body)]() mutable {
    pthread_setname_np(pthread_self(), name);
    const struct Done {
      std::atomic<int>& n;
      ~Done() { n.fetch_sub(1); }
    } done{n_working_};
    try {
      if (cpu) pin(*cpu);
      body();
    } catch (const Fatal& error) {
      failure_.raise(error.code(), error.what());
    } catch (const kafka::KafkaError& error) {
      failure_.raise(ExitCode::kKafka, error.what());
    } catch (const std::exception& error) {
      failure_.raise(ExitCode::kInternal, std::string{name} + ": " + error.what());
    }
  }};
}

template <bool Timed>
void Daemon<Timed>::mind() {
  for (;;) {
    const int signal = next_signal(kTick);
    if (signal == SIGHUP) reload();
    if (signal == SIGTERM || signal == SIGINT) return;
    tick();
    if (ingest_->ended() && rings_.inputs.size_approx() == 0) return;
  }
}

template <bool Timed>
void Daemon<Timed>::tick() {
  check();
  snapshotter_->step();
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_snapshot_) {
    snapshotter_->ask();
    next_snapshot_ = now + std::chrono::nanoseconds{setup_.config.snapshot_interval_ns};
  }
  if (now < next_show_) return;
  panel_.show_rings(rings_);
  panel_.beat();
  next_show_ = now + kShowEvery;
}

/// Ends everything without another word where a thread has failed: what is on its way is met again at the next start.
template <bool Timed>
void Daemon<Timed>::check() {
  if (!failure_.raised()) return;
  const auto [code, what] = failure_.get();
  panel_.set_state("stopped");
  panel_.set_error(what);
  log_.error(what, {{"exit_code", static_cast<int>(code)}});
  std::_Exit(static_cast<int>(code));
}

template <bool Timed>
template <class Condition>
bool Daemon<Timed>::wait_for(Condition&& condition, std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    check();
    snapshotter_->step();
    std::this_thread::sleep_for(kTick);
  }
  return true;
}

template <bool Timed>
void Daemon<Timed>::end() {
  log_.info("draining");
  ingest_->pause();
  const auto all_written = [this] { return !snapshotter_->busy(); };
  bool written = wait_for(all_written, kSnapshotWait);
  if (written) {
    snapshotter_->ask();
    written = wait_for(all_written, kSnapshotWait);
  }
  if (!written) log_.warning("no last snapshot: the next start replays");
  ingest_->stop();
  // Hot reads its ring to the end, then publisher and journal theirs. One that waits for room behind a dead broker or
  // disk would never be joined.
  const int n_looking = static_cast<int>(looking_.size());
  if (!wait_for([&] { return n_working_.load() == n_looking; }, kEndWait)) {
    failure_.raise(ExitCode::kKafka, "outputs could not be handed over in time; the next start publishes them");
    check();
  }
  workers_.clear();
  if (!start_.outlet->drain(std::chrono::milliseconds{kEndWait})) {
    failure_.raise(ExitCode::kKafka, "outputs were not acknowledged in time; the next start publishes them");
  }
  check();
  if (lookers_ != nullptr) lookers_->end();
  looking_.clear();
}

template <bool Timed>
void Daemon<Timed>::reload() {
  try {
    config::DaemonConfig read = config::load(setup_.config.file);
    const config::Difference difference = config::reloadable_difference(setup_.config, read);
    for (const std::string& key : difference.ignored) log_.warning("changed, but not before a restart", {{"key", key}});
    // By content, not by path: a model may have been written anew in its place.
    const config::Settings settings = changes_.settings_of(read);
    const Change& change = changes_.of_settings(config::settings_json(settings));
    if (&change == change_) return log_.info("nothing to reload");
    setup_.config.strategy = read.strategy;
    setup_.config.risk = read.risk;
    setup_.config.stale_after_ns = read.stale_after_ns;
    read.model.allow_compiled = setup_.config.model.allow_compiled;  // a permission that holds from start to end
    setup_.config.model = read.model;
    const bool other_model = change_ == nullptr || change.model != change_->model;
    request_change(change);
    for (const std::string& key : difference.applied) log_.info("reloaded", {{"key", key}});
    if (other_model) log_.info("another model", {{"model_id", settings.model_id}, {"path", settings.model_path}});
    panel_.set_model(settings.model_id);
  } catch (const std::exception& error) {
    log_.error("not reloaded: the old settings stay", {{"what", error.what()}});
    panel_.set_error(error.what());
  }
}

template <bool Timed>
void Daemon<Timed>::request_change(const Change& change) {
  ingest_->set_stale_after(change.stale_after_ns);
  for (std::size_t i = 0; i < start_.members.size(); ++i) {
    const Change* const last = change_ != nullptr ? change_ : start_.members[i].shard->change();
    if (last->json == change.json) continue;
    Input request{};
    request.kind = InputKind::kChange;
    request.change = &change;
    request.shard = static_cast<std::uint8_t>(i);
    mailbox_.put(request);
  }
  change_ = &change;
}

template <bool Timed>
void Daemon<Timed>::publish_all() {
  for (const Member<Timed>& member : start_.members) {
    for (const Output& output : member.unpublished) {
      if (!start_.outlet->publish(output)) return;
    }
  }
  std::array<Output, 64> batch;
  while (std::size_t n = rings_.outputs.pop_n(batch)) {
    // Where brokers are slow the ring holds what comes meanwhile, and from its half on the client does.
    while (!start_.outlet->begin_burst(kBurstWait) && rings_.outputs.size_approx() < rings_.outputs.capacity() / 2) {}
    for (std::size_t n_burst = n; n != 0; n_burst += n) {
      for (const Output& output : std::span{batch}.first(n)) {
        if (!start_.outlet->publish(output)) return;  // the acknowledgements' thread says why
      }
      n = n_burst < kMostPerBurst ? rings_.outputs.try_pop_n(batch) : 0;
    }
    start_.outlet->end_burst();
  }
}

template class Daemon<true>;
template class Daemon<false>;

}  // namespace hft::daemon
