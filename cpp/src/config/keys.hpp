#pragma once

#include <array>

#include "hft/config/daemon_config.hpp"
#include "rules.hpp"

namespace hft::config {

inline constexpr std::int64_t kMaxQtyLots = 1'000'000'000'000;             // as the strategy and the gate have it
inline constexpr std::int64_t kMaxDurationNs = 1'000'000'000'000'000'000;  // likewise: 31 years
inline constexpr std::int64_t kHourNs = 3'600'000'000'000;
inline constexpr std::int64_t kMaxPartitions = 4096;  // 12 bits of a lane
inline constexpr std::size_t kMaxTopics = 16;         // the other 4

inline constexpr std::array<std::string_view, 3> kInputKinds{"kafka", "file", "stdin"};
inline constexpr std::array<std::string_view, 3> kFormats{"packed", "json", "avro"};
inline constexpr std::array<std::string_view, 2> kStarts{"earliest", "latest"};
inline constexpr std::array<std::string_view, 2> kSequences{"per_symbol", "none"};
inline constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warning", "error"};

/// The one table of keys. Reading, describing, comparing and the published schema each visit it: visit(key, rule,
/// member). C is DaemonConfig, or const of it. The order is that of the documentation.
template <class C, class Visit>
void visit_keys(C& c, Visit&& visit) {
  using Form = TextRule::Form;
  using Must = PathRule::Must;
  constexpr TextRule kTopic{Form::kTopic};
  constexpr DurationRule kAnyTime{0, kMaxDurationNs};
  constexpr WholeRule kRing{1024, 1 << 24, true};

  visit(Key{"name", "names the telemetry page and the log lines", true}, TextRule{Form::kName}, c.name);
  visit(Key{"state_dir", "folder of snapshots, journals and the lock; made if missing", true}, PathRule{}, c.state_dir);
  visit(Key{"epoch", "part of every decision id: raise it to let the same input be decided anew"},
        WholeRule{1, 0xFFFF'FFFF}, c.epoch);
  visit(Key{"instruments", "JSON list of symbols with their tick and lot", true}, PathRule{Must::kBeFile},
        c.instruments);

  visit(Key{"model.path", "model, a folder or a .hft file; or give store and alias"}, PathRule{}, c.model.path);
  visit(Key{"model.store", "folder of models, with an aliases.toml"}, PathRule{}, c.model.store);
  visit(Key{"model.alias", "name in aliases.toml of the store"}, TextRule{}, c.model.alias);
  visit(Key{"model.allow_compiled", "run the machine code that a model brings; only for trusted makers"},
        FlagRule{}, c.model.allow_compiled);

  visit(Key{"strategy.threshold", "a class trades when its score is at least this"}, FractionRule{},
        c.strategy.threshold_frac);
  visit(Key{"strategy.order_qty", "size of each entry, in lots"}, WholeRule{1, kMaxQtyLots}, c.strategy.order_qty_lots);
  visit(Key{"strategy.cooldown", "event time from one intent of a symbol to its next entry"}, kAnyTime,
        c.strategy.cooldown_ns);
  visit(Key{"strategy.hold", "a position is closed after this much event time; 0: never"}, kAnyTime,
        c.strategy.hold_ns);

  visit(Key{"risk.max_open_positions", "symbols with a position, or with an order on its way to one, per shard"},
        WholeRule{0, 1'000'000'000}, c.risk.max_open_positions);
  visit(Key{"risk.max_order_qty", "largest order that opens or adds, in lots"}, WholeRule{1, kMaxQtyLots},
        c.risk.max_order_qty_lots);
  visit(Key{"risk.max_position_qty", "largest position of one symbol, long or short, in lots"},
        WholeRule{1, kMaxQtyLots}, c.risk.max_position_qty_lots);
  visit(Key{"risk.stop_loss_bps", "loss against the average entry that closes a position, in bps; 0: no stop"},
        StepsRule{3, 0, 10'000'000}, c.risk.stop_loss_milli_bps);
  visit(Key{"risk.stop_out_pause", "no entry into a symbol for this long after its stop"}, kAnyTime,
        c.risk.stop_out_pause_ns);
  visit(Key{"risk.max_reference_age", "entries need a quote no older than this; 0: any age"}, kAnyTime,
        c.risk.max_reference_age_ns);
  visit(Key{"risk.stale_after", "no entry on an event that came in older than this, by the wall clock; 0: no guard"},
        kAnyTime, c.stale_after_ns);
  visit(Key{"risk.killed", "start with the kill switch on: only orders that reduce pass"}, FlagRule{}, c.risk.killed);

  visit(Key{"execution.fee_bps", "fee in bps of the traded value; negative is a rebate"},
        StepsRule{3, -10'000'000, 10'000'000}, c.fees.milli_bps);
  visit(Key{"execution.fee_per_unit", "fee in quote currency per base unit"},
        StepsRule{9, -1'000'000'000'000'000, 1'000'000'000'000'000}, c.fees.nano_per_unit);

  visit(Key{"input.kind", "where events come from"}, ChoiceRule{kInputKinds}, c.input.kind);
  visit(Key{"input.format", "how an event is written"}, ChoiceRule{kFormats}, c.input.format);
  visit(Key{"input.topics", "Kafka topics, all with the same partitions"}, TopicsRule{kMaxTopics}, c.input.topics);
  visit(Key{"input.partitions", "the shards of this daemon; absent: all"}, NumbersRule{0, kMaxPartitions - 1},
        c.input.partitions);
  visit(Key{"input.n_partitions", "partitions of every input topic; symbols are spread over them by their hash"},
        WholeRule{1, kMaxPartitions}, c.input.n_partitions);
  visit(Key{"input.start", "where a shard without a snapshot begins"}, ChoiceRule{kStarts}, c.input.start);
  visit(Key{"input.sequence", "does the feed number the events of each symbol?"}, ChoiceRule{kSequences},
        c.input.sequence);
  visit(Key{"input.path", "file to read, for kind = \"file\""}, PathRule{Must::kBeFile}, c.input.path);
  visit(Key{"input.avro_schemas", "Avro schema files by schema id"}, SchemasRule{}, c.input.avro_schemas);
  visit(Key{"input.registry", "URL of a schema registry"}, TextRule{}, c.input.registry);

  visit(Key{"kafka.bootstrap", "brokers to begin with: host:port, ..."}, TextRule{}, c.kafka.bootstrap);
  visit(Key{"kafka.library", "librdkafka to load; empty: HFTCORE_LIBRDKAFKA, else librdkafka.so.1"}, TextRule{},
        c.kafka.library);
  visit(Key{"kafka.consumer", "further librdkafka properties of the consumer"}, PropertiesRule{}, c.kafka.consumer);
  visit(Key{"kafka.producer", "further librdkafka properties of the producer"}, PropertiesRule{}, c.kafka.producer);

  visit(Key{"output.decisions", "topic of decisions"}, kTopic, c.output.decisions);
  visit(Key{"output.orders", "topic of orders"}, kTopic, c.output.orders);
  visit(Key{"output.fills", "topic of fills"}, kTopic, c.output.fills);
  visit(Key{"output.dead_letter", "topic of messages that are no events, with the reason"}, kTopic,
        c.output.dead_letter);

  visit(Key{"journal.sync", "a record is on disk this long after it was written; 0: as fast as the disk can"},
        DurationRule{0, kHourNs}, c.journal_sync_ns);
  visit(Key{"snapshot.interval", "time between two snapshots of a shard"}, DurationRule{10'000'000, 24 * kHourNs},
        c.snapshot_interval_ns);
  visit(Key{"snapshot.keep", "snapshots kept of each shard: a damaged one must not be the last"}, WholeRule{3, 1000},
        c.snapshot_keep);

  visit(Key{"threads.wait", "how an idle thread waits: spin and yield burn a core, block wakes in 5 to 50 us"},
        ChoiceRule{ring::kWaitKindNames}, c.threads.wait);
  visit(Key{"threads.hot_cpu", "CPU of the thread that decides"}, CpuRule{}, c.threads.hot_cpu);
  visit(Key{"threads.ingest_cpu", "CPU of the thread that polls and decodes"}, CpuRule{}, c.threads.ingest_cpu);
  visit(Key{"threads.publisher_cpu", "CPU of the thread that publishes"}, CpuRule{}, c.threads.publisher_cpu);
  visit(Key{"threads.journal_cpu", "CPU of the thread that writes journals"}, CpuRule{}, c.threads.journal_cpu);
  visit(Key{"threads.ring_events", "events between ingest and decision, a power of two"}, kRing, c.threads.ring_events);
  visit(Key{"threads.ring_records", "records between decision and output, a power of two"}, kRing,
        c.threads.ring_records);

  visit(Key{"telemetry.page", "shared-memory file of counters and histograms; absent: /dev/shm/hftcored-NAME.page"},
        PathRule{}, c.telemetry_page);
  visit(Key{"telemetry.timed", "keep a latency histogram of each stage"}, FlagRule{}, c.timed);
  visit(Key{"log.level", "least severe line that is logged"}, ChoiceRule{kLogLevels}, c.log_level);
}

}  // namespace hft::config
