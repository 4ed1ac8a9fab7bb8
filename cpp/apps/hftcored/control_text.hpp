#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "items.hpp"

namespace hft::daemon {

/// What a control frame says: {"control":k,"n_inputs":n,"start":{...},"settings":{...}}. `start` stands in control 0
/// alone, the shard's birth: the first offset of each lane. Written by two threads, so it follows from its arguments.
[[nodiscard]] std::string control_text(std::uint64_t number, std::uint64_t n_inputs, const Change& change);

/// Bytes of that text, without making it: the hot thread counts them.
[[nodiscard]] std::size_t control_text_bytes(std::uint64_t number, std::uint64_t n_inputs,
                                             const Change& change) noexcept;

/// The settings in such a text, and where its lanes start; empty but in control 0. Throw std::invalid_argument for
/// another text.
[[nodiscard]] std::string settings_in(std::string_view control);
[[nodiscard]] std::map<sequence::Lane, std::uint64_t> start_in(std::string_view control);

/// {"0":17,"4096":0}: what Change::start holds.
[[nodiscard]] std::string start_text(const std::map<sequence::Lane, std::uint64_t>& start);

}  // namespace hft::daemon
