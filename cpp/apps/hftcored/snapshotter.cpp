#include "snapshotter.hpp"

#include <algorithm>

namespace hft::daemon {

void Snapshotter::ask() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[i];
    if (shard.asked) continue;
    Input request{};
    request.kind = InputKind::kSnapshot;
    request.shard = static_cast<std::uint8_t>(i);
    mailbox_.put(request);
    shard.asked = true;
    shard.asked_at = std::chrono::steady_clock::now();
  }
}

void Snapshotter::step() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[i];
    // acquire: the hot thread is done with what the slot holds
    if (shard.slot->state.load(std::memory_order_acquire) != CopySlot::State::kReady) continue;
    std::array<std::int64_t, sequence::kOutputs> offsets{};
    offsets.fill(-1);
    if (shard.slot->copy.failed()) {
      gauges_.failed.add();
      log_.error("the state did not fit into its copy", {{"partition", shard.setup->partition}});
    } else if (!outlet_.safe(i, marker_id(shard.slot->position), offsets) ||
               journals_.synced_bytes(i) < shard.slot->position.journal_bytes) {
      continue;  // not before all that it stands on is safe
    } else if (reader_ != nullptr && *std::min_element(offsets.begin(), offsets.end()) < 0) {
      log_.info("a marker was sent twice and its place is not known: no snapshot this time",
                {{"partition", shard.setup->partition}});
    } else if (reader_ != nullptr && !reader_->has_read(i, offsets)) {
      continue;  // not before it is sure that no successor's lease stands before the markers
    } else {
      write(i, offsets);
    }
    shard.asked = false;
    shard.slot->state.store(CopySlot::State::kFree, std::memory_order_release);
  }
}

void Snapshotter::write(std::size_t index, const std::array<std::int64_t, sequence::kOutputs>& offsets) {
  Shard& shard = shards_[index];
  const SnapshotHead head{shard.slot->position, offsets, fence_epoch_, shard.slot->change->json};
  const std::vector<std::byte> payload =
      write_snapshot(shard.setup->identity, head, shard.slot->guard, shard.slot->copy);
  const snapshot::Saved saved = shard.store->save(payload);
  const auto took = std::chrono::steady_clock::now() - shard.asked_at;
  if (!saved) {
    gauges_.failed.add();
    log_.error("a snapshot cannot be written: the last one stays", {{"what", saved.what}});
    return;
  }
  gauges_.saved.add();
  gauges_.number.set(static_cast<std::int64_t>(saved.number));
  gauges_.size_bytes.set(static_cast<std::int64_t>(saved.n_bytes));
  gauges_.taken_at_ns.set(std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds{1});
  if (gauges_.duration != nullptr) gauges_.duration->record(took / std::chrono::nanoseconds{1});
  log_.debug("snapshot", {{"partition", shard.setup->partition},
                          {"number", saved.number},
                          {"n_inputs", head.position.sequence.n_inputs},
                          {"bytes", saved.n_bytes}});
}

bool Snapshotter::busy() const noexcept {
  return std::any_of(shards_.begin(), shards_.end(), [](const Shard& shard) { return shard.asked; });
}

}  // namespace hft::daemon
