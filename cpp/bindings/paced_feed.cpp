#include "paced_feed.hpp"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "hft/kafka/partitioner.hpp"

namespace hft::bindings {
namespace {

using kafka::Error;
using kafka::ErrorKind;
using kafka::milliseconds;

constexpr milliseconds kTick{50};
constexpr std::int64_t kNapNs = 50'000'000;      // how long an abort may go unnoticed
constexpr std::int64_t kHeadStartNs = 20'000'000;  // the threads wake up before message 0 is due
constexpr std::uint64_t kSendsPerPoll = 64;
constexpr std::size_t kMostPerBurst = 1'024;
constexpr unsigned kBurstShift = 56;  // of a message's tag: its burst plus one, over its index
constexpr std::size_t kMostErrors = 32;  // distinct texts that are kept

void count(std::map<std::string, std::uint64_t>& errors, const std::string& text) {
  if (errors.size() < kMostErrors || errors.contains(text)) ++errors[text];
}

void sleep_until(std::int64_t at_ns) {
  const ::timespec at{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

}  // namespace

std::int64_t steady_ns() noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

PacedFeed::PacedFeed(FeedConfig config, const Tick& tick) : config_{std::move(config)}, schedule_{config_.rate_hz} {
  if (config_.n_producers == 0) throw std::invalid_argument("n_producers must be >= 1, was 0");
  for (std::size_t i = 0; i < config_.n_producers; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_[i]->number = i;
    connect(*workers_[i], tick);
  }
  for (const kafka::Topic& topic : workers_.front()->topics) {
    n_partitions_.push_back(topic.n_partitions);
    for (const std::string& key : config_.keys) {
      partition_table_.push_back(kafka::partition_of(key, topic.n_partitions));
    }
  }
  for (auto& worker : workers_) worker->thread = std::thread{[this, w = worker.get()] { work(*w); }};
}

PacedFeed::~PacedFeed() { stop(); }

void PacedFeed::stop() noexcept {
  abort();
  join();
  for (auto& worker : workers_) worker->producer.reset();
}

/// In short tries, so that an interrupt is seen while no broker answers.
void PacedFeed::connect(Worker& worker, const Tick& tick) {
  constexpr milliseconds kTry{150};
  worker.producer = std::make_unique<kafka::Producer>(*config_.library, config_.settings);
  for (const std::string& name : config_.topics) {
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
      tick();
      try {
        worker.topics.push_back(worker.producer->open(name, kTry));
        break;
      } catch (const kafka::KafkaError& error) {
        // a topic that was made a moment ago is not known everywhere
        const milliseconds patience = error.code() == kafka::c::kUnknownTopicOrPart ? milliseconds{1'000} : config_.connect_timeout;
        if (std::chrono::steady_clock::now() - start >= std::min(patience, config_.connect_timeout)) throw;
      }
    }
  }
}

std::int32_t PacedFeed::partition_of(const FeedBlock& block, std::size_t i) const noexcept {
  if (!block.partitions.empty()) return block.partitions[i];
  return partition_table_[block.topics[i] * config_.keys.size() + block.keys[i]];
}

void PacedFeed::push(std::shared_ptr<const FeedBlock> block, const Tick& tick) {
  std::unique_lock lock{mutex_};
  if (ended_) throw std::logic_error("the feed has ended");
  while (pending_.size() >= kMostBlocks && !aborted()) attend(lock, tick);
  if (aborted()) return;
  if (n_scheduled_ == 0) {
    const std::int64_t start_ns = steady_ns() + kHeadStartNs;
    ::timespec wall{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    wall_offset_ns_ = wall.tv_sec * 1'000'000'000 + wall.tv_nsec - steady_ns();
    schedule_.begin(start_ns);
  }
  const std::size_t n = block->values.size();
  pending_.push_back({std::move(block), n_scheduled_, workers_.size()});
  n_scheduled_ += n;
  changed_.notify_all();
}

bool PacedFeed::finish(milliseconds timeout, const Tick& tick) {
  std::unique_lock lock{mutex_};
  ended_ = true;
  changed_.notify_all();
  const auto done = [this] { return std::ranges::all_of(workers_, [](const auto& w) { return w->done; }); };
  std::uint64_t seen = 0;
  auto since = std::chrono::steady_clock::now();
  while (!done()) {
    attend(lock, tick);
    const std::uint64_t now = n_sent() + n_delivered();
    if (std::exchange(seen, now) != now) since = std::chrono::steady_clock::now();
    if (std::chrono::steady_clock::now() - since >= timeout) abort();
  }
  lock.unlock();
  join();
  return !aborted();
}

/// One turn of a thread that waits for the others: client errors, new leaders, interrupts. Lets go of the lock.
void PacedFeed::attend(std::unique_lock<std::mutex>& lock, const Tick& tick) {
  auto wait = kTick;
  for (const auto& worker : workers_) wait = std::min(wait, worker->producer->nudge_interval());
  changed_.wait_for(lock, wait);
  lock.unlock();
  try {
    for (auto& worker : workers_) {
      for (const kafka::ClientEvent& event : worker->producer->poll_events(milliseconds{0})) {
        if (event.kind == kafka::EventKind::kError) count(client_errors_, event.text);
      }
      if (worker->producer->broker_down()) worker->producer->nudge();
    }
    tick();
  } catch (...) {
    abort();
    lock.lock();
    throw;
  }
  lock.lock();
}

PacedFeed::Pending PacedFeed::next_block(std::uint64_t number) {
  std::unique_lock lock{mutex_};
  while (number >= first_pending_ + pending_.size() && !ended_ && !aborted()) changed_.wait_for(lock, kTick);
  if (aborted() || number >= first_pending_ + pending_.size()) return {};
  return pending_[number - first_pending_];
}

void PacedFeed::finish_block(std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  --pending_[number - first_pending_].n_workers_left;
  while (!pending_.empty() && pending_.front().n_workers_left == 0) {
    retired_.push_back(std::move(pending_.front().block));
    pending_.pop_front();
    ++first_pending_;
  }
  changed_.notify_all();
}

void PacedFeed::drop_retired() {
  std::vector<std::shared_ptr<const FeedBlock>> retired;
  const std::lock_guard lock{mutex_};
  retired.swap(retired_);
}

void PacedFeed::work(Worker& worker) noexcept {
  ::prctl(PR_SET_TIMERSLACK, 1'000UL);
  std::uint64_t number = 0;
  for (;; ++number) {
    Pending pending = next_block(number);
    if (pending.block == nullptr) break;
    send(worker, pending);
    pending.block.reset();  // before it is retired: the last reference is never ours
    finish_block(number);
  }
  while (worker.producer->outq_len() != 0 && !aborted()) poll(worker, milliseconds{10});
  const std::lock_guard lock{mutex_};
  worker.done = true;
  changed_.notify_all();
}

void PacedFeed::send(Worker& worker, const Pending& pending) {
  const FeedBlock& block = *pending.block;
  for (std::size_t i = 0; i < block.values.size() && !aborted(); ++i) {
    const auto partition = static_cast<std::size_t>(partition_of(block, i));
    if ((partition + block.topics[i]) % workers_.size() == worker.number) send_one(worker, block, i, pending.first + i);
  }
  end_burst(worker);
}

void PacedFeed::send_one(Worker& worker, const FeedBlock& block, std::size_t i, std::uint64_t index) {
  const std::int64_t due_ns = schedule_.due_ns(index);
  if (schedule_.paced()) {
    wait_until(worker, due_ns);
    begin_burst(worker);
    if (aborted()) return;
  }
  const std::int64_t due_wall_ns = due_ns + wall_offset_ns_;
  const std::array header{kafka::Header{"t", std::as_bytes(std::span{&due_wall_ns, 1})}};
  const std::span headers = std::span{header}.first(config_.time_header ? 1 : 0);
  Error why;
  const std::int64_t now_ns = steady_ns();
  std::uint64_t tag = index;
  if (worker.burst) {
    worker.bursts.add(*worker.burst);
    tag |= std::uint64_t{*worker.burst + 1U} << kBurstShift;
  }
  while (!worker.producer->produce(worker.topics[block.topics[i]], partition_of(block, i),
                                   bytes_of(config_.keys[block.keys[i]]), block.values[i], headers, tag, &why)) {
    if (why.kind != ErrorKind::kQueueFull || aborted()) {
      if (worker.burst) worker.bursts.acknowledged(*worker.burst);
      ++worker.totals.n_failed;
      count(worker.totals.errors, why.text);
      if (why.kind == ErrorKind::kFatal) abort();
      return;
    }
    poll(worker, milliseconds{5});
  }
  if (schedule_.paced()) worker.totals.lateness.record(now_ns - due_ns);
  worker.totals.last_sent_ns = now_ns;
  n_sent_.fetch_add(1, std::memory_order_relaxed);
  if (++worker.totals.n_sent % kSendsPerPoll == 0) poll(worker, milliseconds{0});
}

void PacedFeed::wait_until(Worker& worker, std::int64_t due_ns) {
  std::int64_t now_ns = steady_ns();
  if (now_ns < due_ns) {
    end_burst(worker);
    poll(worker, milliseconds{0});
    now_ns = steady_ns();
  }
  for (; now_ns < due_ns && !aborted(); now_ns = steady_ns()) sleep_until(std::min(due_ns, now_ns + kNapNs));
}

void PacedFeed::begin_burst(Worker& worker) {
  if (worker.n_burst >= kMostPerBurst) end_burst(worker);
  while (!worker.burst && !aborted()) {
    worker.burst = worker.bursts.begin(std::chrono::microseconds{0});
    if (!worker.burst) poll(worker, milliseconds{5});  // until something is acknowledged
  }
  ++worker.n_burst;
}

void PacedFeed::end_burst(Worker& worker) {
  if (worker.burst) worker.bursts.end(*worker.burst);
  worker.burst.reset();
  worker.n_burst = 0;
}

void PacedFeed::poll(Worker& worker, milliseconds timeout) {
  FeedTotals& totals = worker.totals;
  std::int64_t now_ns = 0;
  std::uint64_t n_delivered = 0;
  worker.producer->poll(timeout, [&](std::uint64_t tag, std::int32_t, std::int64_t, int code) {
    if (now_ns == 0) now_ns = steady_ns();
    const std::uint64_t index = tag & ((std::uint64_t{1} << kBurstShift) - 1);
    if (const std::uint64_t burst = tag >> kBurstShift; burst != 0) {
      worker.bursts.acknowledged(static_cast<kafka::Bursts::Id>(burst - 1));
    }
    if (code != 0) {
      ++totals.n_failed;
      count(totals.errors, config_.library->text_of(code));
      return;
    }
    ++n_delivered;
    if (schedule_.paced()) totals.acknowledged.record(now_ns - schedule_.due_ns(index));
  });
  totals.n_delivered += n_delivered;
  n_delivered_.fetch_add(n_delivered, std::memory_order_relaxed);
}

void PacedFeed::join() noexcept {
  {
    const std::lock_guard lock{mutex_};
    changed_.notify_all();
  }
  for (auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

FeedTotals PacedFeed::totals() const {
  FeedTotals all;
  all.errors = client_errors_;
  for (const auto& worker : workers_) {
    const FeedTotals& one = worker->totals;
    all.n_sent += one.n_sent;
    all.n_delivered += one.n_delivered;
    all.n_failed += one.n_failed;
    all.last_sent_ns = std::max(all.last_sent_ns, one.last_sent_ns);
    all.lateness.merge(one.lateness);
    all.acknowledged.merge(one.acknowledged);
    for (const auto& [text, n] : one.errors) all.errors[text] += n;
  }
  return all;
}

}  // namespace hft::bindings
