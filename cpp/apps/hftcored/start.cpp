#include "start.hpp"

#include <algorithm>
#include <random>
#include <span>
#include <utility>

#include "control_text.hpp"
#include "exit_code.hpp"
#include "tape_source.hpp"

namespace hft::daemon {
namespace {

constexpr std::chrono::milliseconds kKafkaWait{60'000};
constexpr std::uint64_t kFileHeaderBytes = sizeof(ledger::FileHeader);

sequence::Lease draw_lease(std::uint32_t fence_epoch) {
  sequence::Lease lease{fence_epoch, 0, 0, {}};
  std::random_device random;
  for (auto& byte : lease.writer_id) byte = static_cast<std::uint8_t>(random());
  return lease;
}

/// Reads the state out of a snapshot's payload; throws std::invalid_argument and leaves the shard as it was.
template <bool Timed>
SnapshotHead load_state(std::span<const std::byte> payload, const SnapshotIdentity& identity, Shard<Timed>& shard) {
  base::ByteReader in{payload};
  SnapshotHead head = read_snapshot_head(in, identity);
  if (head.position.next_offsets.size() != shard.lanes().size()) throw std::invalid_argument("another number of lanes");
  event::SequenceGuard guard = shard.guard();
  guard.load(in);
  shard.engine().load(in);
  if (in.left() != 0) throw std::invalid_argument(std::to_string(in.left()) + " bytes too many");
  shard.guard() = std::move(guard);
  return head;
}

}  // namespace

template <bool Timed>
Start<Timed>::Start(Setup& setup, Changes& changes, telemetry::Log& log, engine::Stopwatch<Timed> watch)
    : setup_{setup}, changes_{changes}, log_{log}, watch_{watch} {
  std::vector<Decoding::ShardParts> parts;
  for (const ShardSetup& shard : setup.shards) parts.push_back({shard.instruments, shard.global_ids});
  decoding = std::make_unique<Decoding>(static_cast<event::Format>(setup.config.input.format), std::move(parts),
                                        setup.schemas, setup.config.input.registry);
  if (setup.uses_kafka()) library_ = &kafka::Library::load(setup.config.kafka.library);
}

template <bool Timed>
void Start<Timed>::run() {
  make_shards(true);
  if (setup_.uses_kafka()) {
    try {
      read_outputs();
    } catch (const StaleSnapshot& error) {
      log_.warning("a snapshot was made after its writer had been fenced: beginning from the start",
                   {{"what", error.what()}});
      make_shards(false);
      try {
        read_outputs();
      } catch (const StaleSnapshot& again) {
        throw Fatal(ExitCode::kInputLost,
                    std::string{"the outputs do not begin with their first lease: "} + again.what());
      }
    }
  } else {
    outlet = std::make_unique<NoOutlet>(
        [](void* log, const Poison& poison) {
          static_cast<telemetry::Log*>(log)->warning("no event",
                                                     {{"source", poison.source}, {"reason", poison.reason}});
        },
        &log_);
  }
  for (Member<Timed>& member : members) {
    open_journal(member);
    if (!setup_.uses_kafka()) member.history.emplace(member.begin(), member.journal->controls());
  }
  open_source();
  for (std::size_t i = 0; i < members.size(); ++i) recover(i);
}

template <bool Timed>
void Start<Timed>::make_shards(bool use_snapshots) {
  members.clear();
  const config::Settings settings = changes_.settings_of(setup_.config);
  const Change& change = changes_.of_settings(config::settings_json(settings));
  for (const ShardSetup& parts : setup_.shards) {
    Member<Timed>& member = members.emplace_back();
    member.setup = &parts;
    member.store = std::make_unique<snapshot::Store>(parts.folder, setup_.config.snapshot_keep);
    member.shard = std::make_unique<Shard<Timed>>(
        typename Shard<Timed>::Parts{setup_.model.spec, parts.instruments, *change.model,
                                     setup_.engine_config(change.settings), parts.lanes,
                                     setup_.config.input.sequence == config::Sequence::kPerSymbol},
        watch_);
    member.slot = std::make_unique<CopySlot>(parts.instruments.size() * parts.lanes.size(), parts.lanes.size(),
                                             member.shard->engine().make_copy());
    ShardPosition position;
    position.next_offsets.resize(parts.lanes.size());
    position.journal_bytes = kFileHeaderBytes + ledger::frame_bytes(run_header(setup_, parts).size());
    member.shard->set_position(position);
    if (use_snapshots) load_snapshot(member);
  }
}

template <bool Timed>
void Start<Timed>::load_snapshot(Member<Timed>& member) {
  const snapshot::Search search = member.store->newest_valid([&](const snapshot::Loaded& loaded) {
    base::ByteReader in{loaded.payload()};
    const SnapshotHead head = read_snapshot_head(in, member.setup->identity);
    std::error_code none;
    const std::uintmax_t n_bytes = std::filesystem::file_size(member.setup->journal(), none);
    if (none || n_bytes < head.position.journal_bytes) {
      throw std::invalid_argument("the journal ends before byte " + std::to_string(head.position.journal_bytes));
    }
    member.head = load_state(loaded.payload(), member.setup->identity, *member.shard);
  });
  for (const snapshot::Rejected& rejected : search.rejected) {
    log_.warning("snapshot left aside", {{"file", rejected.path.string()}, {"reason", rejected.reason}});
  }
  if (!search.found) return;
  member.shard->restore_change(changes_.of_settings(member.head->settings));
  member.shard->set_position(member.head->position);
  log_.info("snapshot loaded", {{"partition", member.setup->partition},
                                {"number", search.found->number},
                                {"n_inputs", member.head->position.sequence.n_inputs},
                                {"bytes", search.found->n_bytes}});
}

template <bool Timed>
void Start<Timed>::read_outputs() {
  const auto consumer = kafka_settings(setup_.config.kafka, setup_.config.kafka.consumer);
  const auto producer = kafka_settings(setup_.config.kafka, setup_.config.kafka.producer);
  std::vector<OutputReader::Begin> begins;
  std::vector<KafkaOutlet::ShardParts> parts;
  for (const Member<Timed>& member : members) {
    const auto partition = static_cast<std::int32_t>(member.setup->partition);
    parts.push_back({partition, member.setup->instruments});
    OutputReader::Begin begin{.partition = partition};
    begin.offsets.fill(kafka::kEarliest);
    const bool known =
        member.head && std::none_of(member.head->output_offsets.begin(), member.head->output_offsets.end(),
                                    [](std::int64_t offset) { return offset < 0; });
    if (known) {
      begin.fence_epoch = member.head->fence_epoch;
      for (std::size_t i = 0; i < sequence::kOutputs; ++i) begin.offsets[i] = member.head->output_offsets[i] + 1;
    }
    begins.push_back(begin);
  }
  reader = std::make_unique<OutputReader>(*library_, consumer, setup_.config.output, begins);
  auto kafka_outlet = std::make_unique<KafkaOutlet>(*library_, producer, setup_.config.output, parts);
  fence_epoch = reader->read_to_end(kKafkaWait) + 1;
  const sequence::Lease lease = draw_lease(fence_epoch);
  kafka_outlet->lease(lease, kKafkaWait);
  reader->read_to_lease(lease, kKafkaWait);
  for (std::size_t i = 0; i < members.size(); ++i) members[i].history.emplace(members[i].begin(), reader->take(i));
  log_.info("own outputs read back", {{"fence_epoch", fence_epoch}, {"void", reader->n_void()}});
  reader->begin_watch();
  outlet = std::move(kafka_outlet);
}

template <bool Timed>
void Start<Timed>::open_journal(Member<Timed>& member) {
  std::optional<std::uint64_t> from_bytes;
  if (member.head) from_bytes = member.head->position.journal_bytes;
  member.journal.emplace(member.setup->journal(), run_header(setup_, *member.setup), from_bytes);
  if (const std::uint64_t n_bytes = member.journal->n_bytes_cut(); n_bytes != 0) {
    log_.warning("torn end of the journal cut", {{"partition", member.setup->partition}, {"bytes", n_bytes}});
  }
}

template <bool Timed>
std::vector<LaneBegin> Start<Timed>::lanes_of(const Member<Timed>& member) const {
  std::map<sequence::Lane, std::uint64_t> start;
  const auto& controls = member.history->controls();
  if (const auto birth = controls.find(0); birth != controls.end()) start = start_in(birth->second.text);
  std::vector<LaneBegin> begins;
  for (std::size_t i = 0; i < member.setup->lanes.size(); ++i) {
    const sequence::Lane lane = member.setup->lanes[i];
    std::int64_t offset = setup_.config.input.start == config::Start::kEarliest ? kafka::kEarliest : kafka::kLatest;
    if (member.head) {
      offset = static_cast<std::int64_t>(member.head->position.next_offsets[i]);
    } else if (!start.empty()) {
      const auto found = start.find(lane);
      if (found == start.end()) {
        throw Fatal(ExitCode::kConfig,
                    "input.topics: this shard was born with other topics: no lane " + std::to_string(lane));
      }
      offset = static_cast<std::int64_t>(found->second);
    }
    begins.push_back({lane, offset});
  }
  return begins;
}

template <bool Timed>
void Start<Timed>::open_source() {
  const config::InputConfig& input = setup_.config.input;
  if (!setup_.uses_kafka()) {
    const std::int64_t begin = lanes_of(members[0])[0].offset;
    const std::uint64_t at = begin > 0 ? static_cast<std::uint64_t>(begin) : 0;
    source = std::make_unique<TapeSource>(input.kind == config::InputKind::kFile ? input.path : std::filesystem::path{},
                                          static_cast<event::Format>(input.format), setup_.instruments, at);
    return;
  }
  std::vector<KafkaSource::ShardBegin> begins;
  for (const Member<Timed>& member : members) {
    begins.push_back({static_cast<std::int32_t>(member.setup->partition), lanes_of(member)});
  }
  auto kafka_source = std::make_unique<KafkaSource>(
      *library_, kafka_settings(setup_.config.kafka, setup_.config.kafka.consumer), input.topics, begins);
  for (std::size_t topic = 0; topic < kafka_source->consumer().topics().size(); ++topic) {
    const std::int32_t found = kafka_source->consumer().n_partitions(topic);
    if (found == static_cast<std::int32_t>(input.n_partitions)) continue;
    // A symbol's partition follows from their number.
    throw Fatal(ExitCode::kConfig, "input.n_partitions: must be " + std::to_string(found) + " as topic " +
                                       kafka_source->consumer().topics()[topic] + " has, was " +
                                       std::to_string(input.n_partitions));
  }
  source = std::move(kafka_source);
}

template <bool Timed>
void Start<Timed>::recover(std::size_t index) {
  Member<Timed>& member = members[index];
  Shard<Timed>& shard = *member.shard;
  ledger::FrameScanner frames = member.journal->frames();
  if (!member.head) {
    ShardPosition position = shard.position();
    for (std::size_t i = 0; i < shard.lanes().size(); ++i) {
      position.next_offsets[i] = source->begins_at(index, shard.lanes()[i]);
    }
    shard.set_position(position);
  }
  Comparer comparer{static_cast<std::uint8_t>(index), *member.history, frames, member.journal->writer()};
  shard.emit_to(comparer);
  Recovery<Timed> recovery{shard, index, *member.history, *source, *decoding, comparer,
                           [this](const std::string& control) -> const Change& {
                             const auto start = start_in(control);
                             return changes_.of_settings(settings_in(control), start.empty() ? "" : start_text(start));
                           }};
  recovery.run(!setup_.uses_kafka());
  if (!comparer.journal_ended()) {
    // What it says beyond the last published word was never acted on: it is derived anew.
    const std::uint64_t end = shard.position().journal_bytes;
    log_.info("journal cut at the last published record", {{"partition", member.setup->partition}, {"bytes", end}});
    member.journal->cut(end);
    comparer.forget_journal();
  }
  if (shard.position().sequence.n_controls == 0) be_born(index, comparer);
  comparer.check();
  member.left_over = recovery.take_left_over();
  member.unpublished = comparer.take_unpublished();
  outlet->resume(index, member.begin(), *member.history);
  log_.info("recovered", {{"partition", member.setup->partition},
                          {"n_inputs", shard.position().sequence.n_inputs},
                          {"replayed", shard.position().sequence.n_inputs - member.begin().n_inputs},
                          {"compared", comparer.n_compared()},
                          {"unpublished", member.unpublished.size()}});
}

/// A shard that has no past: where its lanes begin and its first settings are its control 0.
template <bool Timed>
void Start<Timed>::be_born(std::size_t index, Comparer& comparer) {
  Member<Timed>& member = members[index];
  std::map<sequence::Lane, std::uint64_t> start;
  for (std::size_t i = 0; i < member.setup->lanes.size(); ++i) {
    start[member.setup->lanes[i]] = member.shard->position().next_offsets[i];
  }
  comparer.begin_input(0);
  member.shard->apply(
      changes_.of_settings(config::settings_json(changes_.settings_of(setup_.config)), start_text(start)));
}

template class Start<true>;
template class Start<false>;

}  // namespace hft::daemon
