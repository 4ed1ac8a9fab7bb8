#include "hft/event/wire_fields.hpp"

#include <bit>
#include <limits>

namespace hft::event {

DecodeStatus check_fields(const WireFields& fields) noexcept {
  if ((mask_of(Field::kSymbol, Field::kKind) & ~fields.found) != 0) return DecodeStatus::kMissingField;
  const std::int64_t kind = fields[Field::kKind];
  if (kind < 1 || static_cast<std::size_t>(kind) >= kPayloadFields.size()) return DecodeStatus::kUnknownKind;
  if (fields[Field::kSymbol] == kNoSuchName) return DecodeStatus::kUnknownSymbol;
  const FieldMask must_have = kHeadFields | kPayloadFields[static_cast<std::size_t>(kind)];
  if ((must_have & ~fields.found) != 0) return DecodeStatus::kMissingField;
  return (fields.found & ~(must_have | kOptionalFields)) == 0 ? DecodeStatus::kOk : DecodeStatus::kUnexpectedField;
}

DecodeStatus assemble(const WireFields& fields, Event& out) noexcept {
  const std::int64_t flags = fields[Field::kFlags];
  if (fields[Field::kSide] == kNoSuchName) return DecodeStatus::kBadSide;
  if (flags < 0 || flags > std::numeric_limits<std::uint16_t>::max()) return DecodeStatus::kUnknownFlag;
  Event event{};
  event.ts_event_ns = fields[Field::kTsEventNs];
  event.ts_recv_ns = fields[Field::kTsRecvNs];
  event.source_seq = std::bit_cast<std::uint64_t>(fields[Field::kSourceSeq]);
  event.symbol_id = static_cast<std::uint32_t>(fields[Field::kSymbol]);
  event.kind = static_cast<EventKind>(fields[Field::kKind]);
  event.side = static_cast<Side>(fields[Field::kSide]);
  event.flags = static_cast<std::uint16_t>(flags);
  switch (event.kind) {
    case EventKind::kQuote:
      event.quote = {fields[Field::kBidPx], fields[Field::kBidQty], fields[Field::kAskPx], fields[Field::kAskQty]};
      break;
    case EventKind::kTrade: event.trade = {fields[Field::kPx], fields[Field::kQty], {0, 0}}; break;
    case EventKind::kBookLevel:
      event.level = {fields[Field::kPx], fields[Field::kQty], fields[Field::kUpdateId], 0};
      break;
    case EventKind::kControl: event.control = {fields[Field::kCode], {0, 0, 0}}; break;
  }
  out = event;
  return DecodeStatus::kOk;
}

}  // namespace hft::event
