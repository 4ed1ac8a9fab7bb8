#include "hft/event/message_encoder.hpp"

namespace hft::event {

MessageEncoder::MessageEncoder(Format format, std::span<const Instrument> instruments, std::uint32_t schema_id)
    : encoder_{make_encoder(format, instruments)} {
  if (format != Format::kAvro) return;
  header_ += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) header_ += static_cast<char>(schema_id >> shift & 0xFFU);
}

void MessageEncoder::append(const Event& event, std::string& out) {
  const std::size_t before = out.size();
  out += header_;
  try {
    encoder_->append_alone(event, out);
  } catch (...) {
    out.resize(before);
    throw;
  }
}

}  // namespace hft::event
