#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "event_samples.hpp"
#include "hft/event/decode.hpp"
#include "hft/event/message_encoder.hpp"

namespace hft::event::samples {

inline std::string message(Format format, const Event& event) {
  std::string value;
  MessageEncoder{format, instruments()}.append(event, value);
  return value;
}

/// Decodes out of memory that ends where the message does, and expects a refusal to leave the event alone.
template <class Decoder>
DecodeStatus decode(const Decoder& decoder, std::string_view value, Event& out) {
  const auto exact = std::make_unique<char[]>(value.size());  // the address sanitizer sees the byte after it
  std::memcpy(exact.get(), value.data(), value.size());
  const Event before = out;
  const DecodeStatus status = decoder.decode(std::as_bytes(std::span{exact.get(), value.size()}), out);
  if (status != DecodeStatus::kOk) {
    EXPECT_EQ(std::memcmp(&out, &before, sizeof out), 0) << value;
  }
  return status;
}

template <class Decoder>
DecodeStatus decode(const Decoder& decoder, std::string_view value) {
  Event out{};
  return decode(decoder, value, out);
}

inline bool same(const Event& a, const Event& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/// Every message with one byte replaced, one bit flipped, cut short, or one byte longer: refused, or an event that
/// keeps every rule.
template <class Decoder>
void expect_no_unsound_event(const Decoder& decoder, const std::string& good) {
  const PackedDecoder rules{instruments()};
  const auto look = [&](const std::string& value) {
    Event out{};
    const DecodeStatus status = decode(decoder, value, out);
    ASSERT_LT(static_cast<std::size_t>(status), kDecodeStatuses);
    if (status == DecodeStatus::kOk) {
      ASSERT_EQ(rules.check(out), DecodeStatus::kOk) << value;
    }
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string altered = good;
    for (int byte = 0; byte < 256; ++byte) {
      altered[at] = static_cast<char>(byte);
      ASSERT_NO_FATAL_FAILURE(look(altered));
    }
    ASSERT_NO_FATAL_FAILURE(look(good.substr(0, at) + good.substr(at + 1)));
    ASSERT_NE(decode(decoder, good.substr(0, at)), DecodeStatus::kOk) << "cut to " << at << " bytes";
  }
}

}  // namespace hft::event::samples
