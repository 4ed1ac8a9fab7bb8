#include "hft/feed/hop_probe.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "hft/event/event.hpp"
#include "hft/ledger/frame.hpp"

namespace hft::feed {
namespace {

using kafka::milliseconds;

constexpr std::size_t kBatch = 512;
constexpr milliseconds kPoll{20};
constexpr milliseconds kSendPatience{30'000};  // without any progress
constexpr milliseconds kReadPatience{10'000};  // for the last messages of one hop
constexpr std::uint64_t kPartitionBits = 12;   // of a lane; the topic is above

/// Partition and offset of the message that caused a decision; false for any other frame.
bool cause_of(std::span<const std::byte> frame, std::int32_t* partition, std::int64_t* offset) {
  ledger::FrameHeader header{};
  ledger::DecisionId id{};
  if (frame.size() != sizeof header + sizeof(ledger::Decision)) return false;
  std::memcpy(&header, frame.data(), sizeof header);
  if (header.kind != static_cast<std::uint16_t>(ledger::FrameKind::kDecision)) return false;
  std::memcpy(&id, frame.data() + sizeof header, sizeof id);
  *partition = static_cast<std::int32_t>(id.source_seq >> event::kOffsetBits & ((1U << kPartitionBits) - 1));
  *offset = static_cast<std::int64_t>(id.source_seq & ((std::uint64_t{1} << event::kOffsetBits) - 1));
  return true;
}

}  // namespace

HopProbe::HopProbe(ProbeConfig config, const PacedFeed::Tick& tick)
    : config_{std::move(config)}, feed_{config_.feed, tick} {
  const kafka::Library& library = *config_.feed.library;
  const std::string& written = config_.feed.topics.at(0);
  kafka::Consumer look{library, config_.consumer, {}};
  for (std::int32_t p = 0; p < feed_.n_partitions(0); ++p) {
    tick();
    base_offsets_.push_back(look.watermarks(written, p, config_.feed.connect_timeout).high);
  }
  std::int32_t n_read_partitions = feed_.n_partitions(0);
  if (config_.read_topic != written) {
    const kafka::TopicPartitionOffset any{config_.read_topic, 0, kafka::kLatest};
    n_read_partitions = kafka::Consumer{library, config_.consumer, {&any, 1}}.n_partitions(0);
  }
  std::vector<kafka::TopicPartitionOffset> from;
  for (std::int32_t p = 0; p < n_read_partitions; ++p) from.push_back({config_.read_topic, p, kafka::kLatest});
  consumer_ = std::make_unique<kafka::Consumer>(library, config_.consumer, from, kafka::Lanes::kMerged,
                                                config_.feed.connect_timeout);
  by_place_.resize(base_offsets_.size());
}

ProbeTotals HopProbe::run(std::shared_ptr<const FeedBlock> block, const PacedFeed::Tick& tick) {
  n_messages_ = block->values.size();
  for (std::size_t i = 0; i < block->values.size(); ++i) {
    by_place_.at(static_cast<std::size_t>(feed_.partition_of(*block, i))).push_back(i);
  }
  ProbeTotals totals;
  std::map<std::string, std::uint64_t> errors;  // of the reader's client
  feed_.push(std::move(block), tick);
  std::thread reader{[&] { read(totals); }};
  const auto attend = [&] {
    for (const kafka::ClientEvent& event : consumer_->poll_events(milliseconds{0})) {
      if (event.kind == kafka::EventKind::kError) ++errors[event.text];
    }
    if (consumer_->broker_down()) consumer_->nudge();
    tick();
  };
  try {
    const bool all_sent = feed_.finish(kSendPatience, attend);
    sent_.store(true, std::memory_order_relaxed);
    if (!all_sent) stop_.store(true, std::memory_order_relaxed);
    while (!stop_.load(std::memory_order_relaxed)) {
      std::this_thread::sleep_for(kPoll);
      attend();
    }
  } catch (...) {
    stop_.store(true, std::memory_order_relaxed);
    reader.join();
    throw;
  }
  reader.join();
  totals.feed = feed_.totals();
  for (const auto& [text, n] : errors) totals.feed.errors[text] += n;
  return totals;
}

void HopProbe::read(ProbeTotals& totals) {
  std::vector<kafka::Message> batch(kBatch);
  std::int64_t quiet_since_ns = steady_ns();
  const std::int64_t patience_ns =
      std::chrono::nanoseconds{config_.hop == Hop::kSame ? kReadPatience : config_.quiet}.count();
  while (!stop_.load(std::memory_order_relaxed)) {
    const bool sent = sent_.load(std::memory_order_relaxed);
    const std::size_t n = consumer_->poll(batch, kPoll);
    const std::int64_t now_ns = steady_ns();
    for (std::size_t i = 0; i < n; ++i) {
      note(batch[i], now_ns, totals);
      consumer_->release(batch[i]);
    }
    if (n != 0 || !sent) quiet_since_ns = now_ns;
    if (consumer_->failed()) {
      if (const auto error = consumer_->take_error()) totals.error = error->text;
      break;
    }
    if (all_read(totals) || now_ns - quiet_since_ns >= patience_ns) break;
  }
  stop_.store(true, std::memory_order_relaxed);
}

void HopProbe::note(const kafka::Message& message, std::int64_t now_ns, ProbeTotals& totals) {
  if (++totals.n_read == 1) totals.first_read_ns = now_ns;
  totals.last_read_ns = now_ns;
  std::int32_t partition = message.partition;
  std::int64_t offset = message.offset;
  if (config_.hop == Hop::kDecisions && !cause_of(message.value, &partition, &offset)) return;
  record(partition, offset, now_ns, totals);
}

void HopProbe::record(std::int32_t partition, std::int64_t offset, std::int64_t now_ns, ProbeTotals& totals) {
  const auto p = static_cast<std::size_t>(partition);
  if (p >= by_place_.size() || offset < base_offsets_[p]) return;
  const auto place = static_cast<std::size_t>(offset - base_offsets_[p]);
  if (place >= by_place_[p].size()) return;
  ++totals.n_matched;
  const std::uint64_t index = by_place_[p][place];
  if (index >= config_.warm_up) totals.latency.record(now_ns - feed_.schedule().due_ns(index));
}

bool HopProbe::all_read(const ProbeTotals& totals) const noexcept {
  return config_.hop == Hop::kSame && totals.n_matched >= n_messages_;
}

}  // namespace hft::feed
