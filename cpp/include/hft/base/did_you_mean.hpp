#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hft::base {

/// The name that was probably meant: " (did you mean 'ema'?)", or nothing where none is near.
[[nodiscard]] std::string did_you_mean(std::string_view wrong, std::span<const std::string> known);

}  // namespace hft::base
