#pragma once

#include <map>
#include <string>

#include "hft/feature/registry.hpp"

namespace hft::feature {

/// Shortest text that reads back as the value: part of default names and messages.
[[nodiscard]] std::string text_of(const ParamValue& value);

/// Checks names and types, fills in what was left out, and brings values to their one form (60s is 1m, 50 is 50.0).
[[nodiscard]] Params resolve(const Operation& op, const std::map<std::string, ParamValue>& given);

/// An operation as a formula calls it: what is required, and what is not the default.
[[nodiscard]] std::string call_text(const Operation& op, const std::string& input, const Params& params);

/// The name of a column that was given none: operation, input, required parameters, choices that are not the default.
[[nodiscard]] std::string default_name(const Operation& op, const std::string& input, const Params& params);

}  // namespace hft::feature
