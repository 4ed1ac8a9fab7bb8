#include <stdexcept>

#include "fuzz_messages.hpp"
#include "hft/event/avro_decoder.hpp"

/// A schema's text up to the first zero byte, then a message that was written with it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  using namespace hft;
  const std::string_view input{reinterpret_cast<const char*>(data), n_bytes};
  const std::size_t text_bytes = std::min(input.find('\0'), n_bytes);
  try {
    const event::AvroDecoder decoder{fuzz::instruments(), {{1, std::string{input.substr(0, text_bytes)}}}};
    static const event::PackedDecoder kRules{fuzz::instruments()};
    event::Event out{};
    if (decoder.decode(fuzz::as_bytes(data, n_bytes).subspan(text_bytes), out) == event::DecodeStatus::kOk) {
      fuzz::require(kRules.check(out) == event::DecodeStatus::kOk, "an accepted event breaks a rule");
    }
  } catch (const std::invalid_argument&) {  // a schema may be refused, in no other way
  }
  return 0;
}
