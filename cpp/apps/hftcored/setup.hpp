#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "hft/artifact/artifact.hpp"
#include "hft/config/daemon_config.hpp"
#include "hft/config/settings.hpp"
#include "hft/engine/config.hpp"
#include "hft/event/avro_decoder.hpp"
#include "hft/event/instrument.hpp"
#include "hft/kafka/client.hpp"
#include "hft/sequence/lane.hpp"
#include "items.hpp"
#include "snapshots.hpp"

namespace hft::daemon {

/// One shard's share of the configuration.
struct ShardSetup {
  std::uint32_t partition = 0;
  std::vector<event::Instrument> instruments;  // whose symbol belongs to the partition, in the table's order
  std::vector<std::uint32_t> global_ids;       // their places in the table
  std::vector<sequence::Lane> lanes;
  std::filesystem::path folder;
  SnapshotIdentity identity;

  [[nodiscard]] std::filesystem::path journal() const { return folder / "journal.hftj"; }
};

/// Models and settings by their words, each made once and kept for the daemon's life. Cold threads; locked.
class Changes {
 public:
  /// `spec_sha256`, `classes`: what every model must have been made for.
  explicit Changes(const artifact::Loaded& first);

  /// What a control's or a snapshot's settings say. Throws Fatal (kArtifact) where the model is gone or another one.
  [[nodiscard]] const Change& of_settings(const std::string& settings_json, const std::string& start = {});
  /// What the configuration says now.
  [[nodiscard]] config::Settings settings_of(const config::DaemonConfig& config);

 private:
  std::shared_ptr<const model::ForestModel> model(const std::filesystem::path& path, const std::string& model_id);
  const artifact::Loaded& load(const std::filesystem::path& path);

  std::mutex mutex_;
  std::string spec_sha256_;
  std::vector<int> classes_;
  std::deque<artifact::Loaded> models_;
  std::deque<Change> changes_;
};

/// The configuration with everything that it names, loaded and checked against each other.
struct Setup {
  config::DaemonConfig config;
  artifact::Loaded model;
  std::vector<event::Instrument> instruments;
  std::vector<ShardSetup> shards;
  event::AvroSchemas schemas;

  [[nodiscard]] bool uses_kafka() const noexcept { return config.input.kind == config::InputKind::kKafka; }
  [[nodiscard]] engine::EngineConfig engine_config(const engine::Settings& settings) const;
};

/// Cold path: throws artifact::ArtifactError, Fatal (kConfig) naming what does not fit.
[[nodiscard]] Setup make_setup(config::DaemonConfig config);

/// The journal's first frame: what decides its bytes, but for the settings in control 0. No clock, no path.
[[nodiscard]] std::string run_header(const Setup& setup, const ShardSetup& shard);

[[nodiscard]] std::vector<kafka::Setting> kafka_settings(const config::KafkaConfig& kafka,
                                                         const std::vector<config::Property>& properties);

}  // namespace hft::daemon
