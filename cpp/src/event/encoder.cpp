#include "hft/event/encoder.hpp"

#include <stdexcept>

#include "encoders.hpp"

namespace hft::event {

Format parse_format(std::string_view name) {
  if (name == "packed") return Format::kPacked;
  if (name == "json") return Format::kJson;
  if (name == "avro") return Format::kAvro;
  throw std::invalid_argument("format must be packed, json or avro, was '" + std::string{name} + "'");
}

void Encoder::append(std::span<const Event> events, std::string& out) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const DecodeStatus status = rules_.check(events[i]);
    if (status != DecodeStatus::kOk) {
      throw std::invalid_argument("event " + std::to_string(n_events_ + i) + " cannot be written: " +
                                  std::string{to_string(status)});
    }
  }
  encode(events, out);
  n_events_ += events.size();
}

void Encoder::append_alone(const Event& event, std::string& out) {
  const DecodeStatus status = rules_.check(event);
  if (status != DecodeStatus::kOk) {
    throw std::invalid_argument("the event cannot be written: " + std::string{to_string(status)});
  }
  encode_alone(event, out);
}

std::unique_ptr<Encoder> make_encoder(Format format, std::span<const Instrument> instruments) {
  switch (format) {
    case Format::kPacked: return make_packed_encoder(instruments);
    case Format::kJson: return make_json_encoder(instruments);
    case Format::kAvro: return make_avro_encoder(instruments);
  }
  throw std::invalid_argument("unknown format " + std::to_string(static_cast<int>(format)));
}

}  // namespace hft::event
