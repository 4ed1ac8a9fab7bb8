#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"

namespace hft::event {

/// How events are written. See packed.hpp for packed, schema/event.avsc for Avro.
enum class Format : std::uint8_t {
  kPacked = 0,  // 64-byte records between a header and an end mark
  kJson = 1,    // one JSON object per line, prices and sizes as exact decimals
  kAvro = 2,    // object container file, no compression
};

/// "packed", "json" or "avro"; anything else throws std::invalid_argument.
[[nodiscard]] Format parse_format(std::string_view name);

/// Turns events into bytes: begin once, append any number of times, end once. Writes only what a decoder would accept.
class Encoder {
 public:
  explicit Encoder(std::span<const Instrument> instruments) : rules_{instruments} {}
  virtual ~Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  virtual void begin(std::string& out) = 0;
  /// Throws std::invalid_argument naming the first event that breaks a rule, before anything was added to `out`.
  void append(std::span<const Event> events, std::string& out);
  virtual void end(std::string& out) = 0;

 protected:
  [[nodiscard]] std::uint64_t n_events() const noexcept { return n_events_; }

 private:
  virtual void encode(std::span<const Event> events, std::string& out) = 0;

  PackedDecoder rules_;
  std::uint64_t n_events_ = 0;
};

/// Cold path: throws std::invalid_argument where an instrument cannot be written in this format.
[[nodiscard]] std::unique_ptr<Encoder> make_encoder(Format format, std::span<const Instrument> instruments);

}  // namespace hft::event
