#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/event/format.hpp"
#include "hft/event/instrument.hpp"

namespace hft::event {

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
  /// One event alone, without what a file has around it: the JSON object, the Avro record, the 64 bytes. Throws as
  /// append(), and has no part in what begin, append and end write.
  void append_alone(const Event& event, std::string& out);

 protected:
  [[nodiscard]] std::uint64_t n_events() const noexcept { return n_events_; }

 private:
  virtual void encode(std::span<const Event> events, std::string& out) = 0;
  virtual void encode_alone(const Event& event, std::string& out) = 0;

  PackedDecoder rules_;
  std::uint64_t n_events_ = 0;
};

/// Cold path: throws std::invalid_argument where an instrument cannot be written in this format.
[[nodiscard]] std::unique_ptr<Encoder> make_encoder(Format format, std::span<const Instrument> instruments);

}  // namespace hft::event
