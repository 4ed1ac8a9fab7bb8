#include "fuzz_messages.hpp"
#include "hft/base/json.hpp"

/// Text that is refused, or a tree whose canonical text is the same tree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  using hft::base::Json;
  try {
    const std::string canonical = Json::parse({reinterpret_cast<const char*>(data), n_bytes}).canonical();
    if (canonical.find("Infinity") != std::string::npos) return 0;  // a number that no double holds: see Json::of
    hft::fuzz::require(Json::parse(canonical).canonical() == canonical, "the canonical text means something else");
  } catch (const hft::base::JsonError&) {  // may be refused, in no other way
  }
  return 0;
}
