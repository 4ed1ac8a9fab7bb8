#include "simdjson_decoder.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hft/event/decimal_grid.hpp"
#include "hft/event/text_index.hpp"
#include "hft/event/wire_fields.hpp"
#include "simdjson.h"

namespace hft::bench {

using namespace hft::event;

struct SimdjsonDecoder::Impl {
  struct Grids {
    DecimalGrid px;
    DecimalGrid qty;
  };
  simdjson::ondemand::parser parser;
  PackedDecoder rules;
  TextIndex symbols;
  std::vector<Grids> grids;

  static bool to_decimal(std::string_view text, Decimal& decimal) noexcept {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    const char* at = text.data();
    const char* const end = at + text.size();
    decimal = {};
    decimal.negative = at != end && *at == '-';
    const auto whole = std::from_chars(at + (decimal.negative ? 1 : 0), end, decimal.whole);
    if (whole.ec != std::errc{}) return false;
    if (whole.ptr == end) return true;
    if (*whole.ptr != '.') return false;
    const auto fraction = std::from_chars(whole.ptr + 1, end, decimal.fraction);
    decimal.n_fraction = static_cast<std::uint8_t>(fraction.ptr - whole.ptr - 1);
    return fraction.ec == std::errc{} && fraction.ptr == end && decimal.n_fraction <= 18;
  }

  static bool read(simdjson::ondemand::object& object, const char* key, const DecimalGrid& grid, std::int64_t& n) {
    simdjson::ondemand::value value;
    Decimal decimal;
    if (object[key].get(value) != simdjson::SUCCESS) return false;
    return to_decimal(value.raw_json_token(), decimal) && grid.fit(decimal, n) == Fit::kOk;
  }

  bool read(std::span<const std::byte> bytes, Event& e) {
    const simdjson::padded_string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size(),
                                            bytes.size() + kPaddingBytes};
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    std::string_view symbol;
    std::string_view kind;
    std::uint64_t flags = 0;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return false;
    if (document.get_object().get(object) != simdjson::SUCCESS) return false;
    if (object["symbol"].get_string().get(symbol) != simdjson::SUCCESS) return false;
    e.symbol_id = symbols.find(symbol);
    if (e.symbol_id == TextIndex::kNone) return false;
    if (object["kind"].get_string().get(kind) != simdjson::SUCCESS) return false;
    const std::int64_t kind_value = place_in(kKindNames, kind);
    if (kind_value == kNoSuchName) return false;
    e.kind = static_cast<EventKind>(kind_value);
    if (object["ts_event_ns"].get_int64().get(e.ts_event_ns) != simdjson::SUCCESS ||
        object["ts_recv_ns"].get_int64().get(e.ts_recv_ns) != simdjson::SUCCESS ||
        object["source_seq"].get_uint64().get(e.source_seq) != simdjson::SUCCESS ||
        object["flags"].get_uint64().get(flags) != simdjson::SUCCESS || flags > 0xFFFF) {
      return false;
    }
    e.flags = static_cast<std::uint16_t>(flags);
    e.side = Side::kUnknown;
    const Grids& as = grids[e.symbol_id];
    if (e.kind == EventKind::kQuote) {
      return read(object, "bid_px", as.px, e.quote.bid_px_ticks) &&
             read(object, "bid_qty", as.qty, e.quote.bid_qty_lots) &&
             read(object, "ask_px", as.px, e.quote.ask_px_ticks) &&
             read(object, "ask_qty", as.qty, e.quote.ask_qty_lots);
    }
    std::string_view side;
    if (object["side"].get_string().get(side) != simdjson::SUCCESS) return false;
    const std::int64_t side_value = place_in(kSideNames, side);
    if (side_value == kNoSuchName) return false;
    e.side = static_cast<Side>(side_value);
    e.trade = {0, 0, {0, 0}};
    if (!read(object, "px", as.px, e.trade.px_ticks) || !read(object, "qty", as.qty, e.trade.qty_lots)) return false;
    return e.kind == EventKind::kTrade || object["update_id"].get_int64().get(e.level.update_id) == simdjson::SUCCESS;
  }
};

SimdjsonDecoder::SimdjsonDecoder(std::span<const Instrument> instruments) {
  std::vector<std::string_view> symbols;
  std::vector<Impl::Grids> grids;
  for (const Instrument& i : instruments) {
    symbols.push_back(i.symbol);
    grids.push_back({DecimalGrid{DecimalFormat{i.tick, i.symbol}}, DecimalGrid{DecimalFormat{i.lot, i.symbol}}});
  }
  impl_.reset(new Impl{simdjson::ondemand::parser{}, PackedDecoder{instruments}, TextIndex{symbols}, std::move(grids)});
}

SimdjsonDecoder::~SimdjsonDecoder() = default;

DecodeStatus SimdjsonDecoder::decode(std::span<const std::byte> bytes, Event& out) noexcept {
  Event event;
  if (!impl_->read(bytes, event)) return DecodeStatus::kBadSyntax;
  const DecodeStatus status = impl_->rules.check(event);
  if (status == DecodeStatus::kOk) out = event;
  return status;
}

}  // namespace hft::bench
