#include "hft/feature/pipeline.hpp"

#include <stdexcept>

#include "hft/feature/concept.hpp"

namespace hft::feature {
namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;
constexpr std::int64_t kOutside = std::numeric_limits<std::int64_t>::max();

/// Number of the session that `ts_ns` lies in, counted in days; kOutside between sessions.
std::int64_t session_of(const SessionHours& hours, std::int64_t ts_ns) noexcept {
  if (ts_ns < std::numeric_limits<std::int64_t>::min() + kDayNs) return kOutside;
  const std::int64_t since = ts_ns - hours.open_ns;
  std::int64_t day = since / kDayNs;
  day -= static_cast<std::int64_t>(since % kDayNs < 0);  // towards the past, also before 1970
  std::int64_t length = hours.close_ns - hours.open_ns;
  if (length <= 0) length += kDayNs;
  return since - day * kDayNs < length ? day : kOutside;
}

void check(const event::Instrument& instrument) {
  const auto good = [](const event::Step& s) {
    return s.num >= 1 && s.num <= Market::kMaxStepNum && s.den >= 1 && s.den <= Market::kMaxStepDen;
  };
  if (good(instrument.tick) && good(instrument.lot)) return;
  throw std::invalid_argument("instrument '" + instrument.symbol +
                              "': tick and lot must be num/den with num in 1..65536 and den in 1..2^53");
}

}  // namespace

Pipeline::Pipeline(const Spec& spec, std::span<const event::Instrument> instruments)
    : spec_{spec}, plan_{std::make_shared<const Plan>(spec)}, instruments_(instruments.begin(), instruments.end()) {
  for (const event::Instrument& instrument : instruments_) check(instrument);
  symbols_ = make_symbols();
}

std::vector<Pipeline::Symbol> Pipeline::make_symbols() const {
  std::vector<Symbol> symbols;
  symbols.reserve(instruments_.size());
  for (const event::Instrument& instrument : instruments_) {
    Symbol& symbol = symbols.emplace_back();
    symbol.market.tick = instrument.tick;
    symbol.market.lot = instrument.lot;
    symbol.slots.assign(plan_->n_slots(), kNotReady);
    symbol.nodes = plan_->make_nodes();
  }
  return symbols;
}

Step Pipeline::update(const event::Event& e, std::span<double> row) noexcept {
  ++counters_.n_events;
  const bool is_quote = e.kind == event::EventKind::kQuote;
  if (!is_quote && e.kind != event::EventKind::kTrade) return ++counters_.without_effect, Step::kNoRow;
  if (e.symbol_id >= symbols_.size()) [[unlikely]]
    return ++counters_.unknown_symbol, Step::kUnknownSymbol;
  Symbol& symbol = symbols_[e.symbol_id];
  if (e.ts_event_ns < symbol.last_ts_ns) [[unlikely]]
    return ++counters_.out_of_order, Step::kOutOfOrder;
  symbol.last_ts_ns = e.ts_event_ns;
  if (!enter_session(symbol, e.ts_event_ns)) return ++counters_.out_of_session, Step::kDropped;
  if (std::uint64_t* reason = drop_reason(symbol, e)) return ++*reason, Step::kDropped;

  if (is_quote) {
    symbol.market.set_quote(e);
    symbol.has_quote = true;
    run(symbol, Clock::kQuote);
    if (spec_.row_on == RowOn::kTrade) return Step::kNoRow;
  } else {
    symbol.market.set_trade(e);
    run(symbol, Clock::kTrade);
    if (spec_.row_on == RowOn::kQuote) return Step::kNoRow;
  }
  write_row(symbol, row);
  return ++counters_.n_rows, Step::kRow;
}

bool Pipeline::enter_session(Symbol& symbol, std::int64_t ts_ns) noexcept {
  const std::int64_t session = session_of(spec_.session, ts_ns);
  if (session == kOutside) return false;
  if (session != symbol.session) {
    if (spec_.origin == Origin::kSessionOpen) symbol.reset();
    symbol.session = session;
  }
  return true;
}

std::uint64_t* Pipeline::drop_reason(const Symbol& symbol, const event::Event& e) noexcept {
  const auto drops = [this](Drop rule) { return (spec_.drop & rule) != 0; };
  if ((e.flags & event::kSuspicious) != 0 && drops(kDropSuspicious)) return &counters_.suspicious;
  if (e.kind == event::EventKind::kTrade) {
    return Market::in_bounds(e.trade.px_ticks, e.trade.qty_lots) ? nullptr : &counters_.out_of_bounds;
  }
  const event::Quote& q = e.quote;
  if (!Market::in_bounds(q)) return &counters_.out_of_bounds;
  if (q.bid_qty_lots == 0 || q.ask_qty_lots == 0) {
    if (drops(kDropOneSided)) return &counters_.one_sided;
  } else if (q.bid_px_ticks >= q.ask_px_ticks) {
    const bool locked = q.bid_px_ticks == q.ask_px_ticks;
    if (drops(locked ? kDropLocked : kDropCrossed)) return locked ? &counters_.locked : &counters_.crossed;
  }
  const event::TopOfBook& b = symbol.market.book;
  const bool same = symbol.has_quote && q.bid_px_ticks == b.bid_px_ticks && q.bid_qty_lots == b.bid_qty_lots &&
                    q.ask_px_ticks == b.ask_px_ticks && q.ask_qty_lots == b.ask_qty_lots;
  return same && drops(kDropUnchanged) ? &counters_.unchanged : nullptr;
}

void Pipeline::run(Symbol& symbol, Clock clock) noexcept {
  for (const Plan::Instruction& i : plan_->program(clock)) {
    Node* node = i.node < 0 ? nullptr : symbol.nodes[static_cast<std::size_t>(i.node)].get();
    double& x = symbol.slots[i.slot];
    if (i.reader != nullptr)
      x = i.reader->read(node, symbol.market);
    else
      node->step(symbol.market, x);
  }
}

void Pipeline::write_row(Symbol& symbol, std::span<double> row) noexcept {
  for (const std::uint32_t i : plan_->timed_nodes()) symbol.nodes[i]->advance(symbol.market.now_ns);
  double* out = row.data();
  for (const Plan::Output& o : plan_->outputs()) {
    *out++ = o.reader->read(o.node < 0 ? nullptr : symbol.nodes[static_cast<std::size_t>(o.node)].get(), symbol.market);
  }
}

std::size_t Pipeline::transform(std::span<const event::Event> events, double* rows, std::int64_t* index) noexcept {
  std::size_t n_rows = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (update(events[i], {rows + n_rows * n_features(), n_features()}) == Step::kRow) {
      index[n_rows++] = static_cast<std::int64_t>(i);
    }
  }
  return n_rows;
}

std::optional<std::size_t> Pipeline::find_out_of_order(std::span<const event::Event> events) const {
  std::vector<std::int64_t> last_ts_ns;
  last_ts_ns.reserve(symbols_.size());
  for (const Symbol& symbol : symbols_) last_ts_ns.push_back(symbol.last_ts_ns);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const event::Event& e = events[i];
    const bool moves_time = e.kind == event::EventKind::kQuote || e.kind == event::EventKind::kTrade;
    if (!moves_time || e.symbol_id >= last_ts_ns.size()) continue;
    if (e.ts_event_ns < last_ts_ns[e.symbol_id]) return i;
    last_ts_ns[e.symbol_id] = e.ts_event_ns;
  }
  return std::nullopt;
}

std::size_t Pipeline::max_rows(std::span<const event::Event> events) const noexcept {
  std::size_t n = 0;
  for (const event::Event& e : events) {
    n += static_cast<std::size_t>(e.kind == event::EventKind::kQuote && spec_.row_on != RowOn::kTrade) +
         static_cast<std::size_t>(e.kind == event::EventKind::kTrade && spec_.row_on != RowOn::kQuote);
  }
  return n;
}

std::uint64_t Pipeline::early_leaves() const noexcept {
  std::uint64_t n = 0;
  for (const Symbol& symbol : symbols_) {
    for (const auto& node : symbol.nodes) n += node->early_leaves();
  }
  return n;
}

void Pipeline::Symbol::reset() noexcept {
  market.clear();
  has_quote = false;
  for (const auto& node : nodes) node->reset();
}

void Pipeline::reset() noexcept {
  for (Symbol& symbol : symbols_) {
    symbol.reset();
    symbol.last_ts_ns = std::numeric_limits<std::int64_t>::min();
    symbol.session = std::numeric_limits<std::int64_t>::min();
  }
  counters_ = {};
}

}  // namespace hft::feature
