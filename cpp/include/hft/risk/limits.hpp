#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/base/bytes.hpp"

namespace hft::risk {

/// The numbers that the gate enforces. Quantities are in lots of each symbol, times are event time.
struct Limits {
  std::uint32_t max_open_positions = 1;     // symbols with a position, or with an order on its way to one
  std::int64_t max_order_qty_lots = 1;      // of one order that opens or adds
  std::int64_t max_position_qty_lots = 1;   // of one symbol, long or short, all sent orders counted as filled
  std::int64_t stop_loss_milli_bps = 0;     // loss against the average entry that closes a position; 0: no stop
  std::int64_t stop_out_pause_ns = 0;       // no entry into a symbol for this long after its stop
  std::int64_t max_reference_age_ns = 0;    // entries need a quote no older than this; 0: any age
  bool killed = false;                      // start with the kill switch on: only orders that reduce pass

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.max_open_positions), ar(self.max_order_qty_lots), ar(self.max_position_qty_lots);
    ar(self.stop_loss_milli_bps), ar(self.stop_out_pause_ns), ar(self.max_reference_age_ns);
    base::archive_bool(self.killed, ar);
    if constexpr (Archive::kReads) validate(self);
  }
};

/// Cold path: throws std::invalid_argument naming the limit, the rule and the value.
inline void validate(const Limits& limits) {
  const auto in_range = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value < least || value > most) {
      throw std::invalid_argument("Limits: " + std::string{name} + " must be in [" + std::to_string(least) + ", " +
                                  std::to_string(most) + "], was " + std::to_string(value));
    }
  };
  // Upper bounds keep sums of two quantities, or of a time and a duration, far from overflow.
  constexpr std::int64_t kMaxQtyLots = 1'000'000'000'000;
  constexpr std::int64_t kMaxDurationNs = 1'000'000'000'000'000'000;  // 31 years
  in_range("max_open_positions", limits.max_open_positions, 0, 1'000'000'000);
  in_range("max_order_qty_lots", limits.max_order_qty_lots, 1, kMaxQtyLots);
  in_range("max_position_qty_lots", limits.max_position_qty_lots, 1, kMaxQtyLots);
  in_range("stop_loss_milli_bps", limits.stop_loss_milli_bps, 0, 10'000'000);  // 100 %
  in_range("stop_out_pause_ns", limits.stop_out_pause_ns, 0, kMaxDurationNs);
  in_range("max_reference_age_ns", limits.max_reference_age_ns, 0, kMaxDurationNs);
  if (limits.max_order_qty_lots > limits.max_position_qty_lots) {
    throw std::invalid_argument("Limits: max_order_qty_lots must be <= max_position_qty_lots, were " +
                                std::to_string(limits.max_order_qty_lots) + " and " +
                                std::to_string(limits.max_position_qty_lots));
  }
}

}  // namespace hft::risk
