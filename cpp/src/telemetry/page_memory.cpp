#include "page_memory.hpp"

#include <ctime>
#include <fstream>

#include "hft/base/crc32c.hpp"

namespace hft::telemetry {

std::uint64_t layout_hash(std::span<const SlotRow> rows) noexcept {
  constexpr std::array<std::uint64_t, 3> kShape{LatencyHistogram::kSubBits, LatencyHistogram::kTrackedBits,
                                                sizeof(LatencyHistogram)};
  return base::crc32c(std::as_bytes(rows), base::crc32c(std::as_bytes(std::span{kShape})));
}

std::int64_t clock_ns(int clock_id) noexcept {
  std::timespec now{};
  ::clock_gettime(clock_id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string boot_id() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace hft::telemetry
