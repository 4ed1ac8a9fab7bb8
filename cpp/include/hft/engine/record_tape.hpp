#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"

namespace hft::engine {

/// Packed records in memory, decoded one by one. A bad record is counted by its reason and skipped: one venue's
/// nonsense stops neither the tape nor the engine.
///
/// Cost: that of PackedDecoder, no allocation.   One thread.
class RecordTape {
 public:
  /// Both outlive this. A rest of fewer than 64 bytes is one truncated record.
  RecordTape(std::span<const std::byte> bytes, const event::PackedDecoder& decoder)
      : bytes_{bytes}, decoder_{decoder} {}

  [[nodiscard]] bool ended() const noexcept { return at_ >= bytes_.size(); }

  /// Takes the next record. False: it was bad, and `out` is as it was.
  [[nodiscard]] bool take(event::Event& out) noexcept {
    const event::DecodeStatus status = decoder_.decode(bytes_.subspan(at_), out);
    at_ += sizeof(event::Event);
    if (status == event::DecodeStatus::kOk) [[likely]] return true;
    ++bad_[static_cast<std::size_t>(status)];
    return false;
  }

  /// Records taken, bad ones and a truncated last one too.
  [[nodiscard]] std::uint64_t n_taken() const noexcept { return at_ / sizeof(event::Event); }
  /// How many there are.
  [[nodiscard]] static std::uint64_t n_records(std::size_t n_bytes) noexcept {
    return (n_bytes + sizeof(event::Event) - 1) / sizeof(event::Event);
  }
  [[nodiscard]] const std::array<std::uint64_t, event::kDecodeStatuses>& bad_records() const noexcept { return bad_; }

 private:
  std::span<const std::byte> bytes_;
  const event::PackedDecoder& decoder_;
  std::size_t at_ = 0;
  std::array<std::uint64_t, event::kDecodeStatuses> bad_{};
};

}  // namespace hft::engine
