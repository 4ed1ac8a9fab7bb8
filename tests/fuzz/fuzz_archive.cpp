#include "fuzz_messages.hpp"
#include "hft/artifact/archive.hpp"
#include "hft/artifact/artifact.hpp"

/// Bytes that are refused, or exactly those that their members pack to.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), n_bytes};
  try {
    hft::fuzz::require(hft::artifact::pack(hft::artifact::unpack(bytes, "up.hft")) == bytes, "another spelling");
  } catch (const hft::artifact::ArtifactError&) {  // may be refused, in no other way
  }
  return 0;
}
