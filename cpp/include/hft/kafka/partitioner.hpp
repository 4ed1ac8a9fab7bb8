#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace hft::kafka {

/// Murmur2 with the seed of Apache Kafka's Java client: `Utils.murmur2`.
[[nodiscard]] inline std::uint32_t murmur2(std::string_view key) noexcept {
  constexpr std::uint32_t kMultiplier = 0x5bd1e995;
  auto hash = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= 4; left -= 4, at += 4) {
    std::uint32_t k = 0;
    std::memcpy(&k, at, sizeof k);  // little-endian, as everywhere here
    k *= kMultiplier;
    k ^= k >> 24U;
    hash = hash * kMultiplier ^ k * kMultiplier;
  }
  for (std::size_t i = left; i > 0; --i) hash ^= std::uint32_t{static_cast<unsigned char>(at[i - 1])} << (8 * (i - 1));
  if (left != 0) hash *= kMultiplier;
  hash ^= hash >> 13U;
  hash *= kMultiplier;
  return hash ^ hash >> 15U;
}

/// The partition of a key: what Java's producer, Spark's Kafka sink and librdkafka's `murmur2` choose for the same key.
/// n_partitions >= 1.
[[nodiscard]] inline std::int32_t partition_of(std::string_view key, std::int32_t n_partitions) noexcept {
  return static_cast<std::int32_t>(murmur2(key) & 0x7fffffffU) % n_partitions;
}

}  // namespace hft::kafka
