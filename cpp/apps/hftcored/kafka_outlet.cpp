#include "kafka_outlet.hpp"

#include <algorithm>
#include <string_view>
#include <thread>
#include <utility>

#include "control_text.hpp"
#include "hft/base/fault.hpp"
#include "hft/ledger/frame.hpp"
#include "hft/sequence/output_message.hpp"
#include "hft/telemetry/tick_clock.hpp"

namespace hft::daemon {
namespace {

constexpr std::chrono::milliseconds kQueueNap{1};
constexpr std::chrono::milliseconds kAckNap{1};

std::span<const std::byte> text_bytes(std::string_view text) noexcept { return std::as_bytes(std::span{text}); }

std::uint32_t symbol_of(const ledger::JournalRecord& record) noexcept {
  switch (record.kind) {
    case ledger::FrameKind::kDecision: return record.decision.symbol_id;
    case ledger::FrameKind::kOrder: return record.order.symbol_id;
    default: return record.fill.symbol_id;
  }
}

}  // namespace

/// Travels through the client with its message.
struct KafkaOutlet::Sent {
  Acknowledged* acknowledged;
  std::size_t output;
  std::uint64_t sent_ticks;
  std::uint64_t marker;  // id; 0: none
  std::optional<kafka::Bursts::Id> burst;
};

KafkaOutlet::KafkaOutlet(const kafka::Library& library, std::span<const kafka::Setting> settings,
                         const config::OutputConfig& topics, std::span<const ShardParts> shards)
    : producer_{library, settings} {
  const std::array<std::string, sequence::kOutputs> names = topics.topics();
  for (std::size_t i = 0; i < names.size(); ++i) topics_[i] = producer_.open(names[i]);
  for (const ShardParts& parts : shards) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (parts.partition < topics_[i].n_partitions) continue;
      throw kafka::KafkaError("topic " + names[i] + ": must have a partition " + std::to_string(parts.partition) +
                              " as the input has, has " + std::to_string(topics_[i].n_partitions) + " partitions");
    }
    shards_.push_back({.partition = parts.partition,
                       .instruments = parts.instruments,
                       .order = sequence::InputOrder{},
                       .acknowledged = std::make_unique<Acknowledged>()});
  }
}

KafkaOutlet::~KafkaOutlet() = default;

void KafkaOutlet::lease(const sequence::Lease& lease, std::chrono::milliseconds timeout) {
  fence_epoch_ = lease.fence_epoch;
  const std::vector<std::byte> frame = sequence::lease_frame(lease);
  const sequence::OutputHeader header{.fence_epoch = fence_epoch_};
  for (Shard& shard : shards_) {
    for (std::size_t output = 0; output < sequence::kOutputs; ++output) {
      if (!send(shard, output, header, {.key = {}, .value = frame})) throw kafka::KafkaError("a lease was not taken");
    }
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (n_open_.load(std::memory_order_acquire) != 0) {
    poll(std::chrono::milliseconds{10});
    if (const auto text = failure()) throw kafka::KafkaError(*text);
    if (std::chrono::steady_clock::now() > deadline) {
      throw kafka::KafkaError("the leases were not acknowledged within " + std::to_string(timeout.count()) + " ms");
    }
  }
}

void KafkaOutlet::resume(std::size_t index, const sequence::Position& from, const sequence::History& history) {
  Shard& shard = shards_[index];
  shard.order = history.order();
  for (std::size_t i = 0; i < sequence::kOutputs; ++i) {
    const auto output = static_cast<sequence::Output>(i);
    shard.told[i] = std::max(from.n_inputs, history.n_inputs(output));
    shard.next_seq[i] = history.seq_end(output);
    shard.n_controls[i] = history.n_controls(output);
  }
}

bool KafkaOutlet::begin_burst(std::chrono::microseconds timeout) {
  burst_ = bursts_.begin(timeout);
  return burst_.has_value();
}

void KafkaOutlet::end_burst() {
  if (burst_) bursts_.end(*burst_);
  burst_.reset();
}

bool KafkaOutlet::publish(const Output& output) {
  switch (output.kind) {
    case OutputKind::kRun: return add_run(output);
    case OutputKind::kRecord: return publish_record(output);
    case OutputKind::kPoison: return publish_poison(output);
    case OutputKind::kControl: return publish_control(output);
    case OutputKind::kMarker: return publish_marker(output);
  }
  return true;
}

bool KafkaOutlet::add_run(const Output& output) {
  Shard& shard = shards_[output.shard];
  shard.order.append(output.run);
  if (shard.order.runs().size() < kMostRuns) return true;
  for (std::size_t i = 0; i < sequence::kOutputs; ++i) {
    if (shard.told[i] < shard.order.end() && !send_silent(shard, i, shard.order.end(), 0)) return false;
  }
  forget(shard);
  return true;
}

bool KafkaOutlet::publish_record(const Output& output) {
  Shard& shard = shards_[output.shard];
  std::array<std::byte, ledger::kMaxRecordFrameBytes> frame;
  const std::size_t n_bytes = ledger::encode_frame(output.record.kind, output.record.payload(), frame.data());
  const auto index = static_cast<std::size_t>(output.output);
  const sequence::OutputHeader header{output.seq, fence_epoch_, output.late ? sequence::kLate : 0, output.n_inputs};
  shard.next_seq[index] = output.seq + 1;
  gauges_.published.add();
  if (output.late) gauges_.late.add();
  return send(shard, index, header,
              {.key = text_bytes(shard.instruments[symbol_of(output.record)].symbol),
               .value = std::span{frame}.first(n_bytes),
               .arrived_ticks = output.arrived_ticks});
}

bool KafkaOutlet::publish_poison(const Output& output) {
  const std::unique_ptr<Poison> poison{output.poison};
  Shard& shard = shards_[output.shard];
  const auto index = static_cast<std::size_t>(sequence::Output::kDeadLetters);
  const sequence::OutputHeader header{output.seq, fence_epoch_, output.late ? sequence::kLate : 0, output.n_inputs};
  shard.next_seq[index] = output.seq + 1;
  gauges_.published.add();
  return send(shard, index, header, {.key = poison->key, .value = poison->value, .poison = poison.get()});
}

/// To every output that does not have it yet: each tells the whole story.
bool KafkaOutlet::publish_control(const Output& output) {
  Shard& shard = shards_[output.shard];
  const std::string text = control_text(output.seq, output.n_inputs, *output.change);
  const std::vector<std::byte> frame = sequence::frame_of(ledger::FrameKind::kControl, text_bytes(text));
  for (std::size_t i = 0; i < sequence::kOutputs; ++i) {
    if (output.seq < shard.n_controls[i]) continue;
    shard.n_controls[i] = output.seq + 1;
    if (!send(shard, i, {shard.next_seq[i], fence_epoch_, 0, output.n_inputs}, {.key = {}, .value = frame}))
      return false;
  }
  return true;
}

bool KafkaOutlet::publish_marker(const Output& output) {
  Shard& shard = shards_[output.shard];
  for (std::size_t i = 0; i < sequence::kOutputs; ++i) {
    if (!send_silent(shard, i, output.n_inputs, output.seq)) return false;
  }
  forget(shard);
  return true;
}

bool KafkaOutlet::send_silent(Shard& shard, std::size_t output, std::uint64_t n_inputs, std::uint64_t marker) {
  const std::vector<std::byte> frame = sequence::frame_of(ledger::FrameKind::kInputOrder, {});
  return send(shard, output, {shard.next_seq[output], fence_epoch_, 0, n_inputs},
              {.key = {}, .value = frame, .marker = marker});
}

bool KafkaOutlet::send(Shard& shard, std::size_t output, const sequence::OutputHeader& header, const Piece& piece) {
  const std::vector<sequence::Run> runs = shard.order.slice(shard.told[output], header.n_inputs);
  shard.told[output] = std::max(shard.told[output], header.n_inputs);

  std::array<kafka::Header, 4> headers;
  std::size_t n = 0;
  headers[n++] = {sequence::kHeaderName.data(), sequence::bytes_of(header)};
  if (!runs.empty()) headers[n++] = {sequence::kOrderName.data(), sequence::bytes_of(runs)};
  if (piece.poison != nullptr) {
    headers[n++] = {sequence::kSourceName.data(), text_bytes(piece.poison->source)};
    headers[n++] = {sequence::kReasonName.data(), text_bytes(piece.poison->reason)};
  }
  const telemetry::TickClock& clock = telemetry::TickClock::instance();
  const std::uint64_t now_ticks = clock.ticks();
  if (piece.arrived_ticks != 0 && gauges_.to_produce != nullptr) {
    gauges_.to_produce->record(clock.ns_between(piece.arrived_ticks, now_ticks));
  }
  auto sent = std::make_unique<Sent>(Sent{shard.acknowledged.get(), output, now_ticks, piece.marker, burst_});
  return hand_over(shard, output, std::span{headers}.first(n), piece, std::move(sent));
}

bool KafkaOutlet::hand_over(Shard& shard, std::size_t output, std::span<const kafka::Header> headers,
                            const Piece& piece, std::unique_ptr<Sent> sent) {
  n_open_.fetch_add(1, std::memory_order_relaxed);
  if (sent->burst) bursts_.add(*sent->burst);
  const auto tag = reinterpret_cast<std::uintptr_t>(sent.get());
  kafka::Error why;
  while (!producer_.produce(topics_[output], shard.partition, piece.key, piece.value, headers, tag, &why)) {
    const bool full = why.kind == kafka::ErrorKind::kQueueFull;
    if (full) {
      gauges_.queue_full.add();
      std::this_thread::sleep_for(kQueueNap);
      continue;
    }
    failed_code_.store(why.code != 0 ? why.code : -1);
    n_open_.fetch_sub(1, std::memory_order_relaxed);
    if (sent->burst) bursts_.acknowledged(*sent->burst);
    return false;
  }
  (void)sent.release();  // comes back with the acknowledgement
  base::fault_point(base::FaultPoint::kAfterProduce);
  return true;
}

void KafkaOutlet::forget(Shard& shard) {
  shard.order.forget_before(*std::min_element(shard.told.begin(), shard.told.end()));
}

std::size_t KafkaOutlet::poll(std::chrono::milliseconds timeout) {
  return producer_.poll(timeout, [this](std::uint64_t tag, std::int32_t, std::int64_t offset, int code) {
    const std::unique_ptr<Sent> sent{reinterpret_cast<Sent*>(static_cast<std::uintptr_t>(tag))};
    acknowledge(*sent, offset, code);
    if (sent->burst) bursts_.acknowledged(*sent->burst);
    n_open_.fetch_sub(1, std::memory_order_release);
  });
}

void KafkaOutlet::acknowledge(const Sent& sent, std::int64_t offset, int code) {
  if (code != 0) {
    failed_code_.store(code);
    return;
  }
  gauges_.acknowledged.add();
  if (gauges_.to_ack != nullptr) {
    const telemetry::TickClock& clock = telemetry::TickClock::instance();
    gauges_.to_ack->record(clock.ns_between(sent.sent_ticks, clock.ticks()));
  }
  Acknowledged::Of& of = sent.acknowledged->by_output[sent.output];
  if (sent.marker != 0) {
    of.offset.store(offset, std::memory_order_relaxed);
    of.marker.store(sent.marker, std::memory_order_release);  // who sees this marker sees its offset
  }
}

bool KafkaOutlet::safe(std::size_t shard, std::uint64_t marker,
                       std::array<std::int64_t, sequence::kOutputs>& offsets) const {
  for (std::size_t i = 0; i < sequence::kOutputs; ++i) {
    const Acknowledged::Of& of = shards_[shard].acknowledged->by_output[i];
    if (of.marker.load(std::memory_order_acquire) != marker) return false;
    offsets[i] = of.offset.load(std::memory_order_relaxed);
  }
  return true;
}

bool KafkaOutlet::drain(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (n_open_.load(std::memory_order_acquire) != 0 && !failure()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kAckNap);
  }
  return !failure();
}

std::optional<std::string> KafkaOutlet::failure() const {
  const int code = failed_code_.load();
  if (code == 0) return std::nullopt;
  return "an output was not delivered: " + producer_.client().library().text_of(code);
}

}  // namespace hft::daemon
