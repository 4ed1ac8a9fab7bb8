#include <algorithm>
#include <stdexcept>

#include "hft/base/crc32c.hpp"
#include "hft/feature/pipeline.hpp"

namespace hft::feature {
namespace {

// Frame: magic, version, payload bytes, CRC-32C of the payload, payload.
constexpr std::uint64_t kMagic = 0x3150414E53544648;  // "HFTSNAP1"
constexpr std::uint32_t kVersion = 4;                 // of the payload's layout

// What a frame may ask for: windows are made whole, so a few bytes of false instruments could take all memory.
constexpr double kLeastRoomBytes = 0x1p30;
constexpr double kRoomPerByte = 1024;
constexpr std::size_t kSymbolBytes = Past::kBytes + 9 * 8 + 2;  // of each: what the rules know; the market

std::string text(const event::Step& s) {
  return std::to_string(s.num) + "/" + std::to_string(s.den);
}

[[noreturn]] void differ(const std::string& what, const std::string& stored, const std::string& here) {
  throw std::invalid_argument("snapshot: " + what + " is " + stored + " in the snapshot and " + here + " here");
}

void check_instrument(std::size_t i, const event::Instrument& stored, const event::Instrument& here) {
  const std::string which = "instrument " + std::to_string(i);
  if (stored.symbol != here.symbol) differ(which, "'" + stored.symbol + "'", "'" + here.symbol + "'");
  if (text(stored.tick) != text(here.tick)) differ("tick of '" + here.symbol + "'", text(stored.tick), text(here.tick));
  if (text(stored.lot) != text(here.lot)) differ("lot of '" + here.symbol + "'", text(stored.lot), text(here.lot));
  const auto compare = [&](const std::string& bound, std::int64_t a, std::int64_t b) {
    if (a != b) differ(bound + " of '" + here.symbol + "'", std::to_string(a), std::to_string(b));
  };
  compare("min_px_ticks", stored.min_px_ticks, here.min_px_ticks);
  compare("max_px_ticks", stored.max_px_ticks, here.max_px_ticks);
}

template <class Self, class Archive>
void archive_instrument(Self& instrument, Archive& ar) {
  ar(instrument.symbol);
  ar(instrument.tick.num), ar(instrument.tick.den), ar(instrument.lot.num), ar(instrument.lot.den);
  ar(instrument.min_px_ticks), ar(instrument.max_px_ticks);
}

/// The payload of a frame, once magic, version, length and checksum are right.
base::ByteReader open_frame(base::ByteReader& in) {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t n_bytes = 0;
  std::uint32_t crc = 0;
  in(magic), in(version), in(n_bytes), in(crc);
  if (magic != kMagic) throw std::invalid_argument("snapshot: these bytes are no snapshot of a pipeline");
  if (version != kVersion) differ("the layout's version", std::to_string(version), std::to_string(kVersion));
  const auto payload = in.take_bytes(n_bytes);
  if (base::crc32c(payload) != crc)
    throw std::invalid_argument("snapshot: the checksum does not match, bytes were altered");
  return base::ByteReader{payload};
}

void check_spec(base::ByteReader& in, const Spec& spec) {
  std::string sha256;
  in(sha256);
  if (sha256 != spec.sha256) differ("the spec's sha256", sha256, spec.sha256);
}

std::vector<event::Instrument> read_instruments(base::ByteReader& in) {
  std::uint32_t n = 0;
  in(n);
  std::vector<event::Instrument> instruments;  // grows as the bytes last: a false count cannot ask for memory
  for (std::uint32_t i = 0; i < n; ++i) archive_instrument(instruments.emplace_back(), in);
  return instruments;
}

}  // namespace

void Pipeline::save(base::ByteWriter& out) const {
  base::ByteWriter payload;
  save_identity(payload);
  save_counters(payload);
  for (std::uint32_t id = 0; id < symbols_.size(); ++id) save_symbol(id, payload);
  out(kMagic);
  out(kVersion);
  out(static_cast<std::uint64_t>(payload.bytes().size()));
  out(base::crc32c(payload.bytes()));
  out.append(payload.bytes());
}

void Pipeline::save_identity(base::ByteWriter& out) const {
  out(std::string_view{spec_.sha256});
  out(static_cast<std::uint32_t>(instruments_.size()));
  for (const event::Instrument& instrument : instruments_) archive_instrument(instrument, out);
}

void Pipeline::check_identity(base::ByteReader& in) const {
  check_spec(in, spec_);
  const auto stored = read_instruments(in);
  if (stored.size() != instruments_.size()) {
    differ("the number of instruments", std::to_string(stored.size()), std::to_string(instruments_.size()));
  }
  for (std::size_t i = 0; i < stored.size(); ++i) check_instrument(i, stored[i], instruments_[i]);
}

void Pipeline::save_counters(base::ByteWriter& out) const {
  Counters::visit(counters_, [&](const char*, const std::uint64_t& n) { out(n); });
}

void Pipeline::check_counters(base::ByteReader& in) {
  Counters any;  // any number is a count
  Counters::visit(any, [&](const char*, std::uint64_t& n) { in(n); });
}

void Pipeline::load_counters(base::ByteReader& in) {
  Counters::visit(counters_, [&](const char*, std::uint64_t& n) { in(n); });
}

void Pipeline::save_symbol(std::uint32_t symbol_id, base::ByteWriter& out) const {
  Symbol::archive(symbols_[symbol_id], out);
}

std::size_t Pipeline::symbol_bytes_bound() const {
  std::size_t n_bytes = kSymbolBytes;
  for (const auto& node : plan_->make_nodes()) n_bytes += node->room_bytes();  // it stores no more than it takes
  return n_bytes;
}

Pipeline::Scratch Pipeline::make_scratch() const { return make_symbol({}); }

void Pipeline::check_symbol(Scratch& scratch, base::ByteReader& in) { Symbol::archive(scratch, in); }

void Pipeline::load_symbol(std::uint32_t symbol_id, base::ByteReader& in) { Symbol::archive(symbols_[symbol_id], in); }

template <class Self, class Archive>
void Pipeline::Symbol::archive(Self& self, Archive& ar) {
  Past::archive(self.past, ar);
  Market::archive(self.market, ar);
  if constexpr (Archive::kReads) {
    for (const auto& node : self.nodes) node->load(ar);
  } else {
    for (const auto& node : self.nodes) node->save(ar);
  }
}

void Pipeline::load(base::ByteReader& in) {
  base::ByteReader payload = open_frame(in);
  check_identity(payload);
  check_states(payload);
  load_states(payload);
}

Pipeline Pipeline::restore(const Spec& spec, std::span<const std::byte> frame) {
  base::ByteReader in{frame};
  base::ByteReader payload = open_frame(in);
  if (in.left() != 0) throw std::invalid_argument("snapshot: " + std::to_string(in.left()) + " bytes too many");
  check_spec(payload, spec);
  Pipeline pipeline{spec};
  pipeline.instruments_ = read_instruments(payload);
  check(pipeline.instruments_);
  pipeline.check_room(payload.left());
  pipeline.check_states(payload);
  pipeline.make_symbols();
  pipeline.load_states(payload);
  return pipeline;
}

void Pipeline::check_room(std::size_t n_bytes) const {
  base::ByteWriter least;
  std::size_t room_bytes = sizeof(Symbol);
  for (const auto& node : plan_->make_nodes()) node->save(least), room_bytes += node->room_bytes();
  const auto n = static_cast<double>(instruments_.size());
  if (n * static_cast<double>(kSymbolBytes + least.bytes().size()) > static_cast<double>(n_bytes)) {
    throw std::invalid_argument("snapshot: " + std::to_string(n_bytes) + " bytes hold no states of " +
                                std::to_string(instruments_.size()) + " instruments");
  }
  const double most = std::max(kLeastRoomBytes, kRoomPerByte * static_cast<double>(n_bytes));
  if (n * static_cast<double>(room_bytes) <= most) return;
  throw std::invalid_argument("snapshot: the states of " + std::to_string(instruments_.size()) +
                              " instruments would take more memory than so few bytes may ask for; make the pipeline "
                              "from its instruments, then load");
}

/// Reads all of it into one scratch symbol, which stays in the cache, so that a bad byte later leaves the pipeline as
/// it was and no state exists twice.
void Pipeline::check_states(base::ByteReader in) const {
  check_counters(in);
  Symbol scratch = make_scratch();
  for (std::size_t i = 0; i < instruments_.size(); ++i) check_symbol(scratch, in);
  if (in.left() != 0) throw std::invalid_argument("snapshot: " + std::to_string(in.left()) + " bytes too many");
}

void Pipeline::load_states(base::ByteReader& in) {
  load_counters(in);
  for (std::uint32_t id = 0; id < symbols_.size(); ++id) load_symbol(id, in);
}

}  // namespace hft::feature
