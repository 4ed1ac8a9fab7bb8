#include "cross_checks.hpp"

#include <algorithm>
#include <array>

namespace hft::config {
namespace {

void check_kafka(Reader& reader, const DaemonConfig& config) {
  const InputConfig& input = config.input;
  const bool kafka = input.kind == InputKind::kKafka;
  for (const char* key : {"input.topics", "input.n_partitions", "kafka.bootstrap"}) {
    if (kafka && !reader.has(key)) reader.problem(key, "is missing: input.kind = \"kafka\" needs it");
  }
  if (kafka && reader.has("kafka.bootstrap") && config.kafka.bootstrap.empty()) {
    reader.problem("kafka.bootstrap", "must name a broker: host:port");
  }
  if (input.n_partitions > 0) {
    for (const std::uint32_t partition : input.partitions) {
      if (partition < input.n_partitions) continue;
      reader.problem("input.partitions", "must be below n_partitions (" + std::to_string(input.n_partitions) +
                                             "), was " + std::to_string(partition));
    }
  }
  const std::array<std::pair<const char*, const std::string&>, 4> outputs{
      {{"output.decisions", config.output.decisions},
       {"output.orders", config.output.orders},
       {"output.fills", config.output.fills},
       {"output.dead_letter", config.output.dead_letter}}};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [key, topic] = outputs[i];
    if (std::ranges::find(input.topics, topic) != input.topics.end()) {
      reader.problem(key, "must be no input topic, was \"" + topic + "\"");
    }
    for (std::size_t other = 0; other < i; ++other) {
      if (outputs[other].second == topic) {
        reader.problem(
            key, std::string{"must be another topic than "} + outputs[other].first + ", both are \"" + topic + "\"");
      }
    }
  }
}

void check_input(Reader& reader, const DaemonConfig& config) {
  const InputConfig& input = config.input;
  if (input.kind == InputKind::kFile && !reader.has("input.path")) {
    reader.problem("input.path", "is missing: input.kind = \"file\" needs it");
  }
  if (input.kind != InputKind::kFile && reader.has("input.path")) {
    reader.problem("input.path", "is for input.kind = \"file\" only");
  }
  const bool avro = input.format == event::WireFormat::kAvro;
  const bool schemas = reader.has("input.avro_schemas");
  const bool registry = !input.registry.empty();
  if (avro && !schemas && !registry) {
    reader.problem("input.format", "\"avro\" needs input.avro_schemas or input.registry");
  }
  if (!avro && schemas) reader.problem("input.avro_schemas", "is for input.format = \"avro\" only");
  if (!avro && registry) reader.problem("input.registry", "is for input.format = \"avro\" only");
  if (registry && !input.registry.starts_with("http://") && !input.registry.starts_with("https://")) {
    reader.problem("input.registry",
                   "must be a URL that begins with http:// or https://, was \"" + input.registry + "\"");
  }
}

void check_trading(Reader& reader, const DaemonConfig& config) {
  const risk::Limits& limits = config.risk;
  if (limits.max_order_qty_lots > limits.max_position_qty_lots) {
    reader.problem("risk.max_order_qty", "must be <= max_position_qty, were " +
                                             std::to_string(limits.max_order_qty_lots) + " and " +
                                             std::to_string(limits.max_position_qty_lots));
  }
  if (config.strategy.order_qty_lots > limits.max_order_qty_lots) {
    reader.warning("strategy.order_qty", "is above risk.max_order_qty (" + std::to_string(limits.max_order_qty_lots) +
                                             "): every entry will be refused");
  }
}

void check_threads(Reader& reader, const ThreadsConfig& threads) {
  if (threads.wait != ring::WaitKind::kSpin) return;
  if (threads.hot_cpu && threads.hot_cpu == threads.ingest_cpu) {
    reader.warning("threads.ingest_cpu", "spins on the CPU of the hot thread: each waits until the scheduler steps in");
  }
}

}  // namespace

void check_together(Reader& reader, const DaemonConfig& config) {
  check_input(reader, config);
  check_kafka(reader, config);
  check_trading(reader, config);
  check_threads(reader, config.threads);
}

}  // namespace hft::config
