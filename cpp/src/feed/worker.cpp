#include "hft/feed/worker.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace hft::feed {
namespace {

using kafka::Error;
using kafka::ErrorKind;
using kafka::milliseconds;

constexpr std::int64_t kNapNs = 50'000'000;  // how long an abort may go unnoticed
constexpr std::uint64_t kSendsPerPoll = 64;
constexpr std::size_t kMostPerBurst = 1'024;
constexpr unsigned kBurstShift = 56;     // of a message's tag: its burst plus one, over its index
constexpr std::size_t kMostErrors = 32;  // distinct texts that are kept

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

void count_error(std::map<std::string, std::uint64_t>& errors, const std::string& text) {
  if (errors.size() < kMostErrors || errors.contains(text)) ++errors[text];
}

void FeedTotals::add(const FeedTotals& other) {
  n_sent += other.n_sent;
  n_delivered += other.n_delivered;
  n_failed += other.n_failed;
  last_sent_ns = std::max(last_sent_ns, other.last_sent_ns);
  lateness.merge(other.lateness);
  acknowledged.merge(other.acknowledged);
  for (const auto& [text, n] : other.errors) errors[text] += n;
}

Worker::Worker(FeedPlan& plan, std::size_t number, const std::function<void()>& tick)
    : plan_{plan},
      number_{number},
      producer_{std::make_unique<kafka::Producer>(*plan.config.library, plan.config.settings)} {
  for (const std::string& name : plan_.config.topics) open(name, tick);
}

/// In short tries, so that an interrupt is seen while no broker answers.
void Worker::open(const std::string& topic, const std::function<void()>& tick) {
  constexpr milliseconds kTry{150};
  constexpr milliseconds kUnknownPatience{1'000};  // a topic that was made a moment ago is not known everywhere
  const milliseconds timeout = plan_.config.connect_timeout;
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    tick();
    try {
      topics_.push_back(producer_->open(topic, kTry));
      return;
    } catch (const kafka::KafkaError& error) {
      const milliseconds patience = error.code() == kafka::c::kUnknownTopicOrPart ? kUnknownPatience : timeout;
      if (std::chrono::steady_clock::now() - start >= std::min(patience, timeout)) throw;
    }
  }
}

void Worker::send(const FeedBlock& block, std::uint64_t first) {
  for (std::size_t i = 0; i < block.values.size() && !plan_.aborted(); ++i) {
    const auto partition = static_cast<std::size_t>(plan_.partition_of(block, i));
    if ((partition + block.topics[i]) % plan_.config.n_producers == number_) send_one(block, i, first + i);
  }
  end_burst();
}

void Worker::drain() {
  while (producer_->outq_len() != 0 && !plan_.aborted()) poll(milliseconds{10});
}

void Worker::send_one(const FeedBlock& block, std::size_t i, std::uint64_t index) {
  const std::int64_t due_ns = plan_.schedule.due_ns(index);
  if (plan_.schedule.paced()) {
    wait_until(due_ns);
    begin_burst();
    if (plan_.aborted()) return;
  }
  const std::int64_t due_wall_ns = due_ns + plan_.wall_offset_ns;
  const std::array header{kafka::Header{"t", std::as_bytes(std::span{&due_wall_ns, 1})}};
  const std::span headers = std::span{header}.first(plan_.config.time_header ? 1 : 0);
  Error why;
  const std::int64_t now_ns = steady_ns();
  std::uint64_t tag = index;
  if (burst_) {
    bursts_.add(*burst_);
    tag |= std::uint64_t{*burst_ + 1U} << kBurstShift;
  }
  while (!producer_->produce(topics_[block.topics[i]], plan_.partition_of(block, i),
                             bytes_of(plan_.config.keys[block.keys[i]]), block.values[i], headers, tag, &why)) {
    if (why.kind != ErrorKind::kQueueFull || plan_.aborted()) return refused(why);
    poll(milliseconds{5});
  }
  if (plan_.schedule.paced()) totals_.lateness.record(now_ns - due_ns);
  totals_.last_sent_ns = now_ns;
  plan_.n_sent.fetch_add(1, std::memory_order_relaxed);
  if (++totals_.n_sent % kSendsPerPoll == 0) poll(milliseconds{0});
}

void Worker::refused(const Error& why) {
  if (burst_) bursts_.acknowledged(*burst_);
  ++totals_.n_failed;
  count_error(totals_.errors, why.text);
  if (why.kind == ErrorKind::kFatal) plan_.abort.store(true, std::memory_order_relaxed);
}

void Worker::wait_until(std::int64_t due_ns) {
  std::int64_t now_ns = steady_ns();
  if (now_ns < due_ns) {
    end_burst();
    poll(milliseconds{0});
    now_ns = steady_ns();
  }
  for (; now_ns < due_ns && !plan_.aborted(); now_ns = steady_ns()) sleep_until(std::min(due_ns, now_ns + kNapNs));
}

void Worker::begin_burst() {
  if (n_burst_ >= kMostPerBurst) end_burst();
  while (!burst_ && !plan_.aborted()) {
    burst_ = bursts_.begin(std::chrono::microseconds{0});
    if (!burst_) poll(milliseconds{5});  // until something is acknowledged
  }
  ++n_burst_;
}

void Worker::end_burst() {
  if (burst_) bursts_.end(*burst_);
  burst_.reset();
  n_burst_ = 0;
}

void Worker::poll(milliseconds timeout) {
  std::int64_t now_ns = 0;
  std::uint64_t n_delivered = 0;
  producer_->poll(timeout, [&](std::uint64_t tag, std::int32_t, std::int64_t, int code) {
    if (now_ns == 0) now_ns = steady_ns();
    const std::uint64_t index = tag & ((std::uint64_t{1} << kBurstShift) - 1);
    if (const std::uint64_t burst = tag >> kBurstShift; burst != 0) {
      bursts_.acknowledged(static_cast<kafka::Bursts::Id>(burst - 1));
    }
    if (code != 0) {
      ++totals_.n_failed;
      count_error(totals_.errors, plan_.config.library->text_of(code));
      return;
    }
    ++n_delivered;
    if (plan_.schedule.paced()) totals_.acknowledged.record(now_ns - plan_.schedule.due_ns(index));
  });
  totals_.n_delivered += n_delivered;
  plan_.n_delivered.fetch_add(n_delivered, std::memory_order_relaxed);
}

}  // namespace hft::feed
