#include <algorithm>

#include "fuzz_messages.hpp"
#include "hft/config/toml.hpp"

/// Text that is refused at a place within it, or a tree whose every value has one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  using hft::config::TomlValue;
  const auto n_lines = 1 + static_cast<std::size_t>(std::count(data, data + n_bytes, '\n'));
  const auto within = [&](hft::config::Position at) {
    hft::fuzz::require(at.line >= 1 && at.line <= n_lines && at.column >= 1, "a place outside of the text");
  };
  const auto walk = [&](const auto& self, const TomlValue& value) -> void {
    within(value.at());
    for (const TomlValue& item : value.items()) self(self, item);
    for (const auto& member : value.members()) within(member.at), self(self, member.value);
  };
  try {
    walk(walk, hft::config::parse_toml({reinterpret_cast<const char*>(data), n_bytes}));
  } catch (const hft::config::TomlError& error) {  // may be refused, in no other way
    within(error.at());
  }
  return 0;
}
