#include <array>

#include "fuzz_messages.hpp"
#include "hft/event/wire_decoder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  using namespace hft;
  static const event::WireDecoder kDecoder{event::Format::kPacked, fuzz::instruments(), std::array{0U, 1U}};
  fuzz::decode_and_return(kDecoder, event::Format::kPacked, fuzz::as_bytes(data, n_bytes));
  return 0;
}
