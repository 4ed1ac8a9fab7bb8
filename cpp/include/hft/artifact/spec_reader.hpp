#pragma once

#include <string_view>

#include "hft/feature/spec.hpp"

namespace hft::artifact {

/// The feature spec that a spec.json holds: parameters beside `op` or under `params`, defaults filled in, windows in
/// their one spelling, sha256 that of the canonical JSON. What Python's FeatureSpec.from_json gives, to the byte.
/// Cold path: throws std::invalid_argument naming the feature, the parameter, the rule and the value.
[[nodiscard]] feature::Spec read_spec(std::string_view json_text);

}  // namespace hft::artifact
