#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "hft/event/instrument.hpp"

namespace hft::event {

inline constexpr std::size_t kMaxSymbolBytes = 32;

/// |price in ticks| * tick.num never exceeds this: every price is an exactly rounded double and no product overflows.
/// The same bound holds for quantity in lots * lot.num.
inline constexpr std::int64_t kMaxPxProduct = std::int64_t{1} << 53;

/// Cold path: throws std::invalid_argument with the symbol, the rule and the value.
inline void validate(const Instrument& instrument) {
  const auto& s = instrument.symbol;
  if (s.empty() || s.size() > kMaxSymbolBytes) {
    throw std::invalid_argument("Instrument: symbol must have 1 to " + std::to_string(kMaxSymbolBytes) +
                                " characters, was '" + s + "'");
  }
  // Symbols go unescaped into JSON text, so what would need escaping is no symbol.
  if (!std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; })) {
    throw std::invalid_argument(
        "Instrument: symbol must be printable ASCII without blanks, quotes and backslashes, was '" + s + "'");
  }
  const auto fail = [&](const std::string& rule, std::int64_t value) {
    throw std::invalid_argument("Instrument " + s + ": " + rule + ", was " + std::to_string(value));
  };
  const auto positive = [&](const char* name, std::int64_t value) {
    if (value < 1) fail(std::string{name} + " must be >= 1", value);
  };
  positive("tick_num", instrument.tick.num);
  positive("tick_den", instrument.tick.den);
  positive("lot_num", instrument.lot.num);
  positive("lot_den", instrument.lot.den);
  if (instrument.max_px_ticks < instrument.min_px_ticks) {
    fail("max_px_ticks must be >= min_px_ticks (" + std::to_string(instrument.min_px_ticks) + ")",
         instrument.max_px_ticks);
  }
  const std::int64_t limit = kMaxPxProduct / instrument.tick.num;
  if (instrument.min_px_ticks < -limit) fail("min_px_ticks must be >= -2^53 / tick_num", instrument.min_px_ticks);
  if (instrument.max_px_ticks > limit) fail("max_px_ticks must be <= 2^53 / tick_num", instrument.max_px_ticks);
}

}  // namespace hft::event
