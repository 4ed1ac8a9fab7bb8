#pragma once

#include <memory>
#include <span>

#include "hft/event/encoder.hpp"

namespace hft::event {

[[nodiscard]] std::unique_ptr<Encoder> make_packed_encoder(std::span<const Instrument> instruments);
[[nodiscard]] std::unique_ptr<Encoder> make_json_encoder(std::span<const Instrument> instruments);
[[nodiscard]] std::unique_ptr<Encoder> make_avro_encoder(std::span<const Instrument> instruments);

}  // namespace hft::event
