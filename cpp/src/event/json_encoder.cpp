#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "encoders.hpp"
#include "hft/event/decimal_format.hpp"
#include "hft/event/wire_fields.hpp"

namespace hft::event {
namespace {

/// One line under construction. No field is longer than its share of the buffer: texts are checked, numbers bounded.
class Line {
 public:
  Line& text(std::string_view piece) noexcept {
    std::memcpy(at_, piece.data(), piece.size());
    at_ += piece.size();
    return *this;
  }
  template <class Int>
  Line& integer(std::string_view key, Int value) noexcept {
    text(key);
    at_ = std::to_chars(at_, buffer_.data() + buffer_.size(), value).ptr;
    return *this;
  }
  Line& decimal(std::string_view key, const DecimalFormat& format, std::int64_t n) noexcept {
    text(key);
    at_ = format.write(at_, n);
    return *this;
  }
  [[nodiscard]] std::string_view view() const noexcept {
    return {buffer_.data(), static_cast<std::size_t>(at_ - buffer_.data())};
  }

 private:
  std::array<char, 768> buffer_;  // longest line: 5 keys and symbol 120, 4 decimals 4 * 48, 6 integers 6 * 21, keys 150
  char* at_ = buffer_.data();
};

class JsonEncoder final : public Encoder {
 public:
  explicit JsonEncoder(std::span<const Instrument> instruments) : Encoder{instruments} {
    formats_.reserve(instruments.size());
    for (const Instrument& i : instruments) {
      formats_.push_back({"{\"symbol\":\"" + i.symbol + "\",\"kind\":\"",
                          DecimalFormat{i.tick, "Instrument " + i.symbol + ": tick"},
                          DecimalFormat{i.lot, "Instrument " + i.symbol + ": lot"}});
    }
  }

  void begin(std::string&) override {}
  void end(std::string&) override {}

 private:
  struct Formats {
    std::string opening;
    DecimalFormat px;
    DecimalFormat qty;
  };

  void encode(std::span<const Event> events, std::string& out) override {
    for (const Event& event : events) {
      encode_alone(event, out);
      out += '\n';
    }
  }

  void encode_alone(const Event& event, std::string& out) override {
    Line line;
    write(line, event, formats_[event.symbol_id]);
    out += line.view();
  }

  static void write(Line& line, const Event& event, const Formats& as) noexcept {
    line.text(as.opening).text(kKindNames[static_cast<std::size_t>(event.kind)]);
    line.integer("\",\"ts_event_ns\":", event.ts_event_ns).integer(",\"ts_recv_ns\":", event.ts_recv_ns);
    line.integer(",\"source_seq\":", event.source_seq).integer(",\"flags\":", event.flags);
    switch (event.kind) {
      case EventKind::kQuote:
        line.decimal(",\"bid_px\":", as.px, event.quote.bid_px_ticks);
        line.decimal(",\"bid_qty\":", as.qty, event.quote.bid_qty_lots);
        line.decimal(",\"ask_px\":", as.px, event.quote.ask_px_ticks);
        line.decimal(",\"ask_qty\":", as.qty, event.quote.ask_qty_lots);
        break;
      case EventKind::kTrade: write_px_qty(line, event, as); break;
      case EventKind::kBookLevel:
        write_px_qty(line, event, as);
        line.integer(",\"update_id\":", event.level.update_id);
        break;
      case EventKind::kControl: line.integer(",\"code\":", event.control.code); break;
    }
    line.text("}");
  }

  static void write_px_qty(Line& line, const Event& event, const Formats& as) noexcept {
    line.text(",\"side\":\"").text(kSideNames[static_cast<std::size_t>(event.side)]);
    line.decimal("\",\"px\":", as.px, event.trade.px_ticks).decimal(",\"qty\":", as.qty, event.trade.qty_lots);
  }

  std::vector<Formats> formats_;
};

}  // namespace

std::unique_ptr<Encoder> make_json_encoder(std::span<const Instrument> instruments) {
  return std::make_unique<JsonEncoder>(instruments);
}

}  // namespace hft::event
