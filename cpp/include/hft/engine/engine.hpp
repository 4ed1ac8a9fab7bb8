#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/decision/threshold.hpp"
#include "hft/engine/desk.hpp"
#include "hft/engine/session_end.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/feature/pipeline.hpp"
#include "hft/model/model.hpp"

namespace hft::engine {

/// Joins event, features, model, decision, risk, exchange and journal; holds no formula and no policy number.
///
/// For each event of a symbol, in this order:
///   1. features see the event; of an unknown symbol: counted, nothing changes
///   2. a quote becomes the touch, unless it is marked suspicious
///   3. while a position is open, that touch closes it where the session in which it was opened is over (kSessionEnd:
///      at the first touch after it, since the one before is gone when the end is seen), where the stop-loss is hit, or
///      where the holding time is over, tried in this order
///   4. a complete row is scored, and the strategy asked
/// Exits of 3 wait until the side that they take is there and the book is not crossed, and are tried again with each
/// quote until nothing is left. What a fill takes from the touch is gone until the symbol's next quote (see Desk). The
/// end of a tape is no session end: finish() marks what is open at the last mid price.
///
/// Protection does not depend on what the features make of a quote: 2 and 3 also hold for one that the spec drops and
/// for one that they call out of order, as every quote is after a single event from the future. Such a quote gives no
/// row, so it opens nothing. The time of what follows from it is its own, and not before that of the symbol's quotes
/// so far.
///
/// Deterministic: the same events give the same records, however they are fed. No allocation after construction, no
/// exception, no clock but the stopwatch's, which touches no record.   One thread.
template <model::Model Model, JournalSink Sink, bool Timed = false>
class Engine {
 public:
  /// Cold path: throws std::invalid_argument where the parts do not fit together. Everything referred to outlives this.
  Engine(const feature::Spec& spec, std::span<const event::Instrument> instruments, const Model& model,
         const EngineConfig& config, Sink& sink, Stopwatch<Timed> watch = {})
      : watch_{watch},
        pipeline_{spec, instruments},
        model_{model},
        strategy_{config.strategy, instruments.size()},
        desk_{config, instruments, sink, counters_, watch_},
        hours_{spec.session},
        row_(pipeline_.n_features()),
        scores_(std::max(model.n_classes(), model.n_margins())),
        symbols_(instruments.size()) {
    if (model.n_features() != pipeline_.n_features()) {
      throw std::invalid_argument("Engine: model and spec must have the same number of features, had " +
                                  std::to_string(model.n_features()) + " and " +
                                  std::to_string(pipeline_.n_features()));
    }
    const std::uint32_t last_class = std::max(config.strategy.up_class, config.strategy.down_class);
    if (last_class >= model.n_classes()) {
      throw std::invalid_argument("Engine: up_class and down_class must be below the model's " +
                                  std::to_string(model.n_classes()) + " classes, one was " +
                                  std::to_string(last_class));
    }
  }

  Engine(const Engine&) = delete;  // the desk refers to our counters and stopwatch
  Engine& operator=(const Engine&) = delete;

  void step(const event::Event& event) noexcept {
    const std::uint64_t now_ticks = watch_.start();
    advance(event, now_ticks);
  }

  /// The same, for an event that was due at `due_ticks`: tick_to_decision counts from there.
  void step(const event::Event& event, std::uint64_t due_ticks) noexcept {
    watch_.start();
    advance(event, due_ticks);
  }

  /// The step in a loop: any split of a tape into batches gives the same records.
  void run(std::span<const event::Event> events) noexcept {
    for (const event::Event& event : events) step(event);
  }

  /// The tape ended: one mark for every symbol that has had a price.
  void finish() noexcept {
    for (std::uint32_t id = 0; id < symbols_.size(); ++id) {
      const Symbol& symbol = symbols_[id];
      if (symbol.mid_half_ticks == 0) continue;
      desk_.write(ledger::JournalRecord{ledger::Mark{symbol.mid_ts_ns, symbol.mid_half_ticks, id, 0}});
    }
  }

  void kill() noexcept { desk_.kill(); }

  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const ledger::Positions& positions() const noexcept { return desk_.gate().positions(); }

 private:
  struct Symbol {
    event::TopOfBook book;
    std::int64_t mid_half_ticks = 0;  // of the last two-sided, uncrossed quote
    std::int64_t mid_ts_ns = 0;
    std::int64_t close_by_ns = 0;     // end of the session in which the position was opened
    std::int64_t now_ns = std::numeric_limits<std::int64_t>::min();  // see time_of
  };

  void advance(const event::Event& event, std::uint64_t arrived_ticks) noexcept {
    ++counters_.events;
    const feature::Step seen = pipeline_.update(event, row_);
    watch_.lap(Stage::kFeatures);
    if (seen == feature::Step::kUnknownSymbol) [[unlikely]] {
      ++counters_.unknown_symbol;
      return;
    }
    const bool taken_in = seen == feature::Step::kRow || seen == feature::Step::kNoRow;
    const bool is_touch = event.kind == event::EventKind::kQuote && (event.flags & event::kSuspicious) == 0;
    const std::int64_t now_ns = is_touch ? time_of(event, taken_in) : event.ts_event_ns;
    desk_.begin(event.source_seq, now_ns);
    if (is_touch) on_quote(event, now_ns);
    if (seen != feature::Step::kRow) {
      ++(seen == feature::Step::kNoRow     ? counters_.no_row
         : seen == feature::Step::kDropped ? counters_.dropped
                                           : counters_.out_of_order);
      return;
    }
    if (std::any_of(row_.begin(), row_.end(), [](double x) { return std::isnan(x); })) {
      ++counters_.rows_not_ready;
      return;
    }
    ++counters_.rows_scored;
    on_row(event);
    watch_.skip();
    watch_.since(Stage::kTickToDecision, arrived_ticks);
  }

  /// A quote that the features take in says what time it is, also after one that was dropped and had a wild clock. Any
  /// other may only move time on: what has expired stays expired. Trades move nothing here.
  std::int64_t time_of(const event::Event& quote, bool taken_in) noexcept {
    std::int64_t& now_ns = symbols_[quote.symbol_id].now_ns;
    now_ns = taken_in ? quote.ts_event_ns : std::max(now_ns, quote.ts_event_ns);
    return now_ns;
  }

  void on_quote(const event::Event& event, std::int64_t now_ns) noexcept {
    Symbol& symbol = symbols_[event.symbol_id];
    symbol.book.set(event.quote, event.ts_event_ns);
    if (Desk<Sink, Timed>::reference_of(symbol.book).usable()) {
      symbol.mid_half_ticks = symbol.book.mid_half_ticks();
      symbol.mid_ts_ns = now_ns;
    }
    if (desk_.holding(event.symbol_id).qty_lots != 0) [[unlikely]] watch_position(event.symbol_id, symbol, now_ns);
  }

  void watch_position(std::uint32_t symbol_id, Symbol& symbol, std::int64_t now_ns) noexcept {
    watch_.skip();
    if (now_ns >= symbol.close_by_ns) desk_.close(symbol_id, ledger::Reason::kSessionEnd, symbol.book);
    desk_.stop_if_hit(symbol_id, symbol.book);
    const decision::Holding holding = desk_.holding(symbol_id);
    const decision::Intent intent = strategy_.on_quote(symbol_id, symbol.book, holding, now_ns);
    if (!intent.abstains()) act(symbol_id, intent, {kNan, kNan}, symbol.book);
  }

  void on_row(const event::Event& event) noexcept {
    watch_.skip();
    model_.predict_proba(row_, scores_);
    watch_.lap(Stage::kModel);
    Symbol& symbol = symbols_[event.symbol_id];
    const decision::Scores scores = strategy_.scores(scores_);
    const decision::Intent intent = strategy_.on_scores(event.symbol_id, scores, symbol.book,
                                                        desk_.holding(event.symbol_id), event.ts_event_ns);
    watch_.lap(Stage::kDecision);
    if (intent.abstains()) [[likely]] return;
    if (desk_.holding(event.symbol_id).qty_lots == 0) symbol.close_by_ns = session_end_ns(hours_, event.ts_event_ns);
    act(event.symbol_id, intent, scores, symbol.book);
  }

  void act(std::uint32_t symbol_id, const decision::Intent& intent, const decision::Scores& scores,
           event::TopOfBook& book) noexcept {
    const auto reason =
        intent.why == decision::Why::kHoldExpired ? ledger::Reason::kHoldExpired : ledger::Reason::kSignal;
    const auto side = static_cast<ledger::Side>(intent.side);
    desk_.act({symbol_id, side, reason, intent.qty_lots, intent.limit_px_ticks, scores}, book);
  }
  static_assert(static_cast<int>(event::Side::kBuy) == static_cast<int>(ledger::Side::kBuy) &&
                static_cast<int>(event::Side::kSell) == static_cast<int>(ledger::Side::kSell));

  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  Counters counters_;
  Stopwatch<Timed> watch_;
  feature::Pipeline pipeline_;
  const Model& model_;
  decision::Threshold strategy_;
  Desk<Sink, Timed> desk_;
  feature::SessionHours hours_;
  std::vector<double> row_;
  std::vector<double> scores_;
  std::vector<Symbol> symbols_;
};

}  // namespace hft::engine
