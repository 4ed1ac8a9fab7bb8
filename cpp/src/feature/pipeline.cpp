#include "hft/feature/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <unordered_set>

#include "hft/event/instrument_rules.hpp"
#include "hft/feature/concept.hpp"

namespace hft::feature {
namespace {

bool is_after_gap(const event::Event& e) noexcept {
  return (e.flags & (event::kGapBefore | event::kSequenceReset)) != 0;
}

}  // namespace

void Pipeline::check(std::span<const event::Instrument> instruments) {
  const auto good = [](const event::Step& s) {
    return s.num >= 1 && s.num <= Market::kMaxStepNum && s.den >= 1 && s.den <= Market::kMaxStepDen;
  };
  std::unordered_set<std::string_view> seen;
  for (const event::Instrument& instrument : instruments) {
    event::validate(instrument);
    if (!good(instrument.tick) || !good(instrument.lot)) {
      throw std::invalid_argument("instrument '" + instrument.symbol +
                                  "': tick and lot must be num/den with num in 1..65536 and den in 1..2^53");
    }
    if (!seen.insert(instrument.symbol).second) {
      throw std::invalid_argument("instrument '" + instrument.symbol + "' is there twice");
    }
  }
}

Pipeline::Pipeline(const Spec& spec)
    : spec_{spec}, plan_{std::make_shared<const Plan>(spec)}, cleansing_{spec, plan_->flagged_rules()} {}

Pipeline::Pipeline(const Spec& spec, std::span<const event::Instrument> instruments) : Pipeline{spec} {
  instruments_.assign(instruments.begin(), instruments.end());
  check(instruments_);
  make_symbols();
}

void Pipeline::make_symbols() {
  symbols_.reserve(instruments_.size());
  for (const event::Instrument& instrument : instruments_) symbols_.push_back(make_symbol(instrument));
  peers_.resize(plan_->peers().size());
  for (const Symbol& symbol : symbols_) {
    views_.push_back({symbol.nodes.data(), &symbol.market, peers_.data()});
    hot_.add_symbol(symbol.hot_bytes());
  }
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const std::string& peer = plan_->peers()[i];
    const auto it = std::ranges::find(instruments_, peer, &event::Instrument::symbol);
    if (it == instruments_.end()) {
      throw std::invalid_argument("the spec reads values of '" + peer + "', which is not among the instruments");
    }
    peers_[i] = &views_[static_cast<std::size_t>(it - instruments_.begin())];
  }
}

Pipeline::Symbol Pipeline::make_symbol(const event::Instrument& instrument) const {
  Symbol symbol;
  symbol.market.tick = instrument.tick;
  symbol.market.lot = instrument.lot;
  symbol.slots.assign(plan_->n_slots(), kNotReady);
  symbol.nodes = plan_->make_nodes();
  if (const auto node = plan_->book_node()) {
    symbol.levels = &static_cast<NodeOf<Levels>&>(*symbol.nodes[*node]).state;
    symbol.market.levels = &symbol.levels->book();
  }
  return symbol;
}

Step Pipeline::update(const event::Event& e, std::span<double> row) noexcept {
  ++counters_.n_events;
  closed_bars_ = 0;
  if (is_after_gap(e) && e.symbol_id < symbols_.size()) [[unlikely]] {
    ++counters_.gaps;
    symbols_[e.symbol_id].begin_after_gap();
  }
  if (!is_read(e.kind)) return ++counters_.without_effect, Step::kNoRow;
  if (e.symbol_id >= symbols_.size()) [[unlikely]]
    return ++counters_.unknown_symbol, Step::kUnknownSymbol;
  Symbol& symbol = symbols_[e.symbol_id];
  const bool is_level = e.kind == event::EventKind::kBookLevel;
  const Entry entry = cleansing_.admit(e, symbol.past, symbol.market.book);
  if (entry.fate != Entry::Fate::kEnters) {
    if (is_level) symbol.keep_level(e, (entry.broken & bit_of(Rule::kSuspicious)) == 0);
    Cleansing::count(entry, counters_);
    return entry.fate == Entry::Fate::kDropped ? Step::kDropped : Step::kOutOfOrder;
  }
  if (entry.begins_anew) symbol.begin_session();
  const bool has_bars = !plan_->bars().empty();
  if (has_bars) close_ended_bars(e.symbol_id, e.ts_event_ns);
  symbol.market.broken_rules = entry.broken;
  if (entry.broken != 0) [[unlikely]] {
    Cleansing::count(entry, counters_);
    symbol.market.now_ns = e.ts_event_ns;
    if (entry.book_goes) forget_book(e.symbol_id);
  }

  const bool enters = entry.policy <= Policy::kFlag;
  if (is_level) {
    symbol.keep_level(e, enters);
    symbol.market.now_ns = e.ts_event_ns;
    if ((e.flags & event::kUnfinished) != 0) return Step::kNoRow;  // the book is between two states
    run(e.symbol_id, Clock::kBook);
  } else if (!enters) [[unlikely]] {
    set_aside(e.symbol_id, e, entry.policy);
  } else if (e.kind == event::EventKind::kQuote) {
    symbol.market.set_quote(e);
    run(e.symbol_id, Clock::kQuote);
    if (has_bars) fill_bars(e.symbol_id, false);
  } else {
    symbol.market.set_trade(e);
    run(e.symbol_id, Clock::kTrade);
    if (has_bars) fill_bars(e.symbol_id, true);
  }
  if (!gives_row(e.kind)) return Step::kNoRow;
  write_row(e.symbol_id, row);
  return ++counters_.n_rows, Step::kRow;
}

bool Pipeline::is_read(event::EventKind kind) const noexcept {
  return kind == event::EventKind::kQuote || kind == event::EventKind::kTrade ||
         (kind == event::EventKind::kBookLevel && plan_->book_node());
}

bool Pipeline::gives_row(event::EventKind kind) const noexcept {
  switch (spec_.row_on) {
    case RowOn::kQuote:
      return kind == event::EventKind::kQuote;
    case RowOn::kTrade:
      return kind == event::EventKind::kTrade;
    case RowOn::kBook:
      return kind == event::EventKind::kBookLevel;
    case RowOn::kAny:
      break;
  }
  return is_read(kind);
}

void Pipeline::set_aside(std::uint32_t symbol_id, const event::Event& e, Policy policy) noexcept {
  Market& market = symbols_[symbol_id].market;
  market.now_ns = e.ts_event_ns;
  if (policy != Policy::kNan) return;
  if (e.kind == event::EventKind::kQuote) return forget_book(symbol_id);
  market.forget_trade();
  run_missing(symbol_id, Clock::kTrade);
}

void Pipeline::forget_book(std::uint32_t symbol_id) noexcept {
  symbols_[symbol_id].market.forget_quote();
  run_missing(symbol_id, Clock::kQuote);
}

void Pipeline::run(std::uint32_t symbol_id, Clock clock) noexcept {
  Symbol& symbol = symbols_[symbol_id];
  const View& view = views_[symbol_id];
  for (const Plan::Instruction& i : plan_->program(clock)) {
    double& x = symbol.slots[i.slot];
    if (i.reader == nullptr) {
      symbol.nodes[i.node]->step(symbol.market, &x);
    } else {
      i.reader->advance(view);
      x = i.reader->read(view);
    }
  }
}

void Pipeline::run_missing(std::uint32_t symbol_id, Clock clock) noexcept {
  Symbol& symbol = symbols_[symbol_id];
  const View& view = views_[symbol_id];
  for (const Plan::Instruction& i : plan_->program(clock)) {
    double& x = symbol.slots[i.slot];
    if (i.reader != nullptr) {
      i.reader->advance(view);
      x = i.reader->read(view);
    } else if (i.slot != 0 && std::isnan(x)) {
      symbol.nodes[i.node]->step(symbol.market, &x);
    }
  }
}

void Pipeline::write_row(std::uint32_t symbol_id, std::span<double> row) noexcept {
  Symbol& symbol = symbols_[symbol_id];
  for (const std::uint32_t i : plan_->timed_nodes()) symbol.nodes[i]->advance(symbol.market.now_ns);
  for (const Plan::OutputGroup& group : plan_->output_groups()) {
    group.reader->read_many(views_[symbol_id], group.outputs, row.data());
  }
}

std::size_t Pipeline::transform(std::span<const event::Event> events, double* rows, std::int64_t* index) noexcept {
  std::size_t n_rows = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i + HotRanges::kAhead < events.size()) prefetch(events[i + HotRanges::kAhead].symbol_id);
    if (update(events[i], {rows + n_rows * n_features(), n_features()}) == Step::kRow) {
      index[n_rows++] = static_cast<std::int64_t>(i);
    }
  }
  return n_rows;
}

std::optional<std::size_t> Pipeline::find_out_of_order(std::span<const event::Event> events) const {
  struct Ahead {
    Past past;
    event::TopOfBook book;
  };
  std::vector<Ahead> symbols;
  symbols.reserve(symbols_.size());
  for (const Symbol& symbol : symbols_) symbols.push_back({symbol.past, symbol.market.book});
  for (std::size_t i = 0; i < events.size(); ++i) {
    const event::Event& e = events[i];
    if (e.symbol_id >= symbols.size()) continue;
    auto& [past, book] = symbols[e.symbol_id];
    if (is_after_gap(e)) past.seen = {};
    if (!is_read(e.kind)) continue;
    const Entry entry = cleansing_.admit(e, past, book);
    if (entry.fate == Entry::Fate::kOutOfOrder) return i;
    const bool enters = entry.fate == Entry::Fate::kEnters && entry.policy <= Policy::kFlag;
    if (e.kind == event::EventKind::kQuote && enters) book.set(e.quote, e.ts_event_ns);  // `past` knows one that went
  }
  return std::nullopt;
}

std::size_t Pipeline::max_rows(std::span<const event::Event> events) const noexcept {
  std::size_t n = 0;
  for (const event::Event& e : events) n += static_cast<std::size_t>(gives_row(e.kind));
  return n;
}

std::uint64_t Pipeline::early_leaves() const noexcept {
  std::uint64_t n = 0;
  for (const Symbol& symbol : symbols_) {
    for (const auto& node : symbol.nodes) n += node->early_leaves();
  }
  return n;
}

std::vector<std::span<const std::byte>> Pipeline::Symbol::hot_bytes() const {
  std::vector<std::span<const std::byte>> all{std::as_bytes(std::span{this, 1}), std::as_bytes(std::span{slots}),
                                              std::as_bytes(std::span{nodes})};
  for (const auto& node : nodes) {
    if (const auto room = node->hot_bytes(); !room.empty()) all.push_back(room);
    all.push_back({reinterpret_cast<const std::byte*>(node.get()), sizeof(Node)});
  }
  return all;
}

void Pipeline::Symbol::reset() noexcept {
  market.clear();
  for (const auto& node : nodes) node->reset();
}

void Pipeline::Symbol::keep_level(const event::Event& e, bool is_believed) noexcept {
  if (is_believed)
    levels->apply(e);
  else
    levels->lose();  // what stands at its price is not known
}

void Pipeline::Symbol::begin_session() noexcept {
  market.clear();
  for (const auto& node : nodes) node->begin_anew(false);
}

void Pipeline::Symbol::begin_after_gap() noexcept {
  market.clear();
  for (const auto& node : nodes) node->begin_anew(true);
  past.seen = {};  // what the book was is not known: the next quote is a change, whatever it says
}

void Pipeline::reset() noexcept {
  for (Symbol& symbol : symbols_) {
    symbol.reset();
    symbol.past = {};
  }
  counters_ = {};
}

}  // namespace hft::feature
