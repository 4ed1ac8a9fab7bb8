#pragma once

#include <cstdint>
#include <string_view>

namespace hft::event {

/// How events are written, in files and as messages. See packed.hpp for packed, schema/event.avsc for Avro.
enum class Format : std::uint8_t {
  kPacked = 0,  // file: 64-byte records between a header and an end mark    message: one record
  kJson = 1,    // file: one JSON object per line                            message: the object; exact decimals
  kAvro = 2,    // file: object container, no compression                    message: 0, schema id, record
};
using WireFormat = Format;

/// "packed", "json" or "avro"; anything else throws std::invalid_argument.
[[nodiscard]] Format parse_format(std::string_view name);

}  // namespace hft::event
