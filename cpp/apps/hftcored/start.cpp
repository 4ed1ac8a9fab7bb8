#include "start.hpp"

#include <algorithm>
#include <random>
#include <span>
#include <utility>

#include "control_text.hpp"
#include "exit_code.hpp"
#include "hft/base/json.hpp"
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
      log_.warning("a snapshot was made after its writer had been fenced: beginning from the start", {{"what", error.what()}});
      make_shards(false);
      try {
        read_outputs();
      } catch (const StaleSnapshot& again) {
        throw Fatal(ExitCode::kInputLost, std::string{"the outputs do not begin with their first lease: "} + again.what());
      }
    }
  } else {
    outlet = std::make_unique<NoOutlet>(
        [](void* log, const Poison& poison) {
          static_cast<telemetry::Log*>(log)->warning("no event", {{"source", poison.source}, {"reason", poison.reason}});
        },
        &log_);
  }
  std::vector<std::vector<std::byte>> tails(members.size());
  std::vector<std::uint64_t> tails_begin(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    open_journal(members[i], tails[i], tails_begin[i]);
    if (!setup_.uses_kafka()) {
      members[i].history.emplace(members[i].begin(), controls_in_tail(tails[i], tails_begin[i], members[i]));
    }
  }
  open_source();
  for (std::size_t i = 0; i < members.size(); ++i) recover(i, tails[i], tails_begin[i]);
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
  const auto journal = member.setup->folder / "journal.hftj";
  const snapshot::Search search = member.store->newest_valid([&](const snapshot::Loaded& loaded) {
    base::ByteReader in{loaded.payload()};
    const SnapshotHead head = read_snapshot_head(in, member.setup->identity);
    std::error_code none;
    const std::uintmax_t n_bytes = std::filesystem::file_size(journal, none);
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
    const bool known = member.head && std::none_of(member.head->output_offsets.begin(), member.head->output_offsets.end(),
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

/// The journal from the snapshot on; a new one gets its header.
template <bool Timed>
void Start<Timed>::open_journal(Member<Timed>& member, std::vector<std::byte>& tail, std::uint64_t& tail_begins_at) {
  const auto path = member.setup->folder / "journal.hftj";
  ledger::Resumed resumed = ledger::Journal::resume(path, member.head ? member.head->position.journal_bytes : 0);
  member.journal.emplace(std::move(resumed.journal));
  tail = std::move(resumed.tail);
  tail_begins_at = resumed.tail_begins_at;
  if (member.journal->recovery().n_bytes_cut != 0) {
    log_.warning("torn end of the journal cut", {{"partition", member.setup->partition},
                                                 {"bytes", member.journal->recovery().n_bytes_cut}});
  }
  const std::string header = run_header(setup_, *member.setup);
  if (tail.empty() && !member.head && !member.journal->append_text(ledger::FrameKind::kRunHeader, header)) {
    throw Fatal(ExitCode::kDisk, path.string() + ": cannot be written");
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
        throw Fatal(ExitCode::kConfig, "input.topics: this shard was born with other topics: no lane " + std::to_string(lane));
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
void Start<Timed>::recover(std::size_t index, std::span<const std::byte> tail, std::uint64_t tail_begins_at) {
  Member<Timed>& member = members[index];
  Shard<Timed>& shard = *member.shard;
  const auto path = member.setup->folder / "journal.hftj";
  ledger::FrameScanner frames{tail, path.string(), tail_begins_at};
  if (!member.head && !tail.empty()) check_header(frames, member);
  if (!member.head) {
    ShardPosition position = shard.position();
    for (std::size_t i = 0; i < shard.lanes().size(); ++i) {
      position.next_offsets[i] = source->begins_at(index, shard.lanes()[i]);
    }
    shard.set_position(position);
  }
  Comparer comparer{static_cast<std::uint8_t>(index), *member.history, frames, *member.journal};
  shard.emit_to(comparer);
  Recovery<Timed> recovery{shard, index, *member.history, *source, *decoding, comparer,
                           [this](const std::string& control) -> const Change& {
                             const auto start = start_in(control);
                             return changes_.of_settings(settings_in(control), start.empty() ? "" : start_text(start));
                           }};
  recovery.run(!setup_.uses_kafka());
  if (!comparer.journal_ended()) {
    cut_journal(member, path);
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

/// What the journal says beyond the last published word was never acted on: it is derived anew.
template <bool Timed>
void Start<Timed>::cut_journal(Member<Timed>& member, const std::filesystem::path& path) {
  const std::uint64_t end = member.shard->position().journal_bytes;
  log_.info("journal cut at the last published record", {{"partition", member.setup->partition}, {"bytes", end}});
  (void)member.journal->close();
  member.journal.reset();
  std::filesystem::resize_file(path, end);
  member.journal.emplace(ledger::Journal::resume(path, end).journal);
}

template <bool Timed>
void Start<Timed>::check_header(ledger::FrameScanner& frames, const Member<Timed>& member) const {
  const auto first = frames.next();
  const std::string wanted = run_header(setup_, *member.setup);
  if (first && first->kind == ledger::FrameKind::kRunHeader && first->text() == wanted) return;
  throw Fatal(ExitCode::kMismatch, (member.setup->folder / "journal.hftj").string() +
                                       ": belongs to another configuration: its header must be " + wanted);
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

template <bool Timed>
std::map<std::uint64_t, sequence::Control> Start<Timed>::controls_in_tail(std::span<const std::byte> tail,
                                                                         std::uint64_t begins_at,
                                                                         const Member<Timed>& member) const {
  std::map<std::uint64_t, sequence::Control> controls;
  ledger::FrameScanner frames{tail, (member.setup->folder / "journal.hftj").string(), begins_at};
  while (const auto frame = frames.next()) {
    if (frame->kind != ledger::FrameKind::kControl) continue;
    const base::Json control = base::Json::parse(frame->text());
    controls[static_cast<std::uint64_t>(control.at("control").as_int64())] = {
        static_cast<std::uint64_t>(control.at("n_inputs").as_int64()), std::string{frame->text()}};
  }
  return controls;
}

template class Start<true>;
template class Start<false>;

}  // namespace hft::daemon
