#include "snapshots.hpp"

#include <stdexcept>

namespace hft::daemon {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kMostLanes = sequence::kMaxTopics;

template <class T>
void expect(const char* what, const T& stored, const T& here) {
  if (stored == here) return;
  std::string text = std::string{what} + " is another one here";
  if constexpr (std::is_arithmetic_v<T>) {
    text += ": " + std::to_string(stored) + " in the snapshot, " + std::to_string(here) + " here";
  }
  throw std::invalid_argument(text);
}

void read_identity(base::ByteReader& in, const SnapshotIdentity& identity) {
  SnapshotIdentity stored;
  std::uint32_t version = 0;
  std::uint32_t n_topics = 0;
  in(version);
  expect("version", version, kVersion);
  in(stored.spec_sha256), in(stored.instruments), in(stored.config_epoch), in(stored.partition), in(n_topics);
  expect("the feature spec", stored.spec_sha256, identity.spec_sha256);
  expect("the instrument table", stored.instruments, identity.instruments);
  expect("epoch", stored.config_epoch, identity.config_epoch);
  expect("partition", stored.partition, identity.partition);
  expect("number of topics", std::size_t{n_topics}, identity.topics.size());
  for (const std::string& topic : identity.topics) {
    std::string name;
    in(name);
    expect("input.topics", name, topic);
  }
}

template <class Archive, class Head>
void archive_head(Archive& ar, Head& head) {
  ar(head.position.sequence.n_inputs);
  for (auto& seq : head.position.sequence.seqs) ar(seq);
  ar(head.position.sequence.n_controls);
  ar(head.position.journal_bytes);
  ShardCounters::visit(head.position.counters, [&](const char*, auto& n) { ar(n); });
  for (auto& offset : head.output_offsets) ar(offset);
  ar(head.fence_epoch);
}

}  // namespace

std::vector<std::byte> write_snapshot(const SnapshotIdentity& identity, const SnapshotHead& head,
                                      const event::SequenceGuard& guard, const engine::StateCopy& copy) {
  base::ByteWriter out;
  out(kVersion);
  out(std::string_view{identity.spec_sha256});
  out(std::string_view{identity.instruments});
  out(identity.config_epoch);
  out(identity.partition);
  out(static_cast<std::uint32_t>(identity.topics.size()));
  for (const std::string& topic : identity.topics) out(std::string_view{topic});
  archive_head(out, head);
  out(std::string_view{head.settings});
  out(static_cast<std::uint32_t>(head.position.next_offsets.size()));
  for (const std::uint64_t offset : head.position.next_offsets) out(offset);
  guard.save(out);
  copy.save(out);
  return {out.bytes().begin(), out.bytes().end()};
}

SnapshotHead read_snapshot_head(base::ByteReader& in, const SnapshotIdentity& identity) {
  read_identity(in, identity);
  SnapshotHead head;
  archive_head(in, head);
  in(head.settings);
  std::uint32_t n_lanes = 0;
  in(n_lanes);
  if (n_lanes > kMostLanes) throw std::invalid_argument("number of lanes is " + std::to_string(n_lanes));
  head.position.next_offsets.resize(n_lanes);
  for (std::uint64_t& offset : head.position.next_offsets) in(offset);
  return head;
}

}  // namespace hft::daemon
