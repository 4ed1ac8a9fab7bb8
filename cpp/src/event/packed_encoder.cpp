#include <cstring>

#include "encoders.hpp"
#include "hft/base/bytes.hpp"
#include "hft/base/crc32c.hpp"
#include "hft/event/packed.hpp"

namespace hft::event {
namespace {

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class PackedEncoder final : public Encoder {
 public:
  explicit PackedEncoder(std::span<const Instrument> instruments)
      : Encoder{instruments}, preamble_{packed_preamble(instruments)} {}

  void begin(std::string& out) override { out += preamble_; }

  void end(std::string& out) override {
    PackedEnd end{};
    end.magic = kPackedEndMagic;
    end.n_events = n_events();
    end.events_crc = crc_;
    end.end_crc = base::crc32c(std::as_bytes(std::span{&end, 1}).first(offsetof(PackedEnd, end_crc)));
    put(out, end);
  }

 private:
  void encode(std::span<const Event> events, std::string& out) override {
    const auto bytes = std::as_bytes(events);
    crc_ = base::crc32c(bytes, crc_);
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void encode_alone(const Event& event, std::string& out) override { put(out, event); }

  std::string preamble_;
  std::uint32_t crc_ = 0;
};

}  // namespace

std::string packed_preamble(std::span<const Instrument> instruments) {
  base::ByteWriter table;
  for (const Instrument& i : instruments) {
    table(std::string_view{i.symbol});
    for (const std::int64_t value : {i.tick.num, i.tick.den, i.lot.num, i.lot.den, i.min_px_ticks, i.max_px_ticks}) {
      table(value);
    }
  }
  while (table.bytes().size() % sizeof(Event) != 0) table(std::uint8_t{0});

  PackedHeader header{};
  header.magic = kPackedMagic;
  header.version = kPackedVersion;
  header.record_bytes = sizeof(Event);
  header.n_instruments = static_cast<std::uint32_t>(instruments.size());
  header.table_bytes = static_cast<std::uint32_t>(table.bytes().size());
  header.table_crc = base::crc32c(table.bytes());
  header.header_crc = base::crc32c(std::as_bytes(std::span{&header, 1}).first(offsetof(PackedHeader, header_crc)));
  std::string out;
  put(out, header);
  out.append(reinterpret_cast<const char*>(table.bytes().data()), table.bytes().size());
  return out;
}

std::unique_ptr<Encoder> make_packed_encoder(std::span<const Instrument> instruments) {
  return std::make_unique<PackedEncoder>(instruments);
}

}  // namespace hft::event
