#include <array>
#include <bit>
#include <string_view>
#include <vector>

#include "avro_schema.hpp"
#include "encoders.hpp"
#include "hft/base/crc32c.hpp"
#include "hft/event/avro_decoder.hpp"

namespace hft::event {
namespace {

/// Avro 1.11, "Binary encoding": zig-zag, then seven bits per byte, lowest first.
void put_long(std::string& out, std::int64_t value) {
  std::uint64_t zigzag = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  std::array<char, 10> bytes;
  std::size_t n = 0;
  for (; zigzag >= 0x80; zigzag >>= 7) bytes[n++] = static_cast<char>((zigzag & 0x7FU) | 0x80U);
  bytes[n++] = static_cast<char>(zigzag);
  out.append(bytes.data(), n);
}

void put_text(std::string& out, std::string_view text) {
  put_long(out, static_cast<std::int64_t>(text.size()));
  out += text;
}

/// The union ["null", "long"].
void put_present(std::string& out, std::int64_t value) {
  put_long(out, 1);
  put_long(out, value);
}

void put_nulls(std::string& out, std::size_t n) { out.append(n, '\0'); }

/// The text of Python's InstrumentTable.to_json: sorted keys, no blanks.
std::string instruments_json(std::span<const Instrument> instruments) {
  std::string out = "[";
  const auto number = [&](const char* text, std::int64_t value) { (out += text) += std::to_string(value); };
  for (const Instrument& i : instruments) {
    if (out.size() > 1) out += ",";
    number("{\"lot\":[", i.lot.num);
    number(",", i.lot.den);
    number("],\"max_px_ticks\":", i.max_px_ticks);
    number(",\"min_px_ticks\":", i.min_px_ticks);
    ((out += ",\"symbol\":\"") += i.symbol) += "\"";
    number(",\"tick\":[", i.tick.num);
    number(",", i.tick.den);
    out += "]}";
  }
  return out + "]";
}

class AvroEncoder final : public Encoder {
 public:
  explicit AvroEncoder(std::span<const Instrument> instruments) : Encoder{instruments} {
    for (const Instrument& i : instruments) put_text(symbols_.emplace_back(), i.symbol);
    header_ = "Obj\x01";
    put_long(header_, 3);  // entries of the metadata map
    put_text(header_, "avro.codec");
    put_text(header_, "null");
    put_text(header_, "avro.schema");
    put_text(header_, kAvroSchema);
    put_text(header_, "hft.instruments");
    put_text(header_, instruments_json(instruments));
    put_long(header_, 0);
    // Avro asks for random sync bytes; ours follow from the header, so that the same events are the same file.
    std::uint32_t crc = base::crc32c(std::as_bytes(std::span{header_}));
    for (std::size_t i = 0; i < sync_.size(); i += 4) {
      crc = base::crc32c(std::as_bytes(std::span{&crc, 1}));
      std::memcpy(sync_.data() + i, &crc, 4);
    }
  }

  void begin(std::string& out) override { (out += header_).append(sync_.data(), sync_.size()); }
  void end(std::string&) override {}

 private:
  /// One block per call: its count, its size, its records, the sync bytes.
  void encode(std::span<const Event> events, std::string& out) override {
    if (events.empty()) return;  // a block of none would be legal and useless
    block_.clear();
    for (const Event& event : events) encode_alone(event, block_);
    put_long(out, static_cast<std::int64_t>(events.size()));
    put_text(out, block_);
    out.append(sync_.data(), sync_.size());
  }

  void encode_alone(const Event& event, std::string& out) override {
    out += symbols_[event.symbol_id];
    put_long(out, static_cast<std::int64_t>(event.kind) - 1);
    put_long(out, static_cast<std::int64_t>(event.side));
    put_long(out, event.flags);
    put_long(out, event.ts_event_ns);
    put_long(out, event.ts_recv_ns);
    put_long(out, std::bit_cast<std::int64_t>(event.source_seq));
    switch (event.kind) {
      case EventKind::kQuote:
        put_present(out, event.quote.bid_px_ticks);
        put_present(out, event.quote.bid_qty_lots);
        put_present(out, event.quote.ask_px_ticks);
        put_present(out, event.quote.ask_qty_lots);
        put_nulls(out, 4);
        break;
      case EventKind::kTrade:
        put_nulls(out, 4);
        put_present(out, event.trade.px_ticks);
        put_present(out, event.trade.qty_lots);
        put_nulls(out, 2);
        break;
      case EventKind::kBookLevel:
        put_nulls(out, 4);
        put_present(out, event.level.px_ticks);
        put_present(out, event.level.qty_lots);
        put_present(out, event.level.update_id);
        put_nulls(out, 1);
        break;
      case EventKind::kControl:
        put_nulls(out, 7);
        put_present(out, event.control.code);
        break;
    }
  }

  std::string header_;
  std::array<char, 16> sync_{};
  std::vector<std::string> symbols_;
  std::string block_;
};

}  // namespace

std::string_view own_avro_schema() noexcept { return kAvroSchema; }

std::unique_ptr<Encoder> make_avro_encoder(std::span<const Instrument> instruments) {
  return std::make_unique<AvroEncoder>(instruments);
}

}  // namespace hft::event
