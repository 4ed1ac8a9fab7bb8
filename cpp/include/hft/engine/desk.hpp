#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "hft/base/fault.hpp"
#include "hft/decision/intent.hpp"
#include "hft/engine/config.hpp"
#include "hft/engine/memory.hpp"
#include "hft/engine/stopwatch.hpp"
#include "hft/event/event.hpp"
#include "hft/event/top_of_book.hpp"
#include "hft/ledger/frame.hpp"
#include "hft/risk/gate.hpp"

namespace hft::engine {

/// Where records go: a journal, or a ring to the thread that writes it. False: it will never be stored.
template <class S>
concept JournalSink = requires(S& sink, const ledger::JournalRecord& record) {
  { sink.append(record) } noexcept -> std::same_as<bool>;
};

/// An intent with its reason and the scores behind it.
struct Wish {
  std::uint32_t symbol_id;
  ledger::Side side;
  ledger::Reason reason;
  std::int64_t qty_lots;
  std::int64_t limit_px_ticks;
  decision::Scores scores;
};

/// Carries a wish through risk, journal and exchange, in this order: what the sink refuses to record is not sent, and
/// what was sent counts against the limits before it is filled. A sink may take a record and lose it later (a full disk
/// behind a buffer); ReplayResult::journal_failed says how many orders can go out before that is known here.
///
/// A fill is taken out of the book that it met, so no quantity is had twice before the symbol's next quote: not by two
/// exits of one event, nor by an exit and a signal, nor by the rows of two trades.
///
/// What is remembered is in Memory; here is what is done with it.
///
/// Cost: dominated by the sink's append, three times for a filled order; no allocation.
template <JournalSink Sink, bool Timed>
class Desk {
 public:
  /// Cold path: throws std::invalid_argument for limits or fees that break a rule.
  Desk(const EngineConfig& config, std::span<const event::Instrument> instruments, Memory& memory, Sink& sink,
       Stopwatch<Timed>& watch)
      : config_epoch_{config.config_epoch},
        exchange_{config.fees, instruments},
        memory_{memory},
        sink_{sink},
        watch_{watch} {}

  /// Decisions from here on follow from this event, at this time; their ids count up from 0.
  void begin(const event::Event& event, std::int64_t now_ns) noexcept {
    id_ = {event.source_seq, config_epoch_, 0};
    now_ns_ = now_ns;
    is_stale_ = (event.flags & event::kStale) != 0;
  }

  void act(const Wish& wish, event::TopOfBook& book) noexcept {
    ledger::Refusal refusal =
        gate().submit({wish.symbol_id, wish.side, wish.qty_lots, now_ns_, is_stale_}, reference_of(book));
    watch_.lap(Stage::kRisk);
    const ledger::DecisionId id = id_;
    ++id_.ordinal;
    ++memory_.counters.decisions;
    if (wish.reason == ledger::Reason::kStopLoss) ++memory_.counters.stop_losses;
    const bool accepted = refusal == ledger::Refusal::kNone;
    const ledger::Decision decision{id, now_ns_, wish.limit_px_ticks, wish.qty_lots, wish.scores.up_frac,
                                    wish.scores.down_frac, wish.symbol_id, wish.side, wish.reason, refusal, 0};
    const ledger::Order order{id, now_ns_, wish.limit_px_ticks, wish.qty_lots, wish.symbol_id,
                              wish.side, wish.reason, 0};
    base::fault_point(base::FaultPoint::kAfterDecision);
    const bool recorded =
        write(ledger::JournalRecord{decision}) && (!accepted || write(ledger::JournalRecord{order}));
    if (accepted && !recorded) {
      gate().on_cancel(order.symbol_id, order.side, order.qty_lots);
      refusal = ledger::Refusal::kJournalDown;
    }
    if (refusal != ledger::Refusal::kNone) {
      ++memory_.counters.refusals[static_cast<std::size_t>(refusal)];
      return;
    }
    ++memory_.counters.orders;
    send(order, book);
  }

  [[nodiscard]] decision::Holding holding(std::uint32_t symbol_id) const noexcept {
    return {gate().position_lots(symbol_id), memory_.symbols[symbol_id].opened_ns};
  }

  /// Closes what is left of a position at the touch of `book`. Nothing left, or nothing there to take it: no decision.
  void close(std::uint32_t symbol_id, ledger::Reason reason, event::TopOfBook& book) noexcept {
    const std::int64_t closable_lots = gate().closable_lots(symbol_id);
    const bool is_long = gate().position_lots(symbol_id) > 0;
    const ledger::Side side = is_long ? ledger::Side::kSell : ledger::Side::kBuy;
    if (closable_lots == 0 || !reference_of(book).can_exit(side)) return;
    act({symbol_id, side, reason, closable_lots, is_long ? book.bid_px_ticks : book.ask_px_ticks, kNoScores}, book);
  }

  /// Closes a position that lost its limit or more, and pauses the symbol.
  void stop_if_hit(std::uint32_t symbol_id, event::TopOfBook& book) noexcept {
    if (!gate().stop_hit(symbol_id, reference_of(book))) [[likely]] return;
    gate().pause(symbol_id, now_ns_);
    close(symbol_id, ledger::Reason::kStopLoss, book);
  }

  /// False when the sink refuses the record; from then on nothing is sent.
  bool write(const ledger::JournalRecord& record) noexcept {
    watch_.skip();
    const bool stored = sink_.append(record);
    watch_.lap(Stage::kJournal);
    if (!stored) [[unlikely]] gate().journal_down();
    return stored;
  }

  [[nodiscard]] static risk::Reference reference_of(const event::TopOfBook& book) noexcept {
    return {book.bid_px_ticks, book.bid_qty_lots, book.ask_px_ticks, book.ask_qty_lots, book.ts_event_ns};
  }

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  static constexpr decision::Scores kNoScores{kNan, kNan};

  void send(const ledger::Order& order, event::TopOfBook& book) noexcept {
    const bool was_flat = gate().position_lots(order.symbol_id) == 0;
    const std::optional<ledger::Fill> fill = exchange_.execute(order, book);
    const std::int64_t filled_lots = fill ? fill->qty_lots : 0;
    if (fill) {
      ++memory_.counters.fills;
      gate().on_fill(*fill, order.qty_lots);
      (order.side == ledger::Side::kBuy ? book.ask_qty_lots : book.bid_qty_lots) -= filled_lots;
      if (was_flat) memory_.symbols[order.symbol_id].opened_ns = now_ns_;
      write(ledger::JournalRecord{*fill});  // it happened, recorded or not: a refused record stops what comes next
    } else {
      ++memory_.counters.orders_unfilled;
    }
    if (filled_lots < order.qty_lots) gate().on_cancel(order.symbol_id, order.side, order.qty_lots - filled_lots);
  }

  [[nodiscard]] risk::Gate& gate() noexcept { return memory_.gate; }
  [[nodiscard]] const risk::Gate& gate() const noexcept { return memory_.gate; }

  std::uint32_t config_epoch_;
  execution::SimulatedExchange exchange_;
  Memory& memory_;
  Sink& sink_;
  Stopwatch<Timed>& watch_;
  // Of the event that is being worked on.
  ledger::DecisionId id_{};
  std::int64_t now_ns_ = 0;
  bool is_stale_ = false;
};

}  // namespace hft::engine
