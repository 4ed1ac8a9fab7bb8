#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/feature/cleansing.hpp"
#include "hft/feature/counters.hpp"
#include "hft/feature/hot_ranges.hpp"
#include "hft/feature/levels.hpp"
#include "hft/feature/plan.hpp"
#include "hft/feature/spec.hpp"

namespace hft::feature {

/// What became of an event.
enum class Step : std::uint8_t {
  kNoRow = 0,         // taken in; this kind of event gives no row
  kRow = 1,           // taken in, and `row` is written
  kDropped = 2,       // left out by a rule of the spec; counted by rule
  kOutOfOrder = 3,    // older than the symbol's last event that was taken in; changed the book, or what a gap does
  kUnknownSymbol = 4  // not in the instrument table
};

/// The spec's features over a stream of events of several symbols.
///
/// An event that the source marks kGapBefore or kSequenceReset begins its symbol anew, whatever becomes of the event
/// itself: what was lost is not in the windows, so their columns hold NaN until they are warm again. Its time still may
/// not lie before that of the symbol's last event.
///
/// Levels of the order book, where the spec reads one, change the book whatever else becomes of the event: one that is
/// late or outside of the session gives no row and steps nothing, and the book stays the book. See feature::Levels.
///
/// State is per symbol and made once, here. Not thread-safe: one pipeline belongs to one thread at a time.
class Pipeline {
  struct Symbol;

 public:
  /// Cold path: throws std::invalid_argument for a spec or instrument that breaks a rule.
  Pipeline(const Spec& spec, std::span<const event::Instrument> instruments);
  Pipeline(Pipeline&&) = default;  // moves only: nodes have one owner
  Pipeline& operator=(Pipeline&&) = default;

  /// Takes one event; writes `row` (n_features() long) only for kRow. Columns that are not warmed up hold NaN.
  /// Cost: the spec's nodes, O(1) each; no allocation, no lock, no clock.
  [[nodiscard]] Step update(const event::Event& e, std::span<double> row) noexcept;

  /// Asks the CPU for the state of a symbol whose event comes soon: many symbols' states do not fit the nearest caches.
  void prefetch(std::uint32_t symbol_id) const noexcept { hot_.prefetch(symbol_id); }

  /// Index of the first event for which `update` would say kOutOfOrder, without taking anything in. Cold: allocates.
  [[nodiscard]] std::optional<std::size_t> find_out_of_order(std::span<const event::Event> events) const;
  /// Bits, by place in Plan::bars(): those of which the last update closed a bar.
  [[nodiscard]] std::uint64_t closed_bars() const noexcept { return closed_bars_; }
  /// The last closed bar of a symbol.
  [[nodiscard]] const Bar& bar(std::uint32_t symbol_id, std::size_t bars) const noexcept;
  /// Upper bound of the rows that these events give.
  [[nodiscard]] std::size_t max_rows(std::span<const event::Event> events) const noexcept;
  /// `update` in a loop that asks for states ahead: rows go to `rows` (row-major), the index of each row's event to
  /// `index`. Returns how many.
  std::size_t transform(std::span<const event::Event> events, double* rows, std::int64_t* index) noexcept;

  [[nodiscard]] std::size_t n_features() const noexcept { return plan_->outputs().size(); }
  [[nodiscard]] const Plan& plan() const noexcept { return *plan_; }
  [[nodiscard]] const Spec& spec() const noexcept { return spec_; }
  [[nodiscard]] std::span<const event::Instrument> instruments() const noexcept { return instruments_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  /// Entries that left time windows early because `max_events` was too small, over all symbols.
  [[nodiscard]] std::uint64_t early_leaves() const noexcept;
  /// As new: states, counters, order.
  void reset() noexcept;

  /// A versioned, checksummed frame with the whole state. The same state gives the same bytes.
  void save(base::ByteWriter& out) const;
  /// Throws std::invalid_argument naming the first difference (spec, instrument, checksum, range); then nothing has
  /// changed.
  void load(base::ByteReader& in);
  /// A pipeline from what `save` wrote, with the instruments of then. Throws as `load` does, and, before it takes any
  /// memory, where the bytes are too few for their instruments or those would need more than 1 GiB and 1024 times the
  /// bytes. What is larger: make the pipeline from its instruments, then `load`.
  [[nodiscard]] static Pipeline restore(const Spec& spec, std::span<const std::byte> frame);

  // The parts that save() joins and load() takes, for a larger state that holds a pipeline's.

  /// What a state must have in common with a pipeline: the spec's hash and the instruments.
  void save_identity(base::ByteWriter& out) const;
  /// Throws std::invalid_argument naming the first difference.
  void check_identity(base::ByteReader& in) const;
  void save_counters(base::ByteWriter& out) const;
  static void check_counters(base::ByteReader& in);
  void load_counters(base::ByteReader& in);
  /// One symbol's state. Neither allocates nor throws where `out` does not.
  void save_symbol(std::uint32_t symbol_id, base::ByteWriter& out) const;
  /// Most bytes that save_symbol can write.
  [[nodiscard]] std::size_t symbol_bytes_bound() const;
  /// Reads over one symbol's state into `scratch` and throws std::invalid_argument unless load_symbol may have it.
  using Scratch = Symbol;
  [[nodiscard]] Scratch make_scratch() const;
  static void check_symbol(Scratch& scratch, base::ByteReader& in);
  /// Takes bytes that check_symbol has passed: cannot fail any more.
  void load_symbol(std::uint32_t symbol_id, base::ByteReader& in);

 private:
  struct Symbol {
    Market market;
    Past past;
    std::vector<double> slots;
    std::vector<std::unique_ptr<Node>> nodes;
    [[nodiscard]] std::vector<std::span<const std::byte>> hot_bytes() const;
    Levels* levels = nullptr;  // one of the nodes; null where the spec reads no book
    void reset() noexcept;
    void begin_session() noexcept;
    /// Changes the order book, which there is.
    void keep_level(const event::Event& e, bool is_believed) noexcept;
    void begin_after_gap() noexcept;
    template <class Self, class Archive>
    static void archive(Self& self, Archive& ar);
  };

  explicit Pipeline(const Spec& spec);  // without symbols yet

  /// Is this kind of event more than counted?
  [[nodiscard]] bool is_read(event::EventKind kind) const noexcept;
  [[nodiscard]] bool gives_row(event::EventKind kind) const noexcept;
  /// An event whose values do not enter: time passes, and where it says so the book or the trade is not there any more.
  void set_aside(std::uint32_t symbol_id, const event::Event& e, Policy policy) noexcept;
  void forget_book(std::uint32_t symbol_id) noexcept;
  void run(std::uint32_t symbol_id, Clock clock) noexcept;
  /// Steps what misses an input: a book or trade that is not there steps nothing else.
  void run_missing(std::uint32_t symbol_id, Clock clock) noexcept;
  /// Closes the time bars that have ended by `now_ns`, in the order of their ends; each steps what stands on its clock.
  void close_ended_bars(std::uint32_t symbol_id, std::int64_t now_ns) noexcept;
  /// Puts the event that the market took last into the bars, and closes those that are full.
  void fill_bars(std::uint32_t symbol_id, bool is_trade) noexcept;
  void run_bars(std::uint32_t symbol_id, std::uint64_t closed) noexcept;
  void write_row(std::uint32_t symbol_id, std::span<double> row) noexcept;
  /// As many symbols as instruments, as new.
  void make_symbols();
  [[nodiscard]] Symbol make_symbol(const event::Instrument& instrument) const;
  void load_states(base::ByteReader& in);
  void check_states(base::ByteReader in) const;
  void check_room(std::size_t n_bytes) const;
  static void check(std::span<const event::Instrument> instruments);

  Spec spec_;
  std::shared_ptr<const Plan> plan_;
  Cleansing cleansing_;
  std::vector<event::Instrument> instruments_;
  std::vector<Symbol> symbols_;
  std::vector<View> views_;         // of the symbols
  std::vector<const View*> peers_;  // those that others read
  HotRanges hot_;                   // of the symbols' states
  Counters counters_;
  std::uint64_t closed_bars_ = 0;
};

}  // namespace hft::feature
