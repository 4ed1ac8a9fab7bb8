#include "hft/kafka/consumer.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace hft::kafka {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kMostTopics = 16;  // lane numbers keep four bits for the topic
constexpr milliseconds kAsk{2'000};
constexpr milliseconds kBetweenTries{50};

// Measured on three brokers on loopback; what each is for stands beside it.
constexpr std::array kDefaults{
    DefaultSetting{"client.id", "hftcore"},
    DefaultSetting{"auto.offset.reset", "error", true},  // a lost offset stops us; it never becomes a silent jump
    DefaultSetting{"enable.auto.commit", "false", true},
    DefaultSetting{"enable.auto.offset.store", "false", true},  // offsets live in the caller's snapshot
    DefaultSetting{"enable.partition.eof", "false"},
    DefaultSetting{"allow.auto.create.topics", "false"},
    DefaultSetting{"isolation.level", "read_uncommitted"},
    DefaultSetting{"check.crcs", "true"},
    DefaultSetting{"fetch.min.bytes", "1"},
    DefaultSetting{"fetch.wait.max.ms", "10"},      // bounds the loop of empty fetches; costs no latency
    DefaultSetting{"fetch.error.backoff.ms", "10"},
    DefaultSetting{"fetch.queue.backoff.ms", "1", false, true},  // 1000 made a slow reader five times slower
    DefaultSetting{"queued.min.messages", "100000"},             // overload shows as lag, not as memory
    DefaultSetting{"queued.max.messages.kbytes", "65536"},
    DefaultSetting{"socket.nagle.disable", "true"},
    DefaultSetting{"socket.keepalive.enable", "true"},
    DefaultSetting{"socket.timeout.ms", "10000"},  // a broker that hangs is given up after this
    DefaultSetting{"retry.backoff.ms", "10"},
    DefaultSetting{"retry.backoff.max.ms", "100", false, true},
    DefaultSetting{"reconnect.backoff.ms", "10"},
    DefaultSetting{"reconnect.backoff.max.ms", "200"},
    DefaultSetting{"topic.metadata.refresh.fast.interval.ms", "10"},
    DefaultSetting{"enable.sparse.connections", "false", false, true},  // a second broker to ask when one dies
    DefaultSetting{"statistics.interval.ms", "1000"},
};

int milliseconds_of(milliseconds timeout) noexcept {
  return static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, INT32_MAX));
}

/// Codes that pass while brokers come, go and elect leaders.
bool is_passing(c::Code code) noexcept {
  constexpr std::array kPassing{c::kTransport, c::kTimedOut, c::kAllBrokersDown, c::kWaitCache,
                                c::kLeaderNotAvailable, c::kNotLeader, c::kRequestTimedOut, c::kNetworkException,
                                c::kOffsetNotAvailable,
                                c::kUnknownTopicOrPart};  // of a topic that the cluster has, and this broker not yet
  return std::ranges::find(kPassing, code) != kPassing.end();
}

std::string place_of(const std::string& topic, std::int32_t partition) {
  return "Kafka topic \"" + topic + "\" partition " + std::to_string(partition);
}

}  // namespace

Consumer::Consumer(const Library& library, std::span<const Setting> settings,
                   std::span<const TopicPartitionOffset> assignment, Lanes lanes, milliseconds timeout)
    : client_{library, c::kConsumer, kDefaults, settings} {
  try {
    open(assignment, timeout);
    start(lanes);
  } catch (...) {
    stop();
    throw;
  }
}

Consumer::~Consumer() { stop(); }

void Consumer::open(std::span<const TopicPartitionOffset> assignment, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto left = [&] {
    return std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()));
  };
  for (TopicPartitionOffset from : assignment) {
    auto named = std::ranges::find(names_, from.topic);
    if (named == names_.end()) {
      if (names_.size() == kMostTopics) throw KafkaError("a consumer reads at most 16 topics");
      std::int32_t n_partitions = 0;
      topics_.push_back(client_.open_topic(from.topic, left(), &n_partitions));
      n_partitions_.push_back(n_partitions);
      names_.push_back(from.topic);
      named = names_.end() - 1;
    }
    const std::int32_t n = n_partitions_[static_cast<std::size_t>(named - names_.begin())];
    const std::string place = place_of(from.topic, from.partition);
    if (from.partition < 0 || from.partition >= n) {
      throw KafkaError(place + ": the topic has partitions 0 to " + std::to_string(n - 1));
    }
    const auto same = [&](const TopicPartitionOffset& other) {
      return other.topic == from.topic && other.partition == from.partition;
    };
    if (std::ranges::any_of(assignment_, same)) throw KafkaError(place + " is assigned twice");
    if (from.offset == kEarliest) {
      from.offset = watermarks(from.topic, from.partition, left()).low;
    } else if (from.offset == kLatest) {
      from.offset = watermarks(from.topic, from.partition, left()).high;
    } else if (from.offset < 0) {
      throw KafkaError(place + ": offset must be >= 0, was " + std::to_string(from.offset));
    }
    assignment_.push_back(std::move(from));
  }
}

void Consumer::start(Lanes lanes) {
  queue_ = client_.api().queue_new_(client_.handle());
  for (const TopicPartitionOffset& from : assignment_) {
    c::Queue* lane = client_.api().queue_new_(client_.handle());
    if (lanes == Lanes::kMerged) client_.api().queue_forward_(lane, queue_);
    const auto topic = static_cast<std::size_t>(std::ranges::find(names_, from.topic) - names_.begin());
    if (client_.api().consume_start_queue_(topics_[topic], from.partition, from.offset, lane) != 0) {
      const c::Code code = client_.api().last_error_();
      client_.api().queue_destroy_(lane);
      throw KafkaError(place_of(from.topic, from.partition) + ": " + client_.library().text_of(code), code);
    }
    lanes_.push_back(lane);
  }
}

void Consumer::stop() noexcept {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto topic = static_cast<std::size_t>(std::ranges::find(names_, assignment_[i].topic) - names_.begin());
    client_.api().consume_stop_(topics_[topic], assignment_[i].partition);
    client_.api().queue_destroy_(lanes_[i]);
  }
  lanes_.clear();
  if (queue_ != nullptr) client_.api().queue_destroy_(queue_);
  queue_ = nullptr;
}

std::size_t Consumer::poll(std::span<Message> out, milliseconds timeout) noexcept {
  return take_from(queue_, out, timeout);
}

std::size_t Consumer::poll_one(std::size_t index, std::span<Message> out, milliseconds timeout) noexcept {
  return take_from(lanes_[index], out, timeout);
}

void Consumer::merge() noexcept {
  for (c::Queue* lane : lanes_) client_.api().queue_forward_(lane, queue_);  // takes along what is in it
}

std::size_t Consumer::take_from(c::Queue* queue, std::span<Message> out, milliseconds timeout) noexcept {
  const c::Api& api = client_.api();
  if (out.empty()) return 0;
  // consume_batch_queue with a timeout would wait for a full batch: block for one message only, then drain
  c::Message* first = api.consume_queue_(queue, milliseconds_of(timeout));
  if (first == nullptr) return 0;
  std::size_t n = accept(first, out[0]) ? 1 : 0;
  std::array<c::Message*, kBatch> raw;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the call
  while (n < out.size()) {
    const ::ssize_t got = api.consume_batch_queue_(queue, 0, raw.data(), std::min(out.size() - n, kBatch));
    if (got <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) n += accept(raw[i], out[n]) ? 1 : 0;
  }
  return n;
}

bool Consumer::accept(c::Message* raw, Message& out) noexcept {
  if (raw->err != c::kNoError) [[unlikely]] {
    if (raw->err != c::kPartitionEof && failure_.code == c::kNoError) {
      failure_ = {raw->err, topic_of(raw->topic), raw->partition, raw->offset};
    }
    client_.api().message_destroy_(raw);
    return false;
  }
  int kind = 0;
  out.key = {static_cast<const std::byte*>(raw->key), raw->key_len};
  out.value = {static_cast<const std::byte*>(raw->payload), raw->len};
  out.offset = raw->offset;
  out.timestamp_ms = client_.api().message_timestamp_(raw, &kind);
  out.partition = raw->partition;
  out.topic = topic_of(raw->topic);
  out.handle = raw;
  return true;
}

std::uint16_t Consumer::topic_of(const c::Topic* topic) const noexcept {
  std::size_t i = 0;
  while (i + 1 < topics_.size() && topics_[i] != topic) ++i;
  return static_cast<std::uint16_t>(i);
}

void Consumer::release(Message& message) noexcept {
  client_.api().message_destroy_(static_cast<c::Message*>(message.handle));
  message = {};
}

std::optional<Error> Consumer::take_error() {
  if (!failed()) return std::nullopt;
  const Failure met = std::exchange(failure_, {});
  if (met.code == c::kFatal) return client_.fatal();
  const std::string& topic = names_[met.topic];
  Error error{ErrorKind::kOther, met.code, place_of(topic, met.partition)};
  if (met.code == c::kAutoOffsetReset || met.code == c::kOffsetOutOfRange || met.code == c::kLogTruncation) {
    error.kind = ErrorKind::kInputLost;
    error.text += ": offset " + std::to_string(met.offset) + " is not in the log";
    try {
      const Watermarks marks = watermarks(topic, met.partition, kAsk);
      error.text += ", which holds offsets " + std::to_string(marks.low) + " to below " + std::to_string(marks.high);
    } catch (const KafkaError& unknown) {
      error.text += std::string{"; its ends are unknown: "} + unknown.what();
    }
    return error;
  }
  error.text += " offset " + std::to_string(met.offset) + ": " + client_.library().text_of(met.code);
  return error;
}

Watermarks Consumer::watermarks(const std::string& topic, std::int32_t partition, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;; std::this_thread::sleep_for(kBetweenTries)) {
    Watermarks marks;
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    const c::Code code = client_.api().query_watermark_offsets_(client_.handle(), topic.c_str(), partition, &marks.low,
                                                               &marks.high, milliseconds_of(std::min(left, kAsk)));
    if (code == c::kNoError) return marks;
    if (!is_passing(code) || left <= milliseconds{0}) {
      throw KafkaError(place_of(topic, partition) + ": no watermarks: " + client_.library().text_of(code) +
                           client_.last_words(), code);
    }
  }
}

std::vector<HeaderView> Consumer::headers_of(const Message& message) const {
  const c::Api& api = client_.api();
  std::vector<HeaderView> out;
  c::Headers* headers = nullptr;
  if (api.message_headers_(static_cast<const c::Message*>(message.handle), &headers) != c::kNoError) return out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t n_bytes = 0;
  while (api.header_get_all_(headers, out.size(), &name, &value, &n_bytes) == c::kNoError) {
    out.push_back({name, {static_cast<const std::byte*>(value), n_bytes}});
  }
  return out;
}

}  // namespace hft::kafka
