#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hft/config/errors.hpp"
#include "hft/config/secret.hpp"
#include "hft/decision/threshold.hpp"
#include "hft/event/format.hpp"
#include "hft/execution/simulated_exchange.hpp"
#include "hft/ring/wait_strategy.hpp"
#include "hft/risk/limits.hpp"

namespace hft::config {

enum class InputKind : std::uint8_t { kKafka = 0, kFile = 1, kStdin = 2 };
enum class Start : std::uint8_t { kEarliest = 0, kLatest = 1 };               // where a shard without a snapshot begins
enum class Sequence : std::uint8_t { kPerSymbol = 0, kNone = 1 };             // does the feed number each symbol?
enum class LogLevel : std::uint8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/// A property passed on to librdkafka. Values from a file or the environment, and those of names that speak of
/// passwords, are never shown.
struct Property {
  std::string name;
  Secret value;
  bool shown = true;  // may the value be printed?
  friend bool operator==(const Property&, const Property&) = default;
};

struct ModelChoice {
  std::filesystem::path path;   // a folder or a .hft file: as given, or what the alias stands for now
  std::filesystem::path store;  // empty: `path` was given
  std::string alias;
  bool allow_compiled = false;  // machine code of a model runs as this process
};

struct InputConfig {
  InputKind kind = InputKind::kKafka;
  event::WireFormat format = event::WireFormat::kPacked;
  std::vector<std::string> topics;
  std::vector<std::uint32_t> partitions;  // the shards of this daemon, in order
  std::uint32_t n_partitions = 0;         // of every input topic; 1 unless kind is kafka
  Start start = Start::kEarliest;
  Sequence sequence = Sequence::kPerSymbol;
  std::filesystem::path path;  // kind = file
  std::map<std::uint32_t, std::filesystem::path> avro_schemas;  // by schema id
  std::string registry;                                         // URL of a schema registry; empty: none
};

struct KafkaConfig {
  std::string bootstrap;
  std::string library;  // empty: HFTCORE_LIBRDKAFKA, else librdkafka.so.1
  std::vector<Property> consumer;
  std::vector<Property> producer;
};

struct OutputConfig {
  std::string decisions = "decisions";
  std::string orders = "orders";
  std::string fills = "fills";
  std::string dead_letter = "dead-letter";

  /// In the order of sequence::Output.
  [[nodiscard]] std::array<std::string, 4> topics() const { return {decisions, orders, fills, dead_letter}; }
};

struct ThreadsConfig {
  ring::WaitKind wait = ring::WaitKind::kBlock;
  std::optional<std::uint32_t> hot_cpu;  // none: not pinned
  std::optional<std::uint32_t> ingest_cpu;
  std::optional<std::uint32_t> publisher_cpu;
  std::optional<std::uint32_t> journal_cpu;
  std::uint32_t ring_events = 65'536;   // powers of two
  std::uint32_t ring_records = 65'536;
};

/// Everything that hftcored is told. Paths are absolute, or relative to the working directory if the file's was.
struct DaemonConfig {
  std::filesystem::path file;  // where it was read from
  std::string name;
  std::filesystem::path state_dir;
  std::uint32_t epoch = 1;  // part of every decision id
  std::filesystem::path instruments;
  ModelChoice model;
  decision::ThresholdParams strategy;  // class indices are the artefact's to say
  risk::Limits risk;
  std::int64_t stale_after_ns = 0;  // by the wall clock at ingest; 0: no stale guard
  execution::Fees fees;
  InputConfig input;
  KafkaConfig kafka;
  OutputConfig output;
  std::int64_t journal_sync_ns = 10'000'000;
  std::int64_t snapshot_interval_ns = 5'000'000'000;
  std::uint32_t snapshot_keep = 3;
  ThreadsConfig threads;
  std::filesystem::path telemetry_page;
  bool timed = true;  // stage histograms: two clock reads per stage
  LogLevel log_level = LogLevel::kInfo;
  std::vector<Problem> warnings;  // what may stay, and should not

  DaemonConfig();  // the defaults of the documentation
};

/// Reads and checks a configuration file. Throws ConfigErrors with everything that is wrong. Cold path.
[[nodiscard]] DaemonConfig load(const std::filesystem::path& path);

/// The effective configuration, defaults included, as TOML; secrets print as ***.
[[nodiscard]] std::string describe(const DaemonConfig& config);

/// JSON schema (draft 2020-12) of the file; python/hftcore/schema/hftcored.schema.json is this text.
[[nodiscard]] std::string json_schema();

}  // namespace hft::config
