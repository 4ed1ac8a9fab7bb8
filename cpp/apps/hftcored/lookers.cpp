#include "lookers.hpp"

#include <algorithm>
#include <string>
#include <thread>

#include "exit_code.hpp"

namespace hft::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLook{100};
constexpr milliseconds kShowLagEvery{250};
constexpr int kSyslogError = 3;  // the client's log lines carry syslog's levels

}  // namespace

void Lookers::poll_acks() {
  while (!ending_.load()) {
    outlet_.poll(kLook);
    if (const auto what = outlet_.failure()) throw Fatal(ExitCode::kKafka, *what);
    if (const auto fatal = outlet_.producer().fatal()) throw Fatal(ExitCode::kKafka, fatal->text);
  }
}

void Lookers::watch_outputs() {
  while (!ending_.load()) {
    const auto successor = reader_.watch(kLook);
    if (!successor) continue;
    throw Fatal(ExitCode::kFenced, "another daemon took over with fence epoch " +
                                       std::to_string(successor->fence_epoch) + ": this one had " +
                                       std::to_string(fence_epoch_));
  }
}

void Lookers::take_care() {
  auto next_lag = steady_clock::now();
  while (!ending_.load()) {
    milliseconds rest = kLook;
    if (source_ != nullptr) rest = std::min(rest, mind(source_->consumer(), "input"));
    rest = std::min(rest, mind(outlet_.producer(), "output"));
    rest = std::min(rest, mind(reader_.consumer(), "watch"));
    const bool searching = source_ != nullptr && source_->consumer().broker_down();
    if (!searching && steady_clock::now() >= next_lag) {
      show_lag();
      next_lag = steady_clock::now() + kShowLagEvery;
    }
    std::this_thread::sleep_for(rest);
  }
}

/// Returns how soon it wants to be minded again.
template <class Client>
milliseconds Lookers::mind(Client& client, const char* name) {
  if (client.broker_down()) client.nudge();
  for (const kafka::ClientEvent& event : client.poll_events(milliseconds{0})) {
    if (event.kind == kafka::EventKind::kStats) continue;
    const bool serious = event.kind == kafka::EventKind::kError || event.code <= kSyslogError;
    log_.write(serious ? telemetry::Level::kWarning : telemetry::Level::kDebug, "kafka",
               {{"client", name}, {"what", event.text}});
  }
  return client.nudge_interval();
}

void Lookers::show_lag() {
  if (source_ == nullptr) return;
  try {
    for (std::size_t i = 0; i < source_->n_lanes(); ++i) panel_.show_lag(i, source_->lag(i));
  } catch (const kafka::KafkaError&) {
    // the client itself says what is wrong with its brokers
  }
}

}  // namespace hft::daemon
