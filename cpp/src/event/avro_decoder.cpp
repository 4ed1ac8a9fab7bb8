#include "hft/event/avro_decoder.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "avro_program.hpp"
#include "hft/event/wire_fields.hpp"
#include "symbols.hpp"

namespace hft::event {
namespace {

constexpr std::size_t kHeaderBytes = 5;

const char* chars(std::span<const std::byte> bytes) noexcept { return reinterpret_cast<const char*>(bytes.data()); }

/// A record of schema/event.avsc. On false the message is read again by the program, which names the fault.
class OwnRecord {
 public:
  explicit OwnRecord(std::string_view body) noexcept : cursor_{body.data(), body.data() + body.size()} {}

  [[nodiscard, gnu::always_inline]] bool read(const TextIndex& symbols, Event& event) noexcept {
    return head(symbols, event) && payload(event) && cursor_.left() == 0;
  }

 private:
  [[gnu::always_inline]] bool head(const TextIndex& symbols, Event& event) noexcept {
    std::int64_t source_seq = 0;
    std::uint8_t length = 0;
    std::string_view symbol;
    if (!cursor_.read_byte(length) || length > 2 * TextIndex::kMaxBytes || length % 2 != 0) return false;
    if (!cursor_.read_bytes(length / 2U, symbol)) return false;
    event.symbol_id = symbols.find(symbol);
    if (event.symbol_id == TextIndex::kNone) return false;
    std::string_view three;
    if (!cursor_.read_bytes(3, three)) return false;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(three[i]); };
    const unsigned kind = byte(0);
    const unsigned side = byte(1);
    const unsigned flags = byte(2);  // those of the wire fit one byte
    if (kind > 6 || side > 4 || (flags & ~(2U * kKnownFlags)) != 0 || ((kind | side) & 1) != 0) return false;
    event.kind = static_cast<EventKind>(kind / 2 + 1);
    event.side = static_cast<Side>(side / 2);
    event.flags = static_cast<std::uint16_t>(flags / 2);
    if (!cursor_.read_long(event.ts_event_ns) || !cursor_.read_long(event.ts_recv_ns)) return false;
    if (!cursor_.read_long(source_seq)) return false;
    event.source_seq = std::bit_cast<std::uint64_t>(source_seq);
    return true;
  }

  [[gnu::always_inline]] bool payload(Event& event) noexcept {
    switch (event.kind) {
      case EventKind::kQuote: {
        Quote& q = event.quote;
        return present(q.bid_px_ticks) && present(q.bid_qty_lots) && present(q.ask_px_ticks) &&
               present(q.ask_qty_lots) && nulls<4>();
      }
      case EventKind::kTrade:
        event.trade = {0, 0, {0, 0}};
        return nulls<4>() && present(event.trade.px_ticks) && present(event.trade.qty_lots) && nulls<2>();
      case EventKind::kBookLevel:
        event.level = {0, 0, 0, 0};
        return nulls<4>() && present(event.level.px_ticks) && present(event.level.qty_lots) &&
               present(event.level.update_id) && nulls<1>();
      case EventKind::kControl: event.control = {0, {0, 0, 0}}; return nulls<7>() && present(event.control.code);
    }
    return false;
  }

  [[gnu::always_inline]] bool present(std::int64_t& value) noexcept {
    std::uint8_t branch = 0;
    return cursor_.read_byte(branch) && branch == 2 && cursor_.read_long(value);
  }
  template <std::size_t N>
  [[gnu::always_inline]] bool nulls() noexcept {
    constexpr std::array<char, N> kNulls{};
    std::string_view bytes;
    return cursor_.read_bytes(N, bytes) && std::memcmp(bytes.data(), kNulls.data(), N) == 0;
  }

  AvroCursor cursor_;
};

}  // namespace

AvroDecoder::AvroDecoder(std::span<const Instrument> instruments, const AvroSchemas& schemas)
    : rules_{instruments}, symbols_{index_symbols(instruments)} {
  if (schemas.empty()) throw std::invalid_argument("AvroDecoder: at least one schema must be given");
  static const AvroProgram kOwn{own_avro_schema()};
  for (const AvroSchema& schema : schemas) {
    const auto fail = [&](const std::string& what) {
      throw std::invalid_argument("Avro schema " + std::to_string(schema.id) + ": " + what);
    };
    if (writer_of(schema.id) != nullptr) fail("the id is there twice");
    try {
      auto program = std::make_shared<const AvroProgram>(schema.text);
      const Writer writer{schema.id, *program == kOwn, std::move(program)};
      const auto at = std::find_if(writers_.begin(), writers_.end(), [&](const Writer& w) { return w.id > schema.id; });
      writers_.insert(at, writer);
    } catch (const std::invalid_argument& error) {
      fail(error.what());
    }
  }
}

const AvroDecoder::Writer* AvroDecoder::writer_of(std::uint32_t id) const noexcept {
  if (!writers_.empty() && writers_.front().id == id) [[likely]]
    return writers_.data();  // nearly always the only one
  const auto at = std::lower_bound(writers_.begin(), writers_.end(), id,
                                   [](const Writer& writer, std::uint32_t wanted) { return writer.id < wanted; });
  return at != writers_.end() && at->id == id ? &*at : nullptr;
}

DecodeStatus AvroDecoder::decode(std::span<const std::byte> bytes, Event& out) const noexcept {
  if (bytes.empty()) [[unlikely]]
    return DecodeStatus::kTruncated;
  const char* const begin = chars(bytes);
  if (*begin != '\0') [[unlikely]]
    return DecodeStatus::kBadSyntax;
  if (bytes.size() < kHeaderBytes) [[unlikely]]
    return DecodeStatus::kTruncated;
  std::uint32_t id = 0;
  std::memcpy(&id, begin + 1, sizeof id);
  return decode_record(__builtin_bswap32(id), bytes.subspan(kHeaderBytes), out);
}

DecodeStatus AvroDecoder::decode_record(std::uint32_t schema_id, std::span<const std::byte> record,
                                        Event& out) const noexcept {
  const Writer* const writer = writer_of(schema_id);
  if (writer == nullptr) [[unlikely]]
    return DecodeStatus::kUnknownSchema;

  // The event is made where it will stay: copied as a whole after it was written field by field, it would wait for
  // them.
  const Event before = out;
  const std::string_view body{chars(record), record.size()};
  DecodeStatus status = DecodeStatus::kOk;
  if (!writer->own || !OwnRecord{body}.read(symbols_, out)) [[unlikely]]
    status = run(*writer->program, body, out);
  if (status == DecodeStatus::kOk) status = rules_.check(out);
  if (status != DecodeStatus::kOk) [[unlikely]]
    out = before;
  return status;
}

DecodeStatus AvroDecoder::run(const AvroProgram& program, std::string_view body, Event& event) const noexcept {
  AvroCursor cursor{body.data(), body.data() + body.size()};
  WireFields fields;
  DecodeStatus status = program.run(cursor, symbols_, fields);
  if (status == DecodeStatus::kOk && cursor.left() != 0) status = DecodeStatus::kTrailingBytes;
  if (status == DecodeStatus::kOk) status = check_fields(fields);
  return status == DecodeStatus::kOk ? assemble(fields, event) : status;
}

}  // namespace hft::event
