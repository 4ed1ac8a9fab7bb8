#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hft/base/bytes.hpp"

namespace hft::engine {

/// What a state belongs to, as (name, value) in words: model, spec, settings, instruments, keys.
using ScorerIdentity = std::vector<std::pair<std::string, std::string>>;

/// The stored state of a scorer: magic, version, length, CRC-32C over the rest | identity | payload.
[[nodiscard]] std::vector<std::byte> write_scorer_blob(const ScorerIdentity& identity,
                                                       std::span<const std::byte> payload);

/// The payload, once all before it is right. Throws std::invalid_argument that names what is not: of the identity the
/// first name whose value is another.
[[nodiscard]] base::ByteReader read_scorer_blob(std::span<const std::byte> blob, const ScorerIdentity& here);

}  // namespace hft::engine
