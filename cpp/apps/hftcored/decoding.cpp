#include "decoding.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "exit_code.hpp"
#include "hft/event/schema_registry.hpp"

namespace hft::daemon {
namespace {

constexpr std::chrono::milliseconds kRegistryWait{5'000};
constexpr std::size_t kAvroHeaderBytes = 5;
constexpr std::size_t kMostPoisonBytes = 500'000;  // a dead letter must fit into a message, with its headers

}  // namespace

Decoding::Decoding(event::Format format, std::vector<ShardParts> shards, event::AvroSchemas schemas,
                   std::string registry)
    : format_{format}, shards_{std::move(shards)}, schemas_{std::move(schemas)}, registry_{std::move(registry)} {
  make_decoders();
}

void Decoding::make_decoders() {
  std::vector<event::WireDecoder> decoders;
  for (const ShardParts& shard : shards_) {
    decoders.emplace_back(format_, shard.instruments, shard.global_ids, schemas_);
  }
  decoders_ = std::move(decoders);
}

void Decoding::decode(const RawInput& raw, const Source& source, Input& out) {
  out.offset = raw.offset;
  out.lane = raw.lane;
  out.shard = raw.shard;
  out.late = raw.late;
  out.stale = false;
  out.kind = InputKind::kEvent;
  out.poison = nullptr;
  event::DecodeStatus status = decoders_[raw.shard].decode(raw.value, out.event);
  if (status == event::DecodeStatus::kOk) [[likely]] return;
  if (status == event::DecodeStatus::kUnknownSchema && learn_schema(raw.value)) {
    status = decoders_[raw.shard].decode(raw.value, out.event);
    if (status == event::DecodeStatus::kOk) return;
  }
  out.kind = InputKind::kPoison;
  out.event.ts_event_ns = 0;
  out.poison = new Poison{source.name_of(raw), std::string{event::to_string(status)},
                          std::vector<std::byte>(raw.key.begin(), raw.key.end()),
                          std::vector<std::byte>(raw.value.begin(), raw.value.end())};
  out.poison->value.resize(std::min(out.poison->value.size(), kMostPoisonBytes));
  out.poison->key.resize(std::min(out.poison->key.size(), kMostPoisonBytes / 2));
}

bool Decoding::learn_schema(std::span<const std::byte> message) {
  if (registry_.empty() || message.size() < kAvroHeaderBytes) return false;
  std::uint32_t id = 0;
  for (std::size_t i = 1; i < kAvroHeaderBytes; ++i) id = (id << 8U) | static_cast<std::uint32_t>(message[i]);
  const bool known = std::any_of(schemas_.begin(), schemas_.end(), [&](const auto& one) { return one.id == id; });
  if (known || unknown_ids_.contains(id)) return false;
  const std::size_t n_known = schemas_.size();
  try {
    schemas_.push_back({id, event::fetch_schema(registry_, id, kRegistryWait)});
    make_decoders();
    return true;
  } catch (const event::SchemaNotFound&) {
    // a writer registers first: such an id is none
  } catch (const event::RegistryError& error) {
    throw Fatal(ExitCode::kKafka, error.what());
  } catch (const std::invalid_argument&) {
    // a schema of something else: its messages are no events
  }
  schemas_.resize(n_known);
  unknown_ids_.insert(id);
  return false;
}

}  // namespace hft::daemon
