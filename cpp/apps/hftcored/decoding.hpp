#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "hft/event/wire_decoder.hpp"
#include "items.hpp"
#include "source.hpp"

namespace hft::daemon {

/// Turns raw inputs into items for the hot thread: events, or poison with its reason. One thread at a time.
///
/// An Avro schema that is not known is asked for where a registry is configured: the message waits, as the ones behind
/// it do, since whether it is poison must not depend on when it was read.
class Decoding {
 public:
  struct ShardParts {
    std::span<const event::Instrument> instruments;
    std::vector<std::uint32_t> global_ids;
  };

  /// Cold path: throws std::invalid_argument for schemas that do not fit.
  Decoding(event::Format format, std::vector<ShardParts> shards, event::AvroSchemas schemas, std::string registry);

  /// Fills `out` but for its time stamps. Never throws over a message's bytes; throws Fatal (kKafka) where the registry
  /// does not answer.
  void decode(const RawInput& raw, const Source& source, Input& out);

 private:
  void make_decoders();
  /// True when the schema of this message is known now.
  [[nodiscard]] bool learn_schema(std::span<const std::byte> message);

  event::Format format_;
  std::vector<ShardParts> shards_;
  event::AvroSchemas schemas_;
  std::string registry_;
  std::set<std::uint32_t> unknown_ids_;  // to the registry, and what is no schema of events
  std::vector<event::WireDecoder> decoders_;
};

}  // namespace hft::daemon
