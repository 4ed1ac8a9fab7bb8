#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "hft/telemetry/log.hpp"
#include "kafka_outlet.hpp"
#include "kafka_source.hpp"
#include "output_reader.hpp"
#include "panel.hpp"

namespace hft::daemon {

/// What three cold threads of a daemon on Kafka do, one method each, until end(). They throw Fatal.
class Lookers {
 public:
  /// `source`: null where the input is no topic.
  Lookers(KafkaOutlet& outlet, OutputReader& reader, KafkaSource* source, Panel& panel, telemetry::Log& log,
          std::uint32_t fence_epoch)
      : outlet_{outlet}, reader_{reader}, source_{source}, panel_{panel}, log_{log}, fence_epoch_{fence_epoch} {}

  /// Takes acknowledgements.
  void poll_acks();
  /// Reads own outputs: is there a newer lease?
  void watch_outputs();
  /// Client errors, new leaders, lag. Clients look for new leaders once a second; asking for them makes it
  /// milliseconds.
  void take_care();
  /// Any thread.
  void end() noexcept { ending_.store(true); }

 private:
  template <class Client>
  std::chrono::milliseconds mind(Client& client, const char* name);
  void show_lag();

  KafkaOutlet& outlet_;
  OutputReader& reader_;
  KafkaSource* source_;
  Panel& panel_;
  telemetry::Log& log_;
  std::uint32_t fence_epoch_;
  std::atomic<bool> ending_{false};
};

}  // namespace hft::daemon
