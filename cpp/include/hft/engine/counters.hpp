#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hft/event/decode.hpp"
#include "hft/ledger/names.hpp"

namespace hft::engine {

/// What a run saw and did. Depends on the tape and the configuration alone, never on speed or threads, so it may stand
/// in the journal.
///
///   records = bad_records + events
///   events = unknown_symbol + out_of_order + dropped + no_row + rows_not_ready + rows_scored
///   decisions = refusals + orders,   orders = fills + orders_unfilled
///   kills, resumes and unknown_controls are among no_row; gaps and stale are of any kind
struct Counters {
  std::uint64_t events = 0;          // decoded
  std::uint64_t unknown_symbol = 0;  // not in the instrument table
  std::uint64_t out_of_order = 0;    // to the features, which leave it out; a quote still moves touch and exits
  std::uint64_t dropped = 0;         // left out by the feature spec: outside the session, or a kind of quote it drops
  std::uint64_t no_row = 0;          // updates features, gives no row
  std::uint64_t rows_not_ready = 0;  // holds a NaN: not scored
  std::uint64_t rows_scored = 0;
  std::uint64_t decisions = 0;
  std::uint64_t orders = 0;
  std::uint64_t fills = 0;
  std::uint64_t orders_unfilled = 0;
  std::uint64_t stop_losses = 0;     // decisions for that reason
  std::uint64_t gaps = 0;            // events before which the source lost some: their symbol's features began anew
  std::uint64_t stale = 0;           // events older than the limit when they came in: nothing was opened on them
  std::uint64_t kills = 0;           // control events, by what they asked for
  std::uint64_t resumes = 0;
  std::uint64_t unknown_controls = 0;
  std::array<std::uint64_t, ledger::kRefusalNames.size()> refusals{};  // by ledger::Refusal; [0] stays 0
  std::array<std::uint64_t, event::kDecodeStatuses> bad_records{};     // by event::DecodeStatus; [0] stays 0

  template <class Self, class Visit>
  static void visit(Self& self, Visit&& each) {
    each(self.events), each(self.unknown_symbol), each(self.out_of_order), each(self.dropped), each(self.no_row);
    each(self.rows_not_ready), each(self.rows_scored), each(self.decisions), each(self.orders), each(self.fills);
    each(self.orders_unfilled), each(self.stop_losses), each(self.gaps), each(self.stale), each(self.kills);
    each(self.resumes), each(self.unknown_controls);
    for (auto& n : self.refusals) each(n);
  }
};

/// One line of canonical JSON. Counts by reason hold only what happened. Cold path.
[[nodiscard]] std::string to_json(const Counters& counters);

}  // namespace hft::engine
