#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "hft/ledger/positions.hpp"
#include "hft/ledger/records.hpp"
#include "hft/risk/limits.hpp"

namespace hft::risk {

/// The touch that an order is judged against: the symbol's last quote. Side without orders: quantity 0.
struct Reference {
  std::int64_t bid_px_ticks = 0;
  std::int64_t bid_qty_lots = 0;
  std::int64_t ask_px_ticks = 0;
  std::int64_t ask_qty_lots = 0;
  std::int64_t ts_event_ns = 0;

  /// Enough to enter at: two-sided, uncrossed and above zero. Locked (bid = ask) is a price like any other.
  [[nodiscard]] bool usable() const noexcept {
    return bid_qty_lots > 0 && ask_qty_lots > 0 && bid_px_ticks > 0 && bid_px_ticks <= ask_px_ticks;
  }
  /// Enough to leave by an order of this side: what it takes is there, and not crossed by the other side if that is.
  /// Any price will do: which ones exist is for the instrument's bounds to say, and the decoder holds to them.
  [[nodiscard]] bool can_exit(ledger::Side side) const noexcept {
    const bool crossed = bid_qty_lots > 0 && ask_qty_lots > 0 && bid_px_ticks > ask_px_ticks;
    return (side == ledger::Side::kBuy ? ask_qty_lots : bid_qty_lots) > 0 && !crossed;
  }
};

/// An order that somebody would like to send.
struct Request {
  std::uint32_t symbol_id;
  ledger::Side side;
  std::int64_t qty_lots;
  std::int64_t ts_event_ns;
  bool stale = false;  // what it follows from was older than the limit when it came in
};

/// Stands between every intent and the exchange: counts an order in, or refuses it with a reason.
///
/// Positions are the fold of fills, and an order counts from the moment it was let through, before any fill: limits
/// hold for the worst case in which every sent order fills. An order against the position, of at most what is left to
/// close, reduces: no limit on size, position or number, no pause and no kill switch holds it back, since that would
/// keep risk on. Nothing flips a position through zero: close first, then open.
///
/// Refusals are tried in this order; the first that applies is the answer.
///   kJournalDown, kQtyNotPositive - for every order
///   kNoReference - unknown symbol; to reduce: not Reference::can_exit; else: not Reference::usable
///   kWouldFlip, kKilled, kStale, kNoReference (quote too old), kStoppedOut, kMaxOrderQty, kMaxPositionQty,
///   kMaxOpenPositions - for orders that do not reduce
///
/// Cost: O(1), a few compares, no allocation.   One thread.
class Gate {
 public:
  /// Cold path: throws std::invalid_argument for limits that break a rule.
  Gate(const Limits& limits, std::size_t n_symbols)
      : limits_{limits}, positions_{n_symbols}, symbols_(n_symbols), killed_{limits.killed} {
    validate(limits);
  }

  /// kNone: accepted and counted; the caller now owes it to the exchange, and each fill or cancel back to this gate.
  [[nodiscard]] ledger::Refusal submit(const Request& request, const Reference& reference) noexcept {
    const ledger::Refusal refusal = judge(request, reference);
    if (refusal == ledger::Refusal::kNone) add_working(request.symbol_id, request.side, request.qty_lots);
    return refusal;
  }

  /// Part of a sent order was filled, of which `leaves_lots` were open before. A fill that cannot be leaves the true
  /// position unknown: that kills. So does one larger than what was open: it counts in the position, where it may
  /// exceed a limit or flip, and releases no more than its own order had reserved; the orders beside it stay counted.
  void on_fill(const ledger::Fill& fill, std::int64_t leaves_lots) noexcept {
    if (fill.symbol_id >= symbols_.size()) [[unlikely]] return kill();
    const bool was = exposed(fill.symbol_id);
    if (!positions_.apply(fill)) [[unlikely]] return kill();
    if (fill.qty_lots > leaves_lots || leaves_lots > working(fill.symbol_id, fill.side)) [[unlikely]] kill();
    release(fill.symbol_id, fill.side, std::min(fill.qty_lots, leaves_lots));
    recount(fill.symbol_id, was);
  }

  /// What was left of a sent order will not be filled any more.
  void on_cancel(std::uint32_t symbol_id, ledger::Side side, std::int64_t leaves_lots) noexcept {
    const bool was = exposed(symbol_id);
    release(symbol_id, side, leaves_lots);
    recount(symbol_id, was);
  }

  /// True where closing at the touch would lose at least the limit against the average entry. Asked on each quote, and
  /// answered by the price that can be had: a book that gapped through the stop closes where it is now.
  [[nodiscard]] bool stop_hit(std::uint32_t symbol_id, const Reference& reference) const noexcept {
    if (limits_.stop_loss_milli_bps == 0 || closable_lots(symbol_id) == 0) return false;
    const auto& position = positions_[symbol_id];
    const bool is_long = position.qty_lots > 0;
    if (!reference.can_exit(is_long ? ledger::Side::kSell : ledger::Side::kBuy)) return false;
    // Cost and worth are signed like the position, so one difference serves long and short.
    const ledger::Int128 cost = position.open_cost_tick_lots;
    const ledger::Int128 worth =
        ledger::Int128{position.qty_lots} * (is_long ? reference.bid_px_ticks : reference.ask_px_ticks);
    const ledger::Int128 loss = cost - worth;
    return loss > 0 && loss * 10'000'000 >= (is_long ? cost : -cost) * limits_.stop_loss_milli_bps;
  }

  /// Starts the pause that follows a stop.
  void pause(std::uint32_t symbol_id, std::int64_t now_ns) noexcept {
    symbols_[symbol_id].entry_from_ns = now_ns + limits_.stop_out_pause_ns;
  }

  /// Other limits, valid ones, from here on. What is open stays, also where it exceeds them; working orders too. The
  /// kill switch moves only where `killed` differs from the limits so far: what else has killed stays so.
  void apply(const Limits& limits) noexcept {
    if (limits.killed != limits_.killed) killed_ = limits.killed;
    limits_ = limits;
  }
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

  void kill() noexcept { killed_ = true; }
  void resume() noexcept { killed_ = false; }
  [[nodiscard]] bool killed() const noexcept { return killed_; }
  void journal_down() noexcept { journal_down_ = true; }  // for good: there is no record of what happens after
  [[nodiscard]] bool journal_failed() const noexcept { return journal_down_; }

  [[nodiscard]] const ledger::Positions& positions() const noexcept { return positions_; }
  [[nodiscard]] std::int64_t position_lots(std::uint32_t symbol_id) const noexcept {
    return positions_[symbol_id].qty_lots;
  }
  /// How much of the position no sent order closes yet, >= 0.
  [[nodiscard]] std::int64_t closable_lots(std::uint32_t symbol_id) const noexcept {
    const std::int64_t qty = positions_[symbol_id].qty_lots;
    const Symbol& symbol = symbols_[symbol_id];
    const std::int64_t left = qty > 0 ? qty - symbol.working_sell_lots : -qty - symbol.working_buy_lots;
    return qty == 0 || left < 0 ? 0 : left;
  }
  [[nodiscard]] std::uint32_t n_open() const noexcept { return n_exposed_; }

  /// Saves or loads limits and kill switch. The journal's state is not ours: another process has another journal.
  template <class Self, class Archive>
  static void archive_totals(Self& self, Archive& ar) {
    Limits::archive(self.limits_, ar);
    base::archive_bool(self.killed_, ar);
  }
  /// Saves or loads what is remembered of a symbol; how many are open follows from that. Loading throws
  /// std::invalid_argument for what no orders and fills lead to.
  template <class Self, class Archive>
  static void archive_symbol(Self& self, std::uint32_t symbol_id, Archive& ar) {
    const bool was = self.exposed(symbol_id);
    ledger::Positions::archive_symbol(self.positions_, symbol_id, ar);
    auto& symbol = self.symbols_[symbol_id];
    ar(symbol.working_buy_lots), ar(symbol.working_sell_lots), ar(symbol.entry_from_ns);
    if constexpr (Archive::kReads) {
      constexpr std::int64_t kMostLots = std::int64_t{1} << 48U;
      const auto good = [](std::int64_t lots) { return lots >= 0 && lots <= kMostLots; };
      if (!good(symbol.working_buy_lots) || !good(symbol.working_sell_lots)) {
        throw std::invalid_argument("gate: working lots out of bounds");
      }
      self.recount(symbol_id, was);
    }
  }

 private:
  struct Symbol {
    std::int64_t working_buy_lots = 0;   // sent, neither filled nor cancelled
    std::int64_t working_sell_lots = 0;
    std::int64_t entry_from_ns = std::numeric_limits<std::int64_t>::min();
  };

  [[nodiscard]] ledger::Refusal judge(const Request& request, const Reference& reference) const noexcept {
    using ledger::Refusal;
    if (journal_down_) return Refusal::kJournalDown;
    if (request.qty_lots <= 0) return Refusal::kQtyNotPositive;
    if (request.symbol_id >= symbols_.size()) return Refusal::kNoReference;

    const std::int64_t qty = positions_[request.symbol_id].qty_lots;
    const bool buy = request.side == ledger::Side::kBuy;
    const Symbol& symbol = symbols_[request.symbol_id];
    const bool against = buy ? qty < 0 : qty > 0;
    if (against && request.qty_lots <= closable_lots(request.symbol_id)) {
      return reference.can_exit(request.side) ? Refusal::kNone : Refusal::kNoReference;
    }
    if (!reference.usable()) return Refusal::kNoReference;
    if (against) return Refusal::kWouldFlip;
    // Flat, with an order under way on the other side: both together could cross zero.
    if (qty == 0 && (buy ? symbol.working_sell_lots : symbol.working_buy_lots) > 0) return Refusal::kWouldFlip;
    if (killed_) return Refusal::kKilled;
    if (request.stale) return Refusal::kStale;
    const std::int64_t age_ns = request.ts_event_ns - reference.ts_event_ns;
    if (limits_.max_reference_age_ns > 0 && age_ns > limits_.max_reference_age_ns) return Refusal::kNoReference;
    if (request.ts_event_ns < symbol.entry_from_ns) return Refusal::kStoppedOut;
    if (request.qty_lots > limits_.max_order_qty_lots) return Refusal::kMaxOrderQty;
    const std::int64_t worst = buy ? qty + symbol.working_buy_lots : symbol.working_sell_lots - qty;
    if (worst > limits_.max_position_qty_lots - request.qty_lots) return Refusal::kMaxPositionQty;
    if (!exposed(request.symbol_id) && n_exposed_ >= limits_.max_open_positions) return Refusal::kMaxOpenPositions;
    return Refusal::kNone;
  }

  [[nodiscard]] bool exposed(std::uint32_t symbol_id) const noexcept {
    const Symbol& symbol = symbols_[symbol_id];
    return positions_[symbol_id].qty_lots != 0 || symbol.working_buy_lots != 0 || symbol.working_sell_lots != 0;
  }
  void recount(std::uint32_t symbol_id, bool was_exposed) noexcept {
    const bool is_exposed = exposed(symbol_id);
    if (is_exposed && !was_exposed) ++n_exposed_;
    if (!is_exposed && was_exposed) --n_exposed_;
  }
  [[nodiscard]] std::int64_t& working(std::uint32_t symbol_id, ledger::Side side) noexcept {
    Symbol& symbol = symbols_[symbol_id];
    return side == ledger::Side::kBuy ? symbol.working_buy_lots : symbol.working_sell_lots;
  }
  void add_working(std::uint32_t symbol_id, ledger::Side side, std::int64_t qty_lots) noexcept {
    const bool was = exposed(symbol_id);
    working(symbol_id, side) += qty_lots;
    recount(symbol_id, was);
  }
  void release(std::uint32_t symbol_id, ledger::Side side, std::int64_t qty_lots) noexcept {
    std::int64_t& sent = working(symbol_id, side);
    sent = qty_lots < sent ? sent - qty_lots : 0;  // never below zero: that would be credit for later orders
  }

  Limits limits_;
  ledger::Positions positions_;
  std::vector<Symbol> symbols_;
  std::uint32_t n_exposed_ = 0;  // symbols with a position or a working order
  bool killed_;
  bool journal_down_ = false;
};

}  // namespace hft::risk
