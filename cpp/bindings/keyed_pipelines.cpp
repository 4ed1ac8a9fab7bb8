#include "keyed_pipelines.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "hft/feature/clean_rules.hpp"
#include "hft/feature/plan.hpp"

namespace hft::bindings {
namespace {

using event::Event;
using event::EventKind;

/// Reads row i; `e.symbol_id` stays 0, the only one that a symbol's own pipeline knows.
std::optional<Refusal> read_event(const EventColumns& in, std::size_t i, Event& e) noexcept {
  const auto code = static_cast<std::uint32_t>(in.codes[i]);
  e.kind = static_cast<EventKind>(code & 0xFFU);
  e.side = static_cast<event::Side>((code >> 8U) & 0xFFU);
  e.flags = static_cast<std::uint16_t>(code >> 16U);
  e.ts_event_ns = in.ts_event_ns[i];
  std::size_t n_cells = 0;
  switch (e.kind) {
    case EventKind::kQuote:
      n_cells = 4;
      break;
    case EventKind::kTrade:
      n_cells = 2;
      break;
    case EventKind::kBookLevel:
      n_cells = 3;  // with its update_id
      break;
    case EventKind::kControl:
      break;
    default:
      return Refusal::kBadKind;
  }
  std::array<std::int64_t, 4> cells{};
  for (std::size_t c = 0; c < n_cells; ++c) {
    cells[c] = in.payload[c][i];
    if (cells[c] == EventColumns::kNullCell) [[unlikely]]
      return Refusal::kNull;
  }
  e.quote = {cells[0], cells[1], cells[2], cells[3]};
  return std::nullopt;
}

/// Rows wait here until there are enough to write each column a cache line or more at a time.
class Tile {
 public:
  Tile(std::size_t n_features, double* columns, std::size_t stride)
      : width_{n_features}, columns_{columns}, stride_{stride}, rows_(n_features * kRows) {}

  [[nodiscard]] std::span<double> next() noexcept { return {rows_.data() + n_ * width_, width_}; }
  void keep() noexcept {
    if (++n_ == kRows) flush();
  }
  void flush() noexcept {
    for (std::size_t f = 0; f < width_; ++f) {
      double* const out = columns_ + f * stride_ + done_;
      for (std::size_t r = 0; r < n_; ++r) out[r] = rows_[r * width_ + f];
    }
    done_ += std::exchange(n_, 0);
  }

 private:
  static constexpr std::size_t kRows = 32;
  std::size_t width_;
  double* columns_;
  std::size_t stride_;
  std::vector<double> rows_;
  std::size_t n_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

KeyedPipelines::KeyedPipelines(feature::Spec spec, std::vector<event::Instrument> instruments, bool stateless)
    : spec_{std::move(spec)}, n_features_{feature::Plan{spec_}.outputs().size()}, stateless_{stateless} {
  check_symbols_apart(spec_);
  feature::CleanRules rules = feature::clean_rules_of(spec_);
  rules.flag(feature::Plan{spec_}.flagged_rules());
  if (rules.of(feature::Rule::kLate) != feature::Policy::kTake) {
    throw std::invalid_argument("clean: 'late' needs ts_recv_ns, which these columns do not carry");
  }
  keys_.reserve(instruments.size());
  for (event::Instrument& instrument : instruments) keys_.push_back({std::move(instrument), std::nullopt, {}});
  for (std::size_t i = 0; i < keys_.size(); ++i) by_symbol_.emplace(keys_[i].instrument.symbol, i);
}

KeyedPipelines::Key* KeyedPipelines::find(std::string_view symbol) {
  const auto found = by_symbol_.find(symbol);
  if (found == by_symbol_.end()) return nullptr;
  Key& key = keys_[found->second];
  if (!key.pipeline) key.pipeline.emplace(spec_, std::span{&key.instrument, 1});
  return &key;
}

std::optional<Refusal> KeyedPipelines::order_refusal(Key& key, const EventColumns& in, std::size_t i) {
  const bool first = key.last_order.empty();
  key.last_order.resize(in.order.size());
  int rise = first ? 1 : 0;
  for (std::size_t c = 0; c < in.order.size(); ++c) {
    const std::int64_t now = in.order[c][i];
    if (rise == 0) rise = static_cast<int>(now > key.last_order[c]) - static_cast<int>(now < key.last_order[c]);
    key.last_order[c] = now;
  }
  if (rise > 0) return std::nullopt;
  return rise < 0 ? Refusal::kUnsorted : Refusal::kTwice;
}

KeyedPipelines::Result KeyedPipelines::transform(const EventColumns& in, double* columns, std::size_t stride,
                                                 std::int64_t* index) {
  Result result;
  Tile tile{n_features_, columns, stride};
  Event e{};
  Key* key = nullptr;
  std::string_view symbol;
  const auto refuse = [&](Refusal why, std::size_t i) {
    result.refusal = why;
    result.refused_row = i;
  };
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (const std::string_view now = in.symbol(i); key == nullptr || now != symbol) {
      key = find(now);
      symbol = now;
      if (key == nullptr) return refuse(Refusal::kUnknownSymbol, i), result;
    }
    if (const auto why = read_event(in, i, e)) return refuse(*why, i), result;
    if (stateless_) {
      key->pipeline->reset();
    } else if (const auto why = order_refusal(*key, in, i)) {
      return refuse(*why, i), result;
    }
    const feature::Step step = key->pipeline->update(e, tile.next());
    if (step == feature::Step::kOutOfOrder) return refuse(Refusal::kOutOfOrder, i), result;
    if (step != feature::Step::kRow) continue;
    tile.keep();
    index[result.n_rows++] = static_cast<std::int64_t>(i);
  }
  tile.flush();
  return result;
}

feature::Counters KeyedPipelines::counters() const noexcept {
  feature::Counters sum;
  for (const Key& key : keys_) {
    if (!key.pipeline) continue;
    std::vector<std::uint64_t> counts;
    feature::Counters::visit(key.pipeline->counters(), [&](const char*, std::uint64_t n) { counts.push_back(n); });
    auto count = counts.begin();
    feature::Counters::visit(sum, [&](const char*, std::uint64_t& n) { n += *count++; });
  }
  return sum;
}

void KeyedPipelines::restore(std::string_view symbol, std::span<const std::byte> blob) {
  const auto found = by_symbol_.find(symbol);
  if (found == by_symbol_.end()) throw std::invalid_argument("no instrument has this symbol");
  Key& key = keys_[found->second];
  if (key.pipeline) throw std::invalid_argument("a second state for it, or a state after its first event");
  feature::Pipeline restored = feature::Pipeline::restore(spec_, blob);
  const auto of = restored.instruments();
  if (of.size() != 1 || of[0] != key.instrument) {
    throw std::invalid_argument("the state is of another instrument: " +
                                (of.size() == 1 ? of[0].symbol : std::to_string(of.size()) + " symbols") +
                                ", or of another tick, lot or price bound");
  }
  key.pipeline.emplace(std::move(restored));
}

}  // namespace hft::bindings
