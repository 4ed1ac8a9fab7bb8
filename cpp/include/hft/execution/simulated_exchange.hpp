#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "hft/event/instrument.hpp"
#include "hft/event/top_of_book.hpp"
#include "hft/ledger/positions.hpp"

namespace hft::execution {

using ledger::Int128;  // prices times quantities times fees do not fit in 64 bits

/// Fees of one venue. Negative values are rebates. Both kinds add up.
struct Fees {
  std::int64_t milli_bps = 0;      // 1e-3 basis points of the notional: 100 is 0.1 bps
  std::int64_t nano_per_unit = 0;  // 1e-9 of the quote currency per base unit (share, coin)
};

/// Fills a marketable order at the touch that the tape shows: a buy at the ask, a sell at the bid, no more than the
/// touch holds and at no worse a price than the order's limit. What is left over is cancelled (immediate or cancel).
///
/// Fees are rounded up to 1e-9 of the quote currency, never in our favour. All arithmetic is on integers.
/// Cost: O(1), one 128-bit division per fill, no allocation.
class SimulatedExchange {
 public:
  /// What the fills take for granted; a report prints these lines beside its profit.
  static constexpr std::array<std::string_view, 4> kAssumptions{
      "zero latency: an order meets the book that its decision saw",
      "no market impact: a symbol's next quote is what the tape says, whatever our fills took from the one before",
      "no queue: orders only take liquidity, at the touch, up to the quantity shown; the rest is cancelled",
      "no rejects, halts or auctions: the exchange answers every order at once"};

  /// Cold path: throws std::invalid_argument for a fee out of range, naming value and rule.
  SimulatedExchange(const Fees& fees, std::span<const event::Instrument> instruments) {
    check("fee in milli-bps", fees.milli_bps, 10'000'000);                     // 100 % of the notional
    check("fee per unit in 1e-9", fees.nano_per_unit, 1'000'000'000'000'000);  // a million per unit
    for (const event::Instrument& instrument : instruments) {
      const Rate lot = reduce(instrument.lot.num, instrument.lot.den);
      // px_ticks * tick * qty_lots * lot * 1e9 * milli_bps / 1e7; the powers of ten leave a factor of 100
      const Rate notional = multiply(reduce(instrument.tick.num, instrument.tick.den), lot);
      rates_.push_back({multiply(notional, {fees.milli_bps * 100, 1}), multiply(lot, {fees.nano_per_unit, 1})});
    }
  }

  /// The fill of `order` against `book`, or none where the touch is empty or beyond the order's limit.
  [[nodiscard]] std::optional<ledger::Fill> execute(const ledger::Order& order,
                                                    const event::TopOfBook& book) const noexcept {
    const bool buy = order.side == ledger::Side::kBuy;
    const std::int64_t px_ticks = buy ? book.ask_px_ticks : book.bid_px_ticks;
    const std::int64_t qty_lots = std::min(order.qty_lots, buy ? book.ask_qty_lots : book.bid_qty_lots);
    const bool within_limit = buy ? px_ticks <= order.limit_px_ticks : px_ticks >= order.limit_px_ticks;
    if (qty_lots <= 0 || !within_limit) return std::nullopt;
    const std::int64_t fee = fee_nano(order.symbol_id, px_ticks, qty_lots);
    return ledger::Fill{order.id, order.ts_event_ns, px_ticks, qty_lots, fee, order.symbol_id, order.side, {}};
  }

  [[nodiscard]] std::int64_t fee_nano(std::uint32_t symbol_id, std::int64_t px_ticks,
                                      std::int64_t qty_lots) const noexcept {
    const Rates& rates = rates_[symbol_id];
    const Int128 by_notional = rounded_up(Int128{px_ticks} * qty_lots, rates.per_tick_lot);
    const Int128 fee = by_notional + rounded_up(qty_lots, rates.per_lot);
    constexpr Int128 kMost = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::clamp(fee, -kMost, kMost));
  }

 private:
  struct Rate {
    std::int64_t num;
    std::int64_t den;  // > 0, no common factor with num
  };
  struct Rates {
    Rate per_tick_lot;
    Rate per_lot;
  };

  static void check(const char* name, std::int64_t value, std::int64_t most) {
    if (value < -most || value > most) {
      throw std::invalid_argument("SimulatedExchange: " + std::string{name} + " must be in [" + std::to_string(-most) +
                                  ", " + std::to_string(most) + "], was " + std::to_string(value));
    }
  }
  static Rate reduce(std::int64_t num, std::int64_t den) {
    const std::int64_t common = std::gcd(num, den);
    return {num / common, den / common};
  }
  static Rate multiply(Rate a, Rate b) {
    const Rate left = reduce(a.num, b.den);
    const Rate right = reduce(b.num, a.den);
    std::int64_t num = 0;
    std::int64_t den = 0;
    if (__builtin_mul_overflow(left.num, right.num, &num) || __builtin_mul_overflow(left.den, right.den, &den)) {
      throw std::invalid_argument("SimulatedExchange: tick, lot and fee must have a product that fits in 64 bits");
    }
    return {num, den};
  }
  static Int128 rounded_up(Int128 amount, Rate rate) noexcept {
    Int128 product = 0;
    if (__builtin_mul_overflow(amount, Int128{rate.num}, &product)) [[unlikely]] {
      return (amount < 0) == (rate.num < 0) ? std::numeric_limits<std::int64_t>::max()
                                            : std::numeric_limits<std::int64_t>::min();
    }
    const Int128 quotient = product / rate.den;  // towards zero, which is upwards for what is negative
    return product % rate.den > 0 ? quotient + 1 : quotient;
  }

  std::vector<Rates> rates_;  // per symbol
};

}  // namespace hft::execution
