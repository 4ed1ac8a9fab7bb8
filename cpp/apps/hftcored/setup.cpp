#include "setup.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "exit_code.hpp"
#include "hft/artifact/instruments.hpp"
#include "hft/kafka/partitioner.hpp"

namespace hft::daemon {
namespace {

constexpr int kUp = 1;  // labels of the classes that trade
constexpr int kDown = -1;

std::string instruments_json(std::span<const event::Instrument> instruments) {
  std::string out = "[";
  const auto number = [&](const char* name, std::int64_t value) { ((out += name) += std::to_string(value)); };
  for (const event::Instrument& i : instruments) {
    if (out.size() > 1) out += ",";
    number("{\"lot_den\":", i.lot.den), number(",\"lot_num\":", i.lot.num);
    ((out += ",\"symbol\":\"") += i.symbol) += "\"";
    number(",\"tick_den\":", i.tick.den), number(",\"tick_num\":", i.tick.num);
    out += "}";
  }
  return out + "]";
}

event::AvroSchemas read_schemas(const config::DaemonConfig& config) {
  event::AvroSchemas schemas;
  for (const auto& [id, path] : config.input.avro_schemas) {
    std::ifstream file{path, std::ios::binary};
    schemas.push_back({id, std::string{std::istreambuf_iterator<char>{file}, {}}});
    if (!file) throw Fatal(ExitCode::kConfig, "input.avro_schemas: " + path.string() + ": cannot be read");
  }
  return schemas;
}

ShardSetup make_shard(const config::DaemonConfig& config, const artifact::Loaded& model,
                      std::span<const event::Instrument> instruments, std::uint32_t partition) {
  const bool kafka = config.input.kind == config::InputKind::kKafka;
  ShardSetup shard;
  shard.partition = partition;
  for (std::uint32_t id = 0; id < instruments.size(); ++id) {
    const auto n = static_cast<std::int32_t>(config.input.n_partitions);
    if (kafka && kafka::partition_of(instruments[id].symbol, n) != static_cast<std::int32_t>(partition)) continue;
    shard.instruments.push_back(instruments[id]);
    shard.global_ids.push_back(id);
  }
  const std::size_t n_topics = kafka ? config.input.topics.size() : 1;
  for (std::uint32_t topic = 0; topic < n_topics; ++topic) {
    shard.lanes.push_back(sequence::make_lane(topic, partition));
  }
  shard.folder = config.state_dir / ("shard-" + std::to_string(partition));
  shard.identity = {model.spec.sha256, instruments_json(shard.instruments), config.epoch, partition,
                    config.input.topics};
  return shard;
}

/// What a path with a link in it stands for now: a link is moved to the next model, and a recorded change must name the
/// old one for ever.
std::filesystem::path behind_link(const std::filesystem::path& path) {
  std::error_code gone;  // loading says it better
  const std::filesystem::path real = std::filesystem::canonical(path, gone);
  const std::filesystem::path plain = std::filesystem::absolute(path).lexically_normal();
  return gone || real == (plain.has_filename() ? plain : plain.parent_path()) ? path : real;
}

}  // namespace

Changes::Changes(const artifact::Loaded& first, artifact::Engine engine)
    : engine_{engine}, spec_sha256_{first.spec.sha256}, classes_{first.classes}, models_{first} {}

const artifact::Loaded& Changes::load(const std::filesystem::path& given) {
  const std::filesystem::path path = behind_link(given);
  artifact::Loaded loaded = artifact::load(path, engine_);
  if (loaded.spec.sha256 != spec_sha256_ || loaded.classes != classes_) {
    throw Fatal(ExitCode::kArtifact, path.string() + ": made for another feature spec or other classes than the model "
                                                     "that this daemon started with");
  }
  const auto known = std::find_if(models_.begin(), models_.end(), [&](const artifact::Loaded& m) {
    return m.model_id == loaded.model_id && m.path == loaded.path;
  });
  return known != models_.end() ? *known : models_.emplace_back(std::move(loaded));
}

std::shared_ptr<const model::ForestModel> Changes::model(const std::filesystem::path& path,
                                                           const std::string& model_id) {
  for (const artifact::Loaded& known : models_) {
    if (known.model_id == model_id) return known.model;
  }
  const artifact::Loaded& found = load(path);
  if (found.model_id == model_id) return found.model;
  throw Fatal(ExitCode::kArtifact, path.string() + ": must be model " + model_id +
                                       ", which decided what is to be replayed; is model " + found.model_id);
}

const Change& Changes::of_settings(const std::string& settings_json, const std::string& start) {
  const std::scoped_lock lock{mutex_};
  for (const Change& known : changes_) {
    if (known.json == settings_json && known.start == start) return known;
  }
  const config::Settings settings = config::parse_settings_json(settings_json);
  Change change{.settings = {settings.strategy, settings.limits},
                .model = model(settings.model_path, settings.model_id),
                .json = settings_json,
                .start = start,
                .stale_after_ns = settings.stale_after_ns};
  engine::validate(change.settings, change.model->n_classes());
  return changes_.emplace_back(std::move(change));
}

config::Settings Changes::settings_of(const config::DaemonConfig& config) {
  const std::scoped_lock lock{mutex_};
  const artifact::Loaded& loaded = load(config.model.path);
  config::Settings settings{config.strategy, config.risk, config.stale_after_ns, loaded.path.string(), loaded.model_id};
  settings.strategy.up_class = loaded.index_of(kUp);
  settings.strategy.down_class = loaded.index_of(kDown);
  return settings;
}

engine::EngineConfig Setup::engine_config(const engine::Settings& settings) const {
  return {config.epoch, settings.strategy, settings.limits, config.fees};
}

artifact::Engine engine_of(const config::DaemonConfig& config) {
  return config.model.allow_compiled ? artifact::Engine::kCompiledIfThere : artifact::Engine::kKernel;
}

Setup make_setup(config::DaemonConfig config) {
  Setup setup;
  if (config.stale_after_ns > 0 && config.input.kind != config::InputKind::kKafka) {
    throw Fatal(ExitCode::kConfig,
                "risk.stale_after: must be 0 unless input.kind is \"kafka\": without outputs on Kafka "
                "it is nowhere recorded which inputs were stale");
  }
  setup.schemas = read_schemas(config);
  setup.model = artifact::load(behind_link(config.model.path), engine_of(config));
  setup.instruments = artifact::read_instruments(config.instruments);
  for (const std::uint32_t partition : config.input.partitions) {
    setup.shards.push_back(make_shard(config, setup.model, setup.instruments, partition));
  }
  setup.config = std::move(config);
  return setup;
}

std::string run_header(const Setup& setup, const ShardSetup& shard) {
  const execution::Fees& fees = setup.config.fees;
  std::string classes;
  for (const int label : setup.model.classes) classes += (classes.empty() ? "" : ",") + std::to_string(label);
  return "{\"classes\":[" + classes + "],\"config_epoch\":" + std::to_string(setup.config.epoch) +
         ",\"execution\":{\"kind\":\"simulated_exchange\",\"milli_bps\":" + std::to_string(fees.milli_bps) +
         ",\"nano_per_unit\":" + std::to_string(fees.nano_per_unit) + "},\"instruments\":" +
         shard.identity.instruments + ",\"partition\":" + std::to_string(shard.partition) +
         ",\"schema\":1,\"spec_sha256\":\"" + setup.model.spec.sha256 + "\"}";
}

std::vector<kafka::Setting> kafka_settings(const config::KafkaConfig& kafka,
                                           const std::vector<config::Property>& properties) {
  std::vector<kafka::Setting> settings{{"bootstrap.servers", kafka.bootstrap}};
  for (const config::Property& property : properties) settings.push_back({property.name, property.value.reveal()});
  return settings;
}

}  // namespace hft::daemon
