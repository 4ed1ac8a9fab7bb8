#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/kafka/library.hpp"

namespace hft::kafka {

using std::chrono::milliseconds;

/// One librdkafka property, in its own words.
struct Setting {
  std::string name, value;
};

enum class EventKind : std::uint8_t { kLog = 0, kError = 1, kStats = 2 };

/// A line for the log, a client error, or the statistics (JSON).
struct ClientEvent {
  EventKind kind;
  int code;  // log: syslog level (3 error .. 7 debug); error: librdkafka's code
  std::string text;
};

/// A property that we set before the user's. A `fixed` one may not be changed: what we promise rests on it. An
/// `optional` one may be unknown to an old library: an event line says so.
struct DefaultSetting {
  const char* name;
  const char* value;
  bool fixed = false;
  bool optional = false;
};

/// What consumer and producer have in common: one librdkafka instance, its settings, its events, its metadata.
///
/// librdkafka never calls us: deliveries, errors, statistics and log lines are queued until somebody polls.
class Client {
 public:
  /// Throws KafkaError naming the property that is unknown, not allowed or fixed. `settings` override `defaults`.
  Client(const Library& library, c::ClientType type, std::span<const DefaultSetting> defaults,
         std::span<const Setting> settings);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] const c::Api& api() const noexcept { return library_->api(); }
  [[nodiscard]] const Library& library() const noexcept { return *library_; }
  [[nodiscard]] c::Handle* handle() const noexcept { return handle_; }
  [[nodiscard]] c::Queue* main_queue() const noexcept { return main_queue_; }

  /// Opens a topic and asks the cluster for it; throws KafkaError when it is missing or nobody answers in time, with
  /// the last thing that a broker said. The handle lives as long as the client.
  [[nodiscard]] c::Topic* open_topic(const std::string& name, milliseconds timeout, std::int32_t* n_partitions);
  /// " (the broker's last words: ...)" for the text of an error at start, or nothing.
  [[nodiscard]] std::string last_words();

  /// One cold thread: waits for the first event, then takes what is there.
  [[nodiscard]] std::vector<ClientEvent> poll_events(milliseconds timeout);
  /// For whoever polls the main queue and finds something that is not his: kept for poll_events. Takes the event over.
  void set_aside(c::Event* event) noexcept;

  /// Any cold thread: asks the cluster who leads the opened topics. Waits only briefly for each answer, which is taken
  /// up later too: a request may have gone to the broker that died, or stand behind a fetch that its broker holds back.
  void nudge() noexcept;
  /// A connection was lost in the last kWatchFor: nudge() every nudge_interval(), or the client itself looks for new
  /// leaders only once a second. A partition needs two: one to leave the old leader, one to join the new one.
  [[nodiscard]] bool broker_down() const noexcept;
  /// Short while an election is likely, longer while a broker stays away.
  [[nodiscard]] milliseconds nudge_interval() const noexcept;
  static constexpr std::chrono::seconds kWatchFor{30};

  [[nodiscard]] std::optional<Error> fatal() const;
  /// The text with every secret setting's value replaced by ***.
  [[nodiscard]] std::string redacted(std::string_view text) const;

 private:
  void configure(c::Conf* conf, std::span<const DefaultSetting> defaults, std::span<const Setting> settings);
  void set(c::Conf* conf, const std::string& name, const std::string& value, bool optional);
  void take(c::Event* event, std::vector<ClientEvent>& out);
  void heed(c::Event* event) noexcept;
  [[nodiscard]] bool lost_within(std::chrono::nanoseconds time) const noexcept;

  const Library* library_;
  c::Handle* handle_ = nullptr;
  c::Queue* main_queue_ = nullptr;
  c::Queue* log_queue_ = nullptr;
  std::vector<c::Topic*> topics_;
  std::vector<std::string> secrets_;
  std::atomic<std::int64_t> down_at_ns_{kNever};  // steady clock, of the last lost connection
  std::mutex mutex_;                              // guards what follows; never held while waiting
  std::vector<c::Event*> aside_;
  std::vector<ClientEvent> notes_;
  static constexpr std::int64_t kNever = INT64_MIN;
};

}  // namespace hft::kafka
