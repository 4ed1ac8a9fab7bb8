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

#include "hft/base/bytes.hpp"
#include "hft/base/fault.hpp"
#include "hft/decision/threshold.hpp"
#include "hft/engine/desk.hpp"
#include "hft/engine/session_end.hpp"
#include "hft/engine/settings.hpp"
#include "hft/engine/state.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
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
/// A control event kills (only orders that reduce pass, from here on) or resumes. An event after a gap begins its
/// symbol's features anew, so it is not scored until they are warm; one marked stale is scored, and opens nothing. What
/// is open still closes after either.
///
/// Settings, model and the events in their order decide every record, and State is all that is remembered of them.
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
        state_{spec, instruments, config},
        model_{&model},
        desk_{config, instruments, state_.memory, sink, watch_},
        hours_{spec.session},
        row_(state_.pipeline.n_features()),
        scores_(std::max(model.n_classes(), model.n_margins())) {
    if (model.n_features() != state_.pipeline.n_features()) {
      throw std::invalid_argument("Engine: model and spec must have the same number of features, had " +
                                  std::to_string(model.n_features()) + " and " +
                                  std::to_string(state_.pipeline.n_features()));
    }
    validate(settings(), model.n_classes());
  }

  Engine(const Engine&) = delete;  // the desk refers to our memory and stopwatch
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
    constexpr std::size_t kAhead = feature::HotRanges::kAhead;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i + kAhead < events.size()) state_.pipeline.prefetch(events[i + kAhead].symbol_id);
      step(events[i]);
    }
  }

  /// The tape ended: one mark for every symbol that has had a price.
  void finish() noexcept {
    for (std::uint32_t id = 0; id < memory().symbols.size(); ++id) {
      const Memory::Symbol& symbol = memory().symbols[id];
      if (symbol.mid_half_ticks == 0) continue;
      desk_.write(ledger::JournalRecord{ledger::Mark{symbol.mid_ts_ns, symbol.mid_half_ticks, id, 0}});
    }
  }

  void kill() noexcept { memory().gate.kill(); }
  void resume() noexcept { memory().gate.resume(); }

  /// Other settings from the next event on; `settings` have passed validate() for this model. Positions, cooldowns and
  /// pauses stay as they are.
  void apply(const Settings& settings) noexcept {
    memory().strategy.apply(settings.strategy);
    memory().gate.apply(settings.limits);
  }
  [[nodiscard]] Settings settings() const noexcept {
    return {memory().strategy.params(), memory().gate.limits()};
  }

  /// Another model of the same shape, which outlives this, from the next event on.
  void swap_model(const Model& model) noexcept { model_ = &model; }
  /// May swap_model have it? Same number of features and classes, no more margins.
  [[nodiscard]] bool fits(const Model& model) const noexcept {
    return model.n_features() == row_.size() && model.n_classes() == model_->n_classes() &&
           model.n_margins() <= scores_.size();
  }

  // The state, whole or copied while events go on: see State.
  void save(base::ByteWriter& out) const { state_.save(out); }
  void load(base::ByteReader& in) { state_.load(in, model_->n_classes()); }
  [[nodiscard]] std::size_t state_bytes_bound() const { return state_.bytes_bound(); }
  [[nodiscard]] StateCopy make_copy(std::size_t room_bytes = 0) const { return state_.make_copy(room_bytes); }
  void begin_copy(StateCopy& copy) noexcept { state_.begin_copy(copy); }
  bool copy_some(std::size_t n_symbols) noexcept { return state_.copy_some(n_symbols); }
  void cancel_copy() noexcept { state_.cancel_copy(); }

  [[nodiscard]] const Counters& counters() const noexcept { return memory().counters; }
  [[nodiscard]] const ledger::Positions& positions() const noexcept { return memory().gate.positions(); }
  [[nodiscard]] const feature::Pipeline& pipeline() const noexcept { return state_.pipeline; }
  [[nodiscard]] bool killed() const noexcept { return memory().gate.killed(); }

 private:
  [[nodiscard]] Memory& memory() noexcept { return state_.memory; }
  [[nodiscard]] const Memory& memory() const noexcept { return state_.memory; }

  void advance(const event::Event& event, std::uint64_t arrived_ticks) noexcept {
    state_.before_change(event.symbol_id);
    ++memory().counters.events;
    const feature::Step seen = state_.pipeline.update(event, row_);
    watch_.lap(Stage::kFeatures);
    base::fault_point(base::FaultPoint::kAfterFeatures);
    if (seen == feature::Step::kUnknownSymbol) [[unlikely]] {
      ++memory().counters.unknown_symbol;
      return;
    }
    if (event.flags != event::kNoFlags) [[unlikely]] count_flags(event.flags);
    if (event.kind == event::EventKind::kControl) [[unlikely]] obey(event.control);
    const bool taken_in = seen == feature::Step::kRow || seen == feature::Step::kNoRow;
    const bool is_touch = event.kind == event::EventKind::kQuote && (event.flags & event::kSuspicious) == 0;
    const std::int64_t now_ns = is_touch ? time_of(event, taken_in) : event.ts_event_ns;
    desk_.begin(event, now_ns);
    if (is_touch) on_quote(event, now_ns);
    if (seen != feature::Step::kRow) {
      ++(seen == feature::Step::kNoRow     ? memory().counters.no_row
         : seen == feature::Step::kDropped ? memory().counters.dropped
                                           : memory().counters.out_of_order);
      return;
    }
    if (std::any_of(row_.begin(), row_.end(), [](double x) { return std::isnan(x); })) {
      ++memory().counters.rows_not_ready;
      return;
    }
    ++memory().counters.rows_scored;
    on_row(event);
    watch_.skip();
    watch_.since(Stage::kTickToDecision, arrived_ticks);
  }

  void count_flags(std::uint16_t flags) noexcept {
    if ((flags & (event::kGapBefore | event::kSequenceReset)) != 0) ++memory().counters.gaps;
    if ((flags & event::kStale) != 0) ++memory().counters.stale;
  }

  void obey(const event::Control& control) noexcept {
    switch (static_cast<event::ControlCode>(control.code)) {
      case event::ControlCode::kKill: ++memory().counters.kills; return kill();
      case event::ControlCode::kResume: ++memory().counters.resumes; return resume();
    }
    ++memory().counters.unknown_controls;
  }

  /// A quote that the features take in says what time it is, also after one that was dropped and had a wild clock. Any
  /// other may only move time on: what has expired stays expired. Trades move nothing here.
  std::int64_t time_of(const event::Event& quote, bool taken_in) noexcept {
    std::int64_t& now_ns = memory().symbols[quote.symbol_id].now_ns;
    now_ns = taken_in ? quote.ts_event_ns : std::max(now_ns, quote.ts_event_ns);
    return now_ns;
  }

  void on_quote(const event::Event& event, std::int64_t now_ns) noexcept {
    Memory::Symbol& symbol = memory().symbols[event.symbol_id];
    symbol.book.set(event.quote, event.ts_event_ns);
    if (Desk<Sink, Timed>::reference_of(symbol.book).usable()) {
      symbol.mid_half_ticks = symbol.book.mid_half_ticks();
      symbol.mid_ts_ns = now_ns;
    }
    if (desk_.holding(event.symbol_id).qty_lots != 0) [[unlikely]] watch_position(event.symbol_id, symbol, now_ns);
  }

  void watch_position(std::uint32_t symbol_id, Memory::Symbol& symbol, std::int64_t now_ns) noexcept {
    watch_.skip();
    if (now_ns >= symbol.close_by_ns) desk_.close(symbol_id, ledger::Reason::kSessionEnd, symbol.book);
    desk_.stop_if_hit(symbol_id, symbol.book);
    const decision::Holding holding = desk_.holding(symbol_id);
    const decision::Intent intent = memory().strategy.on_quote(symbol_id, symbol.book, holding, now_ns);
    if (!intent.abstains()) act(symbol_id, intent, {kNan, kNan}, symbol.book);
  }

  void on_row(const event::Event& event) noexcept {
    watch_.skip();
    model_->predict_proba(row_, scores_);
    watch_.lap(Stage::kModel);
    Memory::Symbol& symbol = memory().symbols[event.symbol_id];
    const decision::Scores scores = memory().strategy.scores(scores_);
    const decision::Intent intent = memory().strategy.on_scores(event.symbol_id, scores, symbol.book,
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

  Stopwatch<Timed> watch_;
  State state_;
  const Model* model_;
  Desk<Sink, Timed> desk_;
  feature::SessionHours hours_;
  std::vector<double> row_;
  std::vector<double> scores_;
};

}  // namespace hft::engine
