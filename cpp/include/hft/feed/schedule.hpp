#pragma once

#include <cstdint>

namespace hft::feed {

/// Message i is due at start + i / rate by the steady clock, however late the ones before it were.
class Schedule {
 public:
  explicit Schedule(double rate_hz) : period_ns_{rate_hz > 0 ? 1e9 / rate_hz : 0} {}
  /// The moment of message 0.
  void begin(std::int64_t at_ns) noexcept { start_ns_ = at_ns; }
  [[nodiscard]] bool paced() const noexcept { return period_ns_ > 0; }
  [[nodiscard]] std::int64_t start_ns() const noexcept { return start_ns_; }
  [[nodiscard]] std::int64_t due_ns(std::uint64_t i) const noexcept {
    return start_ns_ + static_cast<std::int64_t>(static_cast<double>(i) * period_ns_);
  }

 private:
  double period_ns_;
  std::int64_t start_ns_ = 0;
};

[[nodiscard]] std::int64_t steady_ns() noexcept;

}  // namespace hft::feed
