#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"

namespace hft::bench {

/// The JSON decoder as one would write it on simdjson's on-demand parser: the same keys, the same symbol lookup, exact
/// decimals from the number's own text, the same rules at the end. It does not look for keys that come twice.
class SimdjsonDecoder {
 public:
  static constexpr std::size_t kPaddingBytes = 64;  // readable bytes that must follow a message

  explicit SimdjsonDecoder(std::span<const event::Instrument> instruments);
  ~SimdjsonDecoder();

  [[nodiscard]] event::DecodeStatus decode(std::span<const std::byte> bytes, event::Event& out) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hft::bench
