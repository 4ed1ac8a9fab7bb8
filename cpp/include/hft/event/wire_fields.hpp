#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"

namespace hft::event {

/// The fields of a message, in the order of schema/event.avsc.
enum class Field : std::uint8_t {
  kSymbol,
  kKind,
  kSide,
  kFlags,
  kTsEventNs,
  kTsRecvNs,
  kSourceSeq,
  kBidPx,
  kBidQty,
  kAskPx,
  kAskQty,
  kPx,
  kQty,
  kUpdateId,
  kCode,
};
inline constexpr std::size_t kFields = 15;

using FieldMask = std::uint32_t;
template <class... Fields>
[[nodiscard]] constexpr FieldMask mask_of(Fields... fields) noexcept {
  return (FieldMask{0} | ... | (FieldMask{1} << static_cast<unsigned>(fields)));
}

/// By EventKind. `side`, `flags` and `source_seq` may be absent from every kind: unknown, none, not numbered.
inline constexpr FieldMask kHeadFields = mask_of(Field::kSymbol, Field::kKind, Field::kTsEventNs, Field::kTsRecvNs);
inline constexpr FieldMask kOptionalFields = mask_of(Field::kSide, Field::kFlags, Field::kSourceSeq);
inline constexpr std::array<FieldMask, 5> kPayloadFields{
    0, mask_of(Field::kPx, Field::kQty), mask_of(Field::kBidPx, Field::kBidQty, Field::kAskPx, Field::kAskQty),
    mask_of(Field::kPx, Field::kQty, Field::kUpdateId), mask_of(Field::kCode)};

inline constexpr std::array<std::string_view, 5> kKindNames{"", "trade", "quote", "book_level", "control"};
inline constexpr std::array<std::string_view, 3> kSideNames{"unknown", "buy", "sell"};

/// What was found in a message, as integers, before it is known which fields its kind has.
struct WireFields {
  FieldMask found = 0;
  std::array<std::int64_t, kFields> values{};  // symbol: its id; kind, side: the enum's value; source_seq: its bits

  [[nodiscard]] bool has(Field field) const noexcept { return (found & mask_of(field)) != 0; }
  [[nodiscard]] std::int64_t operator[](Field field) const noexcept { return values[static_cast<std::size_t>(field)]; }
  void set(Field field, std::int64_t value) noexcept {
    values[static_cast<std::size_t>(field)] = value;
    found |= mask_of(field);
  }
};

inline constexpr std::int64_t kNoSuchName = -1;  // a symbol, kind or side that is none

/// The enum value of a kind's or side's name, or kNoSuchName.
template <std::size_t N>
[[nodiscard]] constexpr std::int64_t place_in(const std::array<std::string_view, N>& names,
                                              std::string_view name) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name && !name.empty()) return static_cast<std::int64_t>(i);
  }
  return kNoSuchName;
}

/// Does the kind have these fields and no others? kUnknownKind where the kind itself is none.
[[nodiscard]] DecodeStatus check_fields(const WireFields& fields) noexcept;

/// The event of checked fields; its values are not checked yet but for those that its integers could not hold.
[[nodiscard]] DecodeStatus assemble(const WireFields& fields, Event& out) noexcept;

}  // namespace hft::event
