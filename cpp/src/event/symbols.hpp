#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "hft/event/instrument.hpp"
#include "hft/event/text_index.hpp"

namespace hft::event {

/// From a symbol's text to its place among these instruments.
[[nodiscard]] inline TextIndex index_symbols(std::span<const Instrument> instruments) {
  std::vector<std::string_view> symbols;
  symbols.reserve(instruments.size());
  for (const Instrument& i : instruments) symbols.push_back(i.symbol);
  try {
    return TextIndex{symbols};
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string{"instruments: "} + error.what());
  }
}

}  // namespace hft::event
