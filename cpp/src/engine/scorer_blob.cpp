#include "hft/engine/scorer_blob.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/base/crc32c.hpp"

namespace hft::engine {
namespace {

constexpr std::uint64_t kMagic = 0x3145524F43535448;  // "HTSCORE1"
constexpr std::uint32_t kVersion = 1;                 // of the layout of all that follows
constexpr std::size_t kMostShown = 200;               // characters of a value that a message shows

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument("scorer state: " + why); }

std::string shown(const std::string& value) {
  return value.size() <= kMostShown ? value : value.substr(0, kMostShown) + "...";
}

void compare(const ScorerIdentity& stored, const ScorerIdentity& here) {
  for (std::size_t i = 0; i < std::min(stored.size(), here.size()); ++i) {
    if (stored[i].first != here[i].first) refuse("it has " + stored[i].first + " where this has " + here[i].first);
    if (stored[i].second == here[i].second) continue;
    refuse(here[i].first + " is " + shown(stored[i].second) + " in the state and " + shown(here[i].second) + " here");
  }
  if (stored.size() != here.size()) refuse("it has another number of settings than this");
}

}  // namespace

std::vector<std::byte> write_scorer_blob(const ScorerIdentity& identity, std::span<const std::byte> payload) {
  base::ByteWriter body;
  body(static_cast<std::uint32_t>(identity.size()));
  for (const auto& [name, value] : identity) body(name), body(value);
  body.append(payload);
  base::ByteWriter out;
  out(kMagic), out(kVersion), out(static_cast<std::uint64_t>(body.bytes().size())), out(base::crc32c(body.bytes()));
  out.append(body.bytes());
  return {out.bytes().begin(), out.bytes().end()};
}

base::ByteReader read_scorer_blob(std::span<const std::byte> blob, const ScorerIdentity& here) {
  base::ByteReader in{blob};
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t n_bytes = 0;
  std::uint32_t crc = 0;
  in(magic), in(version), in(n_bytes), in(crc);
  if (magic != kMagic) refuse("these bytes are no state of a scorer");
  if (version != kVersion) {
    refuse("the layout's version must be " + std::to_string(kVersion) + ", was " + std::to_string(version));
  }
  if (n_bytes != in.left()) {
    refuse("must have " + std::to_string(n_bytes) + " bytes after its head, had " + std::to_string(in.left()));
  }
  const auto body = in.take_bytes(n_bytes);
  if (base::crc32c(body) != crc) refuse("the checksum does not match, bytes were altered");
  base::ByteReader reader{body};
  std::uint32_t n_names = 0;
  reader(n_names);
  ScorerIdentity stored;
  for (std::uint32_t i = 0; i < n_names; ++i) {
    auto& [name, value] = stored.emplace_back();
    reader(name), reader(value);
  }
  compare(stored, here);
  return reader;
}

}  // namespace hft::engine
