#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/event/decode.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/message_encoder.hpp"

namespace hft::fuzz {

/// The corpus is written for these; see make_corpus.py.
inline const std::vector<event::Instrument>& instruments() {
  static const std::vector<event::Instrument> kInstruments{{"AAA", {1, 100}, {1, 1}, 1, 1'000'000},
                                                           {"BTC-USD", {5, 1000}, {1, 100'000'000}, -500, 40'000'000}};
  return kInstruments;
}

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Whatever the bytes: a status, or an event that keeps every rule and comes back from its own encoding.
template <class Decoder>
void decode_and_return(const Decoder& decoder, event::Format format, std::span<const std::byte> bytes) {
  static const event::PackedDecoder kRules{instruments()};
  event::Event out{};
  const event::Event untouched{};
  const event::DecodeStatus status = decoder.decode(bytes, out);
  require(static_cast<std::size_t>(status) < event::kDecodeStatuses, "a status without a name");
  if (status != event::DecodeStatus::kOk) {
    return require(std::memcmp(&out, &untouched, sizeof out) == 0, "a refused message changed the event");
  }
  require(kRules.check(out) == event::DecodeStatus::kOk, "an accepted event breaks a rule");
  static event::MessageEncoder encoder{format, instruments()};
  std::string again;
  encoder.append(out, again);
  event::Event back{};
  require(decoder.decode(std::as_bytes(std::span{again}), back) == event::DecodeStatus::kOk, "its encoding is refused");
  require(std::memcmp(&out, &back, sizeof out) == 0, "its encoding is another event");
}

inline std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t n_bytes) {
  return std::as_bytes(std::span{data, n_bytes});
}

}  // namespace hft::fuzz
