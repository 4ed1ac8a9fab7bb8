#include "hft/kafka/client.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

namespace hft::kafka {
namespace {

constexpr int kErr = 3, kNotice = 5;  // syslog levels
constexpr std::size_t kTextBytes = 512;
constexpr std::size_t kMostAside = 1024;        // nobody polls: later ones are dropped
constexpr std::size_t kMostPerPoll = 256;
constexpr milliseconds kSlice{2'000};           // a broker that is paused must not eat the whole deadline
constexpr milliseconds kMissingGrace{1'000};    // a topic made a moment ago is not known everywhere
constexpr milliseconds kBetweenTries{50};
constexpr std::chrono::seconds kElection{10};  // 1 to 5 s, as brokers are set
constexpr milliseconds kNudgeSoon{20};
constexpr milliseconds kNudgeWait{20};
constexpr milliseconds kNudgeLater{50};

constexpr std::array kSecretParts{"password", "secret", "token", "pem", "jaas", "oauthbearer.config", "credential"};

bool is_secret(std::string_view name) {
  return std::ranges::any_of(kSecretParts, [&](const char* part) { return name.find(part) != std::string_view::npos; });
}

int milliseconds_of(milliseconds timeout) {
  return static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, INT32_MAX));
}

milliseconds left_until(std::chrono::steady_clock::time_point deadline) {
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()));
}

std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string text_of(const Setting& s) { return "Kafka property \"" + s.name + "\""; }

}  // namespace

Client::Client(const Library& library, c::ClientType type, std::span<const DefaultSetting> defaults,
               std::span<const Setting> settings)
    : library_{&library} {
  for (const Setting& s : settings) {
    if (is_secret(s.name) && !s.value.empty()) secrets_.push_back(s.value);
  }
  // the longest first: a secret that holds another one is not left half visible
  std::ranges::sort(secrets_, std::ranges::greater{}, &std::string::size);
  aside_.reserve(kMostAside);

  c::Conf* conf = api().conf_new_();
  std::array<char, kTextBytes> why{};
  try {
    configure(conf, defaults, settings);
  } catch (...) {
    api().conf_destroy_(conf);
    throw;
  }
  const int deliveries = type == c::kProducer ? c::kEventDelivery : 0;
  api().conf_set_events_(conf, deliveries | c::kEventLog | c::kEventError | c::kEventStats);
  handle_ = api().new_(type, conf, why.data(), why.size());
  if (handle_ == nullptr) {
    api().conf_destroy_(conf);
    throw KafkaError("Kafka client: " + redacted(why.data()));
  }
  main_queue_ = api().queue_get_main_(handle_);
  log_queue_ = api().queue_new_(handle_);
  api().set_log_queue_(handle_, log_queue_);
  // a producer's main queue also brings the deliveries, so somebody else polls it and sets the rest aside
  if (type == c::kConsumer) api().queue_forward_(main_queue_, log_queue_);
}

Client::~Client() {
  for (c::Event* event : aside_) api().event_destroy_(event);
  for (c::Topic* topic : topics_) api().topic_destroy_(topic);
  api().queue_forward_(main_queue_, nullptr);
  api().set_log_queue_(handle_, nullptr);
  api().queue_destroy_(log_queue_);
  api().queue_destroy_(main_queue_);
  api().destroy_(handle_);
}

void Client::configure(c::Conf* conf, std::span<const DefaultSetting> defaults, std::span<const Setting> settings) {
  set(conf, "log.queue", "true", false);
  for (const DefaultSetting& d : defaults) set(conf, d.name, d.value, d.optional);
  for (const Setting& s : settings) {
    const auto ours =
        std::ranges::find_if(defaults, [&](const DefaultSetting& d) { return d.fixed && s.name == d.name; });
    if (ours != defaults.end() && s.value != ours->value) {
      throw KafkaError(text_of(s) + " is fixed: " + ours->value);
    }
    set(conf, s.name, s.value, false);
  }
}

void Client::set(c::Conf* conf, const std::string& name, const std::string& value, bool optional) {
  std::array<char, kTextBytes> why{};
  const c::ConfResult result = api().conf_set_(conf, name.c_str(), value.c_str(), why.data(), why.size());
  if (result == c::kConfOk) return;
  const bool left_out = result == c::kConfUnknown && optional;
  const std::string text = text_of({name, value}) + (left_out ? " is left out" : "") + ": librdkafka " +
                           library_->version() + " says: " + redacted(why.data());
  if (!left_out) throw KafkaError(text, c::kInvalidArg);
  notes_.push_back({EventKind::kLog, kNotice, text});
}

c::Topic* Client::open_topic(const std::string& name, milliseconds timeout, std::int32_t* n_partitions) {
  c::Topic* topic = api().topic_new_(handle_, name.c_str(), nullptr);
  const std::string what = "Kafka topic \"" + name + "\"";
  if (topic == nullptr) throw KafkaError(what + ": " + library_->text_of(api().last_error_()));
  topics_.push_back(topic);

  const auto start = std::chrono::steady_clock::now();
  c::Code code = c::kTimedOut;
  for (;; std::this_thread::sleep_for(kBetweenTries)) {
    const milliseconds left = left_until(start + timeout);
    const c::Metadata* metadata = nullptr;
    code = api().metadata_(handle_, 0, topic, &metadata, milliseconds_of(std::min(left, kSlice)));
    if (code == c::kNoError) {
      const bool found = metadata->topic_cnt == 1;
      code = found ? metadata->topics[0].err : c::kTimedOut;
      *n_partitions = found ? metadata->topics[0].partition_cnt : 0;
      api().metadata_destroy_(metadata);
      if (code == c::kNoError && *n_partitions > 0) return topic;
      if (std::chrono::steady_clock::now() - start >= std::min(timeout, kMissingGrace)) break;
    } else if (left == milliseconds{0}) {
      break;
    }
  }
  throw KafkaError(what + ": " + library_->text_of(code) + " after " + std::to_string(timeout.count()) + " ms" +
                       last_words(), code);
}

std::vector<ClientEvent> Client::poll_events(milliseconds timeout) {
  std::vector<ClientEvent> out;
  std::vector<c::Event*> aside;
  aside.reserve(kMostAside);
  {
    const std::lock_guard lock{mutex_};
    out.swap(notes_);
    aside.swap(aside_);
  }
  for (c::Event* event : aside) take(event, out);
  while (out.size() < kMostPerPoll) {
    c::Event* event = api().queue_poll_(log_queue_, out.empty() ? milliseconds_of(timeout) : 0);
    if (event == nullptr) break;
    take(event, out);
  }
  return out;
}

void Client::set_aside(c::Event* event) noexcept {
  heed(event);
  const std::lock_guard lock{mutex_};
  if (aside_.size() < aside_.capacity()) {
    aside_.push_back(event);
  } else {
    api().event_destroy_(event);
  }
}

void Client::heed(c::Event* event) noexcept {
  if (api().event_type_(event) != c::kEventError) return;
  const c::Code code = api().event_error_(event);
  if (code == c::kTransport || code == c::kResolve || code == c::kAllBrokersDown || code == c::kTimedOut) {
    down_at_ns_.store(now_ns(), std::memory_order_relaxed);
  }
}

void Client::take(c::Event* event, std::vector<ClientEvent>& out) {
  heed(event);
  switch (api().event_type_(event)) {
    case c::kEventLog: {
      const char* facility = nullptr;
      const char* text = nullptr;
      int level = 0;
      if (api().event_log_(event, &facility, &text, &level) == 0) {
        out.push_back({EventKind::kLog, level, redacted(std::string{facility} + ": " + text)});
      }
      break;
    }
    case c::kEventError:
      out.push_back({EventKind::kError, api().event_error_(event), redacted(api().event_error_string_(event))});
      break;
    case c::kEventStats:
      out.push_back({EventKind::kStats, c::kNoError, api().event_stats_(event)});
      break;
    default: break;
  }
  api().event_destroy_(event);
}

void Client::nudge() noexcept {
  // Topic by topic: a request for all that are known is not sent while one is on its way to the broker that died.
  for (c::Topic* topic : topics_) {
    const c::Metadata* metadata = nullptr;
    if (api().metadata_(handle_, 0, topic, &metadata, milliseconds_of(kNudgeWait)) == c::kNoError) {
      api().metadata_destroy_(metadata);
    }
  }
}

bool Client::lost_within(std::chrono::nanoseconds time) const noexcept {
  const std::int64_t at = down_at_ns_.load(std::memory_order_relaxed);
  return at != kNever && now_ns() - at < time.count();
}

bool Client::broker_down() const noexcept { return lost_within(kWatchFor); }

milliseconds Client::nudge_interval() const noexcept { return lost_within(kElection) ? kNudgeSoon : kNudgeLater; }

std::optional<Error> Client::fatal() const {
  std::array<char, kTextBytes> why{};
  const c::Code code = api().fatal_error_(handle_, why.data(), why.size());
  if (code == c::kNoError) return std::nullopt;
  return Error{ErrorKind::kFatal, code, library_->text_of(code) + ": " + redacted(why.data())};
}

std::string Client::last_words() {
  auto events = poll_events(milliseconds{0});
  std::string words;
  for (const ClientEvent& event : events) {
    const bool is_error = event.kind == EventKind::kError || (event.kind == EventKind::kLog && event.code <= kErr);
    if (is_error) words = " (last error: " + event.text + ")";
  }
  const std::lock_guard lock{mutex_};
  notes_.insert(notes_.begin(), events.begin(), events.end());  // they are still for the log
  return words;
}

std::string Client::redacted(std::string_view text) const {
  std::string out{text};
  for (const std::string& secret : secrets_) {
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3)) {
      out.replace(at, secret.size(), "***");
    }
  }
  return out;
}

}  // namespace hft::kafka
