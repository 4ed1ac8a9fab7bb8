#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "hft/event/instrument.hpp"

namespace hft::artifact {

/// The instruments of a JSON list as Python's InstrumentTable.to_json writes it, in order and in lowest terms.
/// Cold path: throws std::invalid_argument naming the entry, the rule and the value.
[[nodiscard]] std::vector<event::Instrument> parse_instruments(std::string_view json_text);

/// parse_instruments of a file; what is thrown names it.
[[nodiscard]] std::vector<event::Instrument> read_instruments(const std::filesystem::path& path);

}  // namespace hft::artifact
