#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/text_index.hpp"

namespace hft::event {

/// A schema that messages may have been written with: its id at the registry, its JSON text.
struct AvroSchema {
  std::uint32_t id = 1;
  std::string text;
};
using AvroSchemas = std::vector<AvroSchema>;

/// The text of schema/event.avsc, which the encoders write with.
[[nodiscard]] std::string_view own_avro_schema() noexcept;

class AvroProgram;

/// Turns one Avro message in Confluent's wire format (0, schema id as four big-endian bytes, record) into an Event, and
/// lets no other event in.
///
/// A writer's schema may differ from ours as Avro's schema resolution allows: fields in another order, further fields,
/// fields that are missing where ours have a default, int where we have long, unions in another order or none. It is
/// compiled when it is loaded. Names of records do not count, those of fields and enum symbols do.
///
/// Cost: about 25 ns where the writer's schema is our own; about four times that for another. No allocation, no
/// exception, no read past the end of `bytes`. A rejected message leaves `out` as it was. One may serve many threads.
class AvroDecoder {
 public:
  /// Cold path: throws std::invalid_argument where an instrument breaks a rule or comes twice, and where a schema is
  /// none, cannot be resolved with ours, or has another's id. Nothing given need outlive this.
  AvroDecoder(std::span<const Instrument> instruments, const AvroSchemas& schemas);

  [[nodiscard]] DecodeStatus decode(std::span<const std::byte> bytes, Event& out) const noexcept;
  /// The same for a record without a header, written with the schema of that id.
  [[nodiscard]] DecodeStatus decode_record(std::uint32_t schema_id, std::span<const std::byte> record,
                                           Event& out) const noexcept;

 private:
  struct Writer {
    std::uint32_t id;
    bool own;  // the same program as our own schema's
    std::shared_ptr<const AvroProgram> program;
  };

  [[nodiscard]] DecodeStatus run(const AvroProgram& program, std::string_view body, Event& event) const noexcept;
  [[nodiscard]] const Writer* writer_of(std::uint32_t id) const noexcept;

  PackedDecoder rules_;
  TextIndex symbols_;
  std::vector<Writer> writers_;  // by id
};

}  // namespace hft::event
