#include "fuzz_messages.hpp"
#include "hft/event/json_decoder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  using namespace hft;
  static const event::JsonDecoder kDecoder{fuzz::instruments()};
  const auto bytes = fuzz::as_bytes(data, n_bytes);
  fuzz::decode_and_return(kDecoder, event::Format::kJson, bytes);

  // A blank at the beginning leads past the fast path: both must say the same.
  std::string later = " ";
  later.append(reinterpret_cast<const char*>(data), n_bytes);
  event::Event fast{};
  event::Event general{};
  fuzz::require(kDecoder.decode(bytes, fast) == kDecoder.decode(std::as_bytes(std::span{later}), general) &&
                    std::memcmp(&fast, &general, sizeof fast) == 0,
                "the fast path decides otherwise");
  return 0;
}
