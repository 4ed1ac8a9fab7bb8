#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "hft/event/avro_decoder.hpp"
#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/event/format.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/json_decoder.hpp"

namespace hft::event {

/// Turns the packed record that is one message into an Event; its symbol_id becomes the shard's own.
///
/// Cost: that of PackedDecoder and one load.   One may serve many threads.
class PackedMessageDecoder {
 public:
  static constexpr std::uint32_t kMaxGlobalId = 1U << 24;  // the table by global id stays below 64 MiB

  PackedMessageDecoder(std::span<const Instrument> instruments, std::span<const std::uint32_t> global_ids);

  [[nodiscard]] DecodeStatus decode(std::span<const std::byte> bytes, Event& out) const noexcept {
    if (bytes.size() != sizeof(Event)) [[unlikely]] {
      return bytes.size() < sizeof(Event) ? DecodeStatus::kTruncated : DecodeStatus::kTrailingBytes;
    }
    Event event;
    std::memcpy(&event, bytes.data(), sizeof event);
    event.symbol_id = event.symbol_id < local_ids_.size() ? local_ids_[event.symbol_id] : TextIndex::kNone;
    const DecodeStatus status = rules_.check(event);
    if (status == DecodeStatus::kOk) [[likely]]
      out = event;
    return status;
  }

 private:
  PackedDecoder rules_;
  std::vector<std::uint32_t> local_ids_;  // by global id
};

/// Avro records without a header, all written with one schema.
class BareAvroDecoder {
 public:
  /// Cold path: throws std::invalid_argument unless there is one schema, and as AvroDecoder does.
  BareAvroDecoder(std::span<const Instrument> instruments, const AvroSchemas& schemas);

  [[nodiscard]] DecodeStatus decode(std::span<const std::byte> bytes, Event& out) const noexcept {
    return records_.decode_record(schema_id_, bytes, out);
  }

 private:
  AvroDecoder records_;
  std::uint32_t schema_id_;
};

/// Turns the value of one message into an Event of one shard: a value-semantic face over the three formats.
///
/// Event::symbol_id is the index in the shard's instruments. Every event satisfies PackedDecoder::check, whichever way
/// it came; what does not is a status, counted and sent to the dead-letter topic by the caller.
/// Cost: that of the format's decoder and one predictable branch. No allocation, no exception, no read past the end.
/// A rejected message leaves `out` as it was. One decoder may serve many threads.
class WireDecoder {
 public:
  /// `global_ids` holds the packed symbol_id of each instrument. JSON and Avro find instruments by their symbol; only
  /// Avro looks at `schemas`. Cold path: throws std::invalid_argument as the three do. Nothing given need outlive this.
  WireDecoder(Format format, std::span<const Instrument> shard_instruments, std::span<const std::uint32_t> global_ids,
              const AvroSchemas& schemas = {});
  /// For Avro records without a header.
  explicit WireDecoder(BareAvroDecoder decoder) : decoder_{std::move(decoder)} {}

  [[nodiscard]] DecodeStatus decode(std::span<const std::byte> bytes, Event& out) const noexcept {
    if (const auto* json = std::get_if<JsonDecoder>(&decoder_)) return json->decode(bytes, out);
    if (const auto* avro = std::get_if<AvroDecoder>(&decoder_)) return avro->decode(bytes, out);
    if (const auto* bare = std::get_if<BareAvroDecoder>(&decoder_)) return bare->decode(bytes, out);
    return std::get_if<PackedMessageDecoder>(&decoder_)->decode(bytes, out);
  }

 private:
  std::variant<PackedMessageDecoder, JsonDecoder, AvroDecoder, BareAvroDecoder> decoder_;
};

}  // namespace hft::event
