#include "hft/engine/state.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hft/engine/settings.hpp"

namespace hft::engine {
namespace {

void compare(const char* what, std::int64_t stored, std::int64_t here) {
  if (stored == here) return;
  throw std::invalid_argument("engine state: " + std::string{what} + " is " + std::to_string(stored) +
                              " in the state and " + std::to_string(here) + " here");
}

}  // namespace

void State::save(base::ByteWriter& out) const {
  base::ByteWriter payload;
  save_identity(payload);
  save_totals(payload);
  for (std::uint32_t id = 0; id < memory.symbols.size(); ++id) save_symbol(id, payload);
  const std::span<const std::byte> part = payload.bytes();
  write_state(out, {&part, 1});
}

void State::load(base::ByteReader& in, std::size_t n_classes) {
  base::ByteReader payload = read_state(in);
  check_identity(payload);
  const base::ByteReader totals = payload;
  feature::Pipeline::check_counters(payload);
  Memory loaded = memory;
  Memory::archive_totals(loaded, payload);
  validate({loaded.strategy.params(), loaded.gate.limits()}, n_classes);

  const auto n_symbols = static_cast<std::uint32_t>(memory.symbols.size());
  std::vector<base::ByteReader> features;  // where those of each symbol begin
  features.reserve(n_symbols);
  feature::Pipeline::Scratch scratch = pipeline.make_scratch();
  for (std::uint32_t id = 0; id < n_symbols; ++id) {
    features.push_back(payload);
    feature::Pipeline::check_symbol(scratch, payload);
    Memory::archive_symbol(loaded, id, payload);
  }
  if (payload.left() != 0) {
    throw std::invalid_argument("engine state: " + std::to_string(payload.left()) + " bytes too many");
  }

  // Nothing below can fail: these bytes were read once already.
  base::ByteReader counters = totals;
  pipeline.load_counters(counters);
  for (std::uint32_t id = 0; id < n_symbols; ++id) pipeline.load_symbol(id, features[id]);
  if (memory.gate.journal_failed()) loaded.gate.journal_down();
  memory = std::move(loaded);
  cancel_copy();
}

StateCopy State::make_copy(std::size_t room_bytes) const {
  base::ByteWriter identity;
  save_identity(identity);
  const auto bytes = identity.bytes();
  return {{bytes.begin(), bytes.end()}, memory.symbols.size(), room_bytes == 0 ? bytes_bound() : room_bytes};
}

std::size_t State::bytes_bound() const {
  base::ByteWriter totals;
  save_totals(totals);
  base::ByteWriter own;
  if (!memory.symbols.empty()) Memory::archive_symbol(memory, 0, own);  // the same for each, and at all times
  return totals.bytes().size() + memory.symbols.size() * (pipeline.symbol_bytes_bound() + own.bytes().size());
}

void State::save_identity(base::ByteWriter& out) const {
  pipeline.save_identity(out);
  out(config_epoch_), out(fees_.milli_bps), out(fees_.nano_per_unit);
}

void State::check_identity(base::ByteReader& in) const {
  pipeline.check_identity(in);
  std::uint32_t config_epoch = 0;
  execution::Fees fees;
  in(config_epoch), in(fees.milli_bps), in(fees.nano_per_unit);
  compare("the config epoch", config_epoch, config_epoch_);
  compare("the fee in milli-bps", fees.milli_bps, fees_.milli_bps);
  compare("the fee per unit in 1e-9", fees.nano_per_unit, fees_.nano_per_unit);
}

void State::save_totals(base::ByteWriter& out) const {
  pipeline.save_counters(out);
  Memory::archive_totals(memory, out);
}

void State::save_symbol(std::uint32_t symbol_id, base::ByteWriter& out) const {
  pipeline.save_symbol(symbol_id, out);
  Memory::archive_symbol(memory, symbol_id, out);
}

void State::copy_symbol(std::uint32_t symbol_id) noexcept {
  if (symbol_id >= memory.symbols.size() || copy_->holds(symbol_id)) return;
  copy_->put_symbol(symbol_id, [&](base::ByteWriter& out) { save_symbol(symbol_id, out); });
}

}  // namespace hft::engine
