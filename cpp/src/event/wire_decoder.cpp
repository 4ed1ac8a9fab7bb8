#include "hft/event/wire_decoder.hpp"

#include <stdexcept>
#include <string>

namespace hft::event {

PackedMessageDecoder::PackedMessageDecoder(std::span<const Instrument> instruments,
                                           std::span<const std::uint32_t> global_ids)
    : rules_{instruments} {
  if (global_ids.size() != instruments.size()) {
    throw std::invalid_argument("global_ids must have one id per instrument (" + std::to_string(instruments.size()) +
                                "), had " + std::to_string(global_ids.size()));
  }
  for (std::size_t i = 0; i < global_ids.size(); ++i) {
    const std::uint32_t id = global_ids[i];
    if (id >= kMaxGlobalId) {
      throw std::invalid_argument("global_ids must be below " + std::to_string(kMaxGlobalId) + ", was " +
                                  std::to_string(id));
    }
    if (id >= local_ids_.size()) local_ids_.resize(id + std::size_t{1}, TextIndex::kNone);
    if (local_ids_[id] != TextIndex::kNone) {
      throw std::invalid_argument("global_ids: there are two of " + std::to_string(id));
    }
    local_ids_[id] = static_cast<std::uint32_t>(i);
  }
}

BareAvroDecoder::BareAvroDecoder(std::span<const Instrument> instruments, const AvroSchemas& schemas)
    : records_{instruments, schemas}, schema_id_{schemas.empty() ? 0 : schemas.front().id} {
  if (schemas.size() != 1) {
    throw std::invalid_argument("schemas: Avro records without a header need the one schema that they were written "
                                "with, had " + std::to_string(schemas.size()));
  }
}

WireDecoder::WireDecoder(Format format, std::span<const Instrument> shard_instruments,
                         std::span<const std::uint32_t> global_ids, const AvroSchemas& schemas)
    : decoder_{PackedMessageDecoder{shard_instruments, global_ids}} {
  if (format == Format::kJson) decoder_.emplace<JsonDecoder>(shard_instruments);
  if (format == Format::kAvro) decoder_.emplace<AvroDecoder>(shard_instruments, schemas);
}

}  // namespace hft::event
