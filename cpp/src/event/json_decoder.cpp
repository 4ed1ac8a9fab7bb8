#include "hft/event/json_decoder.hpp"

#include <array>
#include <bit>
#include <string>
#include <string_view>

#include "hft/event/decimal_format.hpp"
#include "hft/event/wire_fields.hpp"
#include "json_scanner.hpp"
#include "json_usual.hpp"
#include "symbols.hpp"

namespace hft::event {
namespace {

constexpr std::array<std::string_view, kFields> kKeys{"symbol",     "kind",       "side",   "flags",     "ts_event_ns",
                                                      "ts_recv_ns", "source_seq", "bid_px", "bid_qty",   "ask_px",
                                                      "ask_qty",    "px",         "qty",    "update_id", "code"};

constexpr std::size_t kMinUsualBytes = 64;  // of any event; the cursor needs eight

bool is_decimal(Field field) noexcept { return field >= Field::kBidPx && field <= Field::kQty; }

bool is_px(Field field) noexcept { return (mask_of(field) & mask_of(Field::kBidPx, Field::kAskPx, Field::kPx)) != 0; }

/// Takes any object of ours apart. Decimals wait until the symbol, which may come last, says what a tick is.
class JsonFields {
 public:
  JsonFields(JsonScanner& scanner, const TextIndex& symbols, const TextIndex& keys) noexcept
      : scanner_{scanner}, symbols_{symbols}, keys_{keys} {}

  DecodeStatus read() noexcept {
    if (!scanner_.expect('{')) return scanner_.status();
    bool more = !scanner_.accept('}');
    while (more) {
      std::string_view key;
      if (!scanner_.string(key)) return scanner_.status();
      const std::uint32_t field = keys_.find(key);
      if (!scanner_.expect(':')) return scanner_.status();
      const bool read = field == TextIndex::kNone ? scanner_.skip_value() : value(static_cast<Field>(field));
      if (!read) return refusal_ != DecodeStatus::kOk ? refusal_ : scanner_.status();
      more = scanner_.accept(',');
      if (!more && !scanner_.expect('}')) return scanner_.status();
    }
    return scanner_.at_end() ? DecodeStatus::kOk : DecodeStatus::kTrailingBytes;
  }

  [[nodiscard]] WireFields& fields() noexcept { return fields_; }

  /// Turns the decimals that were found into ticks and lots.
  DecodeStatus to_integers(const DecimalGrid& px, const DecimalGrid& qty) noexcept {
    for (auto field = Field::kBidPx; field <= Field::kQty; field = next(field)) {
      if (!fields_.has(field)) continue;
      Decimal decimal;
      Fit fit = numbers_[place(field)].to_decimal(decimal);
      std::int64_t n = 0;
      if (fit == Fit::kOk) fit = (is_px(field) ? px : qty).fit(decimal, n);
      if (fit == Fit::kTooLarge) return is_px(field) ? DecodeStatus::kBadPrice : DecodeStatus::kBadQty;
      if (fit == Fit::kOffGrid) return DecodeStatus::kOffGrid;
      fields_.set(field, n);
    }
    return DecodeStatus::kOk;
  }

 private:
  static Field next(Field field) noexcept { return static_cast<Field>(static_cast<int>(field) + 1); }
  static std::size_t place(Field field) noexcept {
    return static_cast<std::size_t>(field) - static_cast<std::size_t>(Field::kBidPx);
  }

  bool refuse(DecodeStatus status) noexcept {
    refusal_ = status;
    return false;
  }

  bool value(Field field) noexcept {
    if ((seen_ & mask_of(field)) != 0) return refuse(DecodeStatus::kDuplicateField);
    seen_ |= mask_of(field);
    const char first = scanner_.peek();
    if (first == 'n') return scanner_.literal("null");
    if (field <= Field::kSide) return first == '"' ? name(field) : wrong_type();
    return first == '-' || (first >= '0' && first <= '9') ? number(field) : wrong_type();
  }

  /// A value of another type must still be JSON: what is not JSON at all is named so.
  bool wrong_type() noexcept { return scanner_.skip_value() && refuse(DecodeStatus::kBadValue); }

  bool name(Field field) noexcept {
    std::string_view text;
    if (!scanner_.string(text)) return false;
    if (field == Field::kSymbol) {
      const std::uint32_t id = symbols_.find(text);
      fields_.set(field, id == TextIndex::kNone ? kNoSuchName : id);
    } else {
      fields_.set(field, field == Field::kKind ? place_in(kKindNames, text) : place_in(kSideNames, text));
    }
    return true;
  }

  bool number(Field field) noexcept {
    JsonNumber number;
    if (!scanner_.number(number)) return false;
    std::int64_t value = 0;
    if (is_decimal(field)) {
      numbers_[place(field)] = number;
    } else if (field == Field::kSourceSeq) {
      std::uint64_t seq = 0;
      if (!number.to_uint64(seq)) return refuse(DecodeStatus::kBadValue);
      value = std::bit_cast<std::int64_t>(seq);
    } else if (!number.to_int64(value)) {
      return refuse(DecodeStatus::kBadValue);
    }
    fields_.set(field, value);
    return true;
  }

  JsonScanner& scanner_;
  const TextIndex& symbols_;
  const TextIndex& keys_;
  WireFields fields_;
  FieldMask seen_ = 0;  // null too
  std::array<JsonNumber, 6> numbers_;
  DecodeStatus refusal_ = DecodeStatus::kOk;
};

}  // namespace

JsonDecoder::JsonDecoder(std::span<const Instrument> instruments)
    : rules_{instruments}, symbols_{index_symbols(instruments)}, keys_{kKeys} {
  grids_.reserve(instruments.size());
  for (const Instrument& i : instruments) {
    grids_.push_back({DecimalGrid{DecimalFormat{i.tick, "Instrument " + i.symbol + ": tick"}},
                      DecimalGrid{DecimalFormat{i.lot, "Instrument " + i.symbol + ": lot"}}});
  }
}

DecodeStatus JsonDecoder::decode(std::span<const std::byte> bytes, Event& out) const noexcept {
  // The event is made where it will stay: copied as a whole after it was written field by field, it would wait for
  // them.
  const Event before = out;
  DecodeStatus status = DecodeStatus::kOk;
  if (!read_usual(bytes, out)) [[unlikely]]
    status = read_any(bytes, out);
  if (status == DecodeStatus::kOk) status = rules_.check(out);
  if (status != DecodeStatus::kOk) [[unlikely]]
    out = before;
  return status;
}

DecodeStatus JsonDecoder::read_any(std::span<const std::byte> bytes, Event& event) const noexcept {
  JsonScanner scanner{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
  JsonFields reader{scanner, symbols_, keys_};
  DecodeStatus status = reader.read();
  if (status == DecodeStatus::kOk) status = check_fields(reader.fields());
  if (status != DecodeStatus::kOk) return status;
  const Grids& grids = grids_[static_cast<std::size_t>(reader.fields()[Field::kSymbol])];
  status = reader.to_integers(grids.px, grids.qty);
  return status == DecodeStatus::kOk ? assemble(reader.fields(), event) : status;
}

bool JsonDecoder::read_usual(std::span<const std::byte> bytes, Event& event) const noexcept {
  constexpr std::size_t kAfterFirstKey = sizeof("{\"symbol\":") - 1;
  if (bytes.size() < kMinUsualBytes) return false;
  return bytes[kAfterFirstKey] == std::byte{' '} ? read_usual<true>(bytes, event) : read_usual<false>(bytes, event);
}

/// The message as JsonEncoder writes it. False: another form, or a fault that read_any() will name.
template <bool kSpaced>
bool JsonDecoder::read_usual(std::span<const std::byte> bytes, Event& event) const noexcept {
  const char* const begin = reinterpret_cast<const char*>(bytes.data());
  UsualJson<kSpaced> json{begin, begin + bytes.size()};
  std::string_view symbol;
  if (!json.literal(R"({"symbol":")", R"({"symbol": ")") || !json.text(symbol, TextIndex::kMaxBytes)) return false;
  const std::uint32_t symbol_id = symbols_.find(symbol);
  if (symbol_id == TextIndex::kNone) return false;
  event.symbol_id = symbol_id;
  if (!json.literal(R"(","kind":")", R"(", "kind": ")")) return false;
  if (json.literal(R"(quote","ts_event_ns":)", R"(quote", "ts_event_ns": )")) {
    event.kind = EventKind::kQuote;
  } else if (json.literal(R"(trade","ts_event_ns":)", R"(trade", "ts_event_ns": )")) {
    event.kind = EventKind::kTrade;
  } else if (json.literal(R"(book_level","ts_event_ns":)", R"(book_level", "ts_event_ns": )")) {
    event.kind = EventKind::kBookLevel;
  } else {
    return false;  // controls are rare
  }
  std::uint64_t ts_event_ns = 0;
  std::uint64_t ts_recv_ns = 0;
  std::uint64_t flags = 0;
  if (!json.timestamp(ts_event_ns) || !json.literal(R"(,"ts_recv_ns":)", R"(, "ts_recv_ns": )") ||
      !json.timestamp(ts_recv_ns) || !json.literal(R"(,"source_seq":)", R"(, "source_seq": )") ||
      !json.integer(event.source_seq) || !json.literal(R"(,"flags":)", R"(, "flags": )") || !json.integer(flags) ||
      (flags & ~std::uint64_t{kKnownFlags}) != 0 || (ts_event_ns | ts_recv_ns) >> 63 != 0) {
    return false;
  }
  event.ts_event_ns = std::bit_cast<std::int64_t>(ts_event_ns);
  event.ts_recv_ns = std::bit_cast<std::int64_t>(ts_recv_ns);
  event.flags = static_cast<std::uint16_t>(flags);
  event.side = Side::kUnknown;

  const Grids& grids = grids_[symbol_id];
  const auto read = [&](const DecimalGrid& grid, std::int64_t& n) {
    Decimal decimal;
    return json.decimal(decimal) && grid.fit(decimal, n) == Fit::kOk;
  };
  if (event.kind == EventKind::kQuote) {
    Quote& q = event.quote;
    return json.literal(R"(,"bid_px":)", R"(, "bid_px": )") && read(grids.px, q.bid_px_ticks) &&
           json.literal(R"(,"bid_qty":)", R"(, "bid_qty": )") && read(grids.qty, q.bid_qty_lots) &&
           json.literal(R"(,"ask_px":)", R"(, "ask_px": )") && read(grids.px, q.ask_px_ticks) &&
           json.literal(R"(,"ask_qty":)", R"(, "ask_qty": )") && read(grids.qty, q.ask_qty_lots) && json.literal("}") &&
           json.at_end();
  }
  if (!json.literal(R"(,"side":")", R"(, "side": ")")) return false;
  if (json.literal(R"(buy","px":)", R"(buy", "px": )")) {
    event.side = Side::kBuy;
  } else if (json.literal(R"(sell","px":)", R"(sell", "px": )")) {
    event.side = Side::kSell;
  } else if (!json.literal(R"(unknown","px":)", R"(unknown", "px": )")) {
    return false;
  }
  event.trade = {0, 0, {0, 0}};  // a book level's payload begins alike and ends with its own
  if (!read(grids.px, event.trade.px_ticks) || !json.literal(R"(,"qty":)", R"(, "qty": )") ||
      !read(grids.qty, event.trade.qty_lots)) {
    return false;
  }
  if (event.kind == EventKind::kBookLevel) {
    std::uint64_t update_id = 0;  // a negative one goes the general way
    if (!json.literal(R"(,"update_id":)", R"(, "update_id": )") || !json.integer(update_id) || update_id >> 63 != 0) {
      return false;
    }
    event.level.update_id = static_cast<std::int64_t>(update_id);
  }
  return json.literal("}") && json.at_end();
}

}  // namespace hft::event
