#include "output_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "exit_code.hpp"
#include "signals.hpp"

namespace hft::daemon {
namespace {

using sequence::LeaseReader;
using sequence::OutputMessage;

/// Gives a batch back, also when something is thrown over one of its messages.
struct Batch {
  explicit Batch(kafka::Consumer& from) : consumer{from} {}
  ~Batch() {
    for (kafka::Message& message : std::span{messages}.first(n)) consumer.release(message);
  }
  Batch(const Batch&) = delete;
  std::span<const kafka::Message> poll(std::chrono::milliseconds timeout) {
    n = consumer.poll(messages, timeout);
    return std::span{messages}.first(n);
  }

  kafka::Consumer& consumer;
  std::vector<kafka::Message> messages = std::vector<kafka::Message>(512);
  std::size_t n = 0;
};

constexpr std::chrono::milliseconds kPoll{20};

// A watcher that asked as often as a reader does would cost the brokers as much as the input itself.
const std::array kWatchSettings{kafka::Setting{"fetch.wait.max.ms", "200"}, kafka::Setting{"fetch.min.bytes", "65536"}};

std::vector<kafka::TopicPartitionOffset> assignment_of(const config::OutputConfig& topics,
                                                       std::span<const OutputReader::Begin> begins) {
  const std::array<std::string, sequence::kOutputs> names = topics.topics();
  std::vector<kafka::TopicPartitionOffset> assignment;
  for (std::size_t output = 0; output < sequence::kOutputs; ++output) {
    for (const OutputReader::Begin& begin : begins) {
      assignment.push_back({names[output], begin.partition, begin.offsets[output]});
    }
  }
  return assignment;
}

}  // namespace

OutputReader::OutputReader(const kafka::Library& library, std::span<const kafka::Setting> settings,
                           const config::OutputConfig& topics, std::span<const Begin> begins)
    : library_{library},
      settings_{settings.begin(), settings.end()},
      names_{topics.topics()},
      consumer_{std::in_place, library, settings, assignment_of(topics, begins)},
      messages_(begins.size()) {
  for (std::size_t output = 0; output < sequence::kOutputs; ++output) {
    for (std::size_t shard = 0; shard < begins.size(); ++shard) {
      const auto& from = consumer_->assignment()[output * begins.size() + shard];
      lanes_.emplace_back(shard, output, from.partition, from.offset, LeaseReader{begins[shard].fence_epoch});
    }
  }
}

std::uint32_t OutputReader::read_to_end(std::chrono::milliseconds timeout) {
  std::map<const Lane*, std::int64_t> ends;
  for (const Lane& lane : lanes_) {
    const kafka::Watermarks marks = consumer_->watermarks(names_[lane.output], lane.partition, timeout);
    if (lane.next_offset < marks.low || lane.next_offset > marks.high) {
      throw Fatal(ExitCode::kInputLost,
                  where(lane, lane.next_offset) +
                      ": what this daemon published since its snapshot is not there, the topic holds [" +
                      std::to_string(marks.low) + ", " + std::to_string(marks.high) + ")");
    }
    ends[&lane] = marks.high;
  }
  read_until([&](const Lane& lane) { return lane.next_offset >= ends.at(&lane); }, nullptr, timeout);
  std::uint32_t epoch = 0;
  for (const Lane& lane : lanes_) epoch = std::max(epoch, lane.reader.current().fence_epoch);
  return epoch;
}

void OutputReader::read_to_lease(const sequence::Lease& own, std::chrono::milliseconds timeout) {
  read_until([](const Lane& lane) { return lane.has_own_lease; }, &own, timeout);
}

template <class Done>
void OutputReader::read_until(Done&& done, const sequence::Lease* own, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!std::all_of(lanes_.begin(), lanes_.end(), done)) {
    end_if_asked();
    Batch batch{*consumer_};
    for (const kafka::Message& message : batch.poll(kPoll)) {
      Lane& lane = lane_of(message);
      see(lane, read(message, lane), own);
      lane.next_offset = message.offset + 1;
    }
    check_consumer();
    if (batch.n == 0 && std::chrono::steady_clock::now() > deadline) {
      throw Fatal(ExitCode::kKafka,
                  "own outputs could not be read back within " + std::to_string(timeout.count()) + " ms");
    }
  }
}

void OutputReader::see(Lane& lane, OutputMessage message, const sequence::Lease* own) {
  const LeaseReader::Verdict verdict = lane.reader.see(message);
  if (verdict == LeaseReader::Verdict::kBroken) {
    throw StaleSnapshot(where(lane, message.offset) + ": written under fence epoch " +
                        std::to_string(message.header.fence_epoch) + ", whose lease does not stand before it");
  }
  if (verdict == LeaseReader::Verdict::kValid) {
    messages_[lane.shard][lane.output].push_back(std::move(message));
    return;
  }
  if (own == nullptr) return;
  const sequence::Lease& current = lane.reader.current();
  const bool is_own =
      std::equal(std::begin(current.writer_id), std::end(current.writer_id), std::begin(own->writer_id));
  if (verdict == LeaseReader::Verdict::kLease && is_own) {
    lane.has_own_lease = true;
  } else if (current.fence_epoch >= own->fence_epoch && !is_own) {
    throw Fatal(ExitCode::kFenced, where(lane, message.offset) + ": another daemon took over with fence epoch " +
                                       std::to_string(current.fence_epoch));
  }
}

void OutputReader::begin_watch() {
  std::vector<kafka::TopicPartitionOffset> from;
  for (const Lane& lane : lanes_) from.push_back({names_[lane.output], lane.partition, lane.next_offset});
  settings_.insert(settings_.end(), kWatchSettings.begin(), kWatchSettings.end());
  consumer_.emplace(library_, settings_, from);
}

std::optional<sequence::Lease> OutputReader::watch(std::chrono::milliseconds timeout) {
  Batch batch{*consumer_};
  for (const kafka::Message& message : batch.poll(timeout)) {
    Lane& lane = lane_of(message);
    if (lane.reader.see(read(message, lane)) == LeaseReader::Verdict::kLease) return lane.reader.current();
    lane.next_offset = message.offset + 1;  // only now: has_read() speaks of what no newer lease precedes
  }
  check_consumer();
  return std::nullopt;
}

bool OutputReader::has_read(std::size_t shard, const std::array<std::int64_t, sequence::kOutputs>& offsets) const {
  return std::all_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return lane.shard != shard || lane.next_offset > offsets[lane.output];
  });
}

std::uint64_t OutputReader::n_void() const noexcept {
  std::uint64_t n = 0;
  for (const Lane& lane : lanes_) n += lane.reader.n_void();
  return n;
}

OutputReader::Lane& OutputReader::lane_of(const kafka::Message& message) {
  const std::string& name = consumer_->topics()[message.topic];
  return *std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return names_[lane.output] == name && lane.partition == message.partition;
  });
}

OutputMessage OutputReader::read(const kafka::Message& message, const Lane& lane) const {
  OutputMessage out;
  out.offset = message.offset;
  out.value.assign(message.value.begin(), message.value.end());
  bool has_header = false;
  for (const kafka::HeaderView& header : consumer_->headers_of(message)) {
    if (header.name == sequence::kHeaderName) {
      const auto read = sequence::read_header(header.value);
      if (read) out.header = *read;
      has_header = read.has_value();
    } else if (header.name == sequence::kOrderName) {
      if (auto runs = sequence::read_runs(header.value)) out.runs = std::move(*runs);
    } else if (header.name == sequence::kSourceName) {
      out.source.assign(header.value.begin(), header.value.end());
    }
  }
  if (!has_header) {
    throw Fatal(ExitCode::kMismatch, where(lane, message.offset) + ": no message of ours: it has no header \"" +
                                         std::string{sequence::kHeaderName} + "\"");
  }
  return out;
}

std::string OutputReader::where(const Lane& lane, std::int64_t offset) const {
  return names_[lane.output] + ":" + std::to_string(lane.partition) + ":" + std::to_string(offset);
}

void OutputReader::check_consumer() {
  if (!consumer_->failed()) return;
  if (const auto error = consumer_->take_error()) {
    const bool lost = error->kind == kafka::ErrorKind::kInputLost;
    throw Fatal(lost ? ExitCode::kInputLost : ExitCode::kKafka, "reading own outputs: " + error->text);
  }
}

}  // namespace hft::daemon
