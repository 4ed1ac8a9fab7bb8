#include "hft/feed/paced_feed.hpp"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "hft/kafka/partitioner.hpp"

namespace hft::feed {
namespace {

using kafka::milliseconds;

constexpr milliseconds kTick{50};
constexpr std::int64_t kHeadStartNs = 20'000'000;  // the threads wake up before message 0 is due

}  // namespace

PacedFeed::PacedFeed(FeedConfig config, const Tick& tick) : plan_{std::move(config)} {
  if (plan_.config.n_producers == 0) throw std::invalid_argument("n_producers must be >= 1, was 0");
  for (std::size_t i = 0; i < plan_.config.n_producers; ++i) hands_.push_back(std::make_unique<Hand>(plan_, i, tick));
  for (const kafka::Topic& topic : hands_.front()->worker.topics()) {
    plan_.n_partitions.push_back(topic.n_partitions);
    for (const std::string& key : plan_.config.keys) {
      plan_.partition_table.push_back(kafka::partition_of(key, topic.n_partitions));
    }
  }
  for (auto& hand : hands_) hand->thread = std::thread{[this, h = hand.get()] { work(*h); }};
}

PacedFeed::~PacedFeed() { stop(); }

void PacedFeed::stop() noexcept {
  abort();
  join();
  for (auto& hand : hands_) hand->worker.disconnect();
}

void PacedFeed::push(std::shared_ptr<const FeedBlock> block, const Tick& tick) {
  std::unique_lock lock{mutex_};
  if (ended_) throw std::logic_error("the feed has ended");
  while (pending_.size() >= kMostBlocks && !plan_.aborted()) attend(lock, tick);
  if (plan_.aborted()) return;
  if (n_scheduled_ == 0) {
    const std::int64_t start_ns = steady_ns() + kHeadStartNs;
    ::timespec wall{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    plan_.wall_offset_ns = wall.tv_sec * 1'000'000'000 + wall.tv_nsec - steady_ns();
    plan_.schedule.begin(start_ns);
  }
  const std::size_t n = block->values.size();
  pending_.push_back({std::move(block), n_scheduled_, hands_.size()});
  n_scheduled_ += n;
  changed_.notify_all();
}

bool PacedFeed::finish(milliseconds timeout, const Tick& tick) {
  std::unique_lock lock{mutex_};
  ended_ = true;
  changed_.notify_all();
  const auto done = [this] { return std::ranges::all_of(hands_, [](const auto& hand) { return hand->done; }); };
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
  return !plan_.aborted();
}

/// One turn of a thread that waits for the others: client errors, new leaders, interrupts. Lets go of the lock.
void PacedFeed::attend(std::unique_lock<std::mutex>& lock, const Tick& tick) {
  auto wait = kTick;
  for (const auto& hand : hands_) wait = std::min(wait, hand->worker.producer().nudge_interval());
  changed_.wait_for(lock, wait);
  lock.unlock();
  try {
    for (auto& hand : hands_) {
      kafka::Producer& producer = hand->worker.producer();
      for (const kafka::ClientEvent& event : producer.poll_events(milliseconds{0})) {
        if (event.kind == kafka::EventKind::kError) count_error(client_errors_, event.text);
      }
      if (producer.broker_down()) producer.nudge();
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
  const auto is_there = [&] { return number < first_pending_ + pending_.size(); };
  while (!is_there() && !ended_ && !plan_.aborted()) changed_.wait_for(lock, kTick);
  if (plan_.aborted() || !is_there()) return {};
  return pending_[number - first_pending_];
}

void PacedFeed::finish_block(std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  --pending_[number - first_pending_].n_hands_left;
  while (!pending_.empty() && pending_.front().n_hands_left == 0) {
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

void PacedFeed::work(Hand& hand) noexcept {
  ::prctl(PR_SET_TIMERSLACK, 1'000UL);
  for (std::uint64_t number = 0;; ++number) {
    Pending pending = next_block(number);
    if (pending.block == nullptr) break;
    hand.worker.send(*pending.block, pending.first);
    pending.block.reset();  // before it is retired: the last reference is never ours
    finish_block(number);
  }
  hand.worker.drain();
  const std::lock_guard lock{mutex_};
  hand.done = true;
  changed_.notify_all();
}

void PacedFeed::join() noexcept {
  {
    const std::lock_guard lock{mutex_};
    changed_.notify_all();
  }
  for (auto& hand : hands_) {
    if (hand->thread.joinable()) hand->thread.join();
  }
}

FeedTotals PacedFeed::totals() const {
  FeedTotals all;
  all.errors = client_errors_;
  for (const auto& hand : hands_) all.add(hand->worker.totals());
  return all;
}

}  // namespace hft::feed
