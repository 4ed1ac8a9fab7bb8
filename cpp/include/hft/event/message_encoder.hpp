#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "hft/event/encoder.hpp"
#include "hft/event/event.hpp"
#include "hft/event/format.hpp"
#include "hft/event/instrument.hpp"

namespace hft::event {

/// Writes each event as the value of one message: a packed record, a JSON object, or an Avro record of
/// schema/event.avsc behind Confluent's header. Cold path: allocates, throws.
class MessageEncoder {
 public:
  /// `schema_id` is the id under which readers know schema/event.avsc; only Avro writes it.
  MessageEncoder(Format format, std::span<const Instrument> instruments, std::uint32_t schema_id = 1);

  /// Appends the value to `out`. Throws std::invalid_argument naming the broken rule, before anything was added.
  void append(const Event& event, std::string& out);

 private:
  std::unique_ptr<Encoder> encoder_;
  std::string header_;
};

}  // namespace hft::event
