#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "hft/decision/threshold.hpp"
#include "hft/engine/config.hpp"
#include "hft/engine/counters.hpp"
#include "hft/event/top_of_book.hpp"
#include "hft/risk/gate.hpp"

namespace hft::engine {

/// Everything that an engine remembers beside its features. One object that can be copied, so that a state to be loaded
/// is read and checked on the side and then taken over whole.
struct Memory {
  struct Symbol {
    event::TopOfBook book;            // without what our fills took from it
    std::int64_t mid_half_ticks = 0;  // of the last two-sided, uncrossed quote
    std::int64_t mid_ts_ns = 0;
    std::int64_t close_by_ns = 0;     // end of the session in which the position was opened
    std::int64_t now_ns = std::numeric_limits<std::int64_t>::min();  // see Engine::time_of
    std::int64_t opened_ns = 0;       // when the position last left zero

    template <class Self, class Archive>
    static void archive(Self& self, Archive& ar) {
      auto& b = self.book;
      ar(b.bid_px_ticks), ar(b.bid_qty_lots), ar(b.ask_px_ticks), ar(b.ask_qty_lots), ar(b.ts_event_ns);
      ar(self.mid_half_ticks), ar(self.mid_ts_ns), ar(self.close_by_ns), ar(self.now_ns), ar(self.opened_ns);
      if constexpr (Archive::kReads) self.check();
    }

   private:
    /// The bounds of the decoder, doubled for a mid: then no later sum or product overflows.
    void check() const {
      constexpr std::int64_t kMost = std::int64_t{1} << 53U;
      constexpr std::int64_t kMostTs = std::int64_t{1} << 62U;
      const auto within = [](std::int64_t value, std::int64_t most) { return value >= -most && value <= most; };
      const bool good = within(book.bid_px_ticks, kMost) && within(book.ask_px_ticks, kMost) &&
                        book.bid_qty_lots >= 0 && book.bid_qty_lots <= kMost && book.ask_qty_lots >= 0 &&
                        book.ask_qty_lots <= kMost && within(mid_half_ticks, 2 * kMost) &&
                        within(book.ts_event_ns, kMostTs) && within(mid_ts_ns, kMostTs) &&
                        within(opened_ns, kMostTs) && (now_ns == Symbol{}.now_ns || within(now_ns, kMostTs));
      if (!good) throw std::invalid_argument("engine state: a quote or a time out of bounds");
    }
  };

  /// Cold path: throws std::invalid_argument for settings that break a rule.
  Memory(const EngineConfig& config, std::size_t n_symbols)
      : strategy{config.strategy, n_symbols}, gate{config.risk, n_symbols}, symbols(n_symbols) {}

  /// Saves or loads what belongs to no symbol: settings, kill switch, counters.
  template <class Self, class Archive>
  static void archive_totals(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) {
      decision::ThresholdParams params;
      decision::ThresholdParams::archive(params, ar);
      self.strategy.apply(params);
    } else {
      decision::ThresholdParams::archive(self.strategy.params(), ar);
    }
    risk::Gate::archive_totals(self.gate, ar);
    Counters::visit(self.counters, [&ar](auto& n) { ar(n); });
  }

  template <class Self, class Archive>
  static void archive_symbol(Self& self, std::uint32_t symbol_id, Archive& ar) {
    decision::Threshold::archive_symbol(self.strategy, symbol_id, ar);
    risk::Gate::archive_symbol(self.gate, symbol_id, ar);
    Symbol::archive(self.symbols[symbol_id], ar);
  }

  Counters counters;
  decision::Threshold strategy;
  risk::Gate gate;
  std::vector<Symbol> symbols;
};

}  // namespace hft::engine
