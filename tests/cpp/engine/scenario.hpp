#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "hft/engine/engine.hpp"
#include "hft/ledger/journal_reader.hpp"
#include "hft/ledger/memory_journal.hpp"

// A market that a test can dictate: scores follow from the sizes of the touch, so a line of the tape says what happens.

namespace hft::engine::testing {

inline constexpr std::int64_t kSecondNs = 1'000'000'000;
inline constexpr std::int64_t kMidnightNs = 1'381'104'000 * kSecondNs;  // 2013-10-07, UTC
inline constexpr std::int64_t kOpenNs = (13 * 3600 + 30 * 60) * kSecondNs;
inline constexpr std::int64_t kCloseNs = 20 * 3600 * kSecondNs;

inline feature::Spec imbalance_spec() {
  feature::Spec spec;
  spec.name = "scenario";
  spec.sha256 = std::string(64, '0');
  spec.session = {kOpenNs, kCloseNs};
  spec.features.push_back({"queue_imbalance", "queue_imbalance", "", {}});
  return spec;
}

inline std::vector<event::Instrument> three_instruments() {
  return {{"AAA", {1, 100}, {1, 1}}, {"BBB", {1, 100}, {1, 1}}, {"CCC", {1, 100}, {1, 1}}};
}

/// Scores from the first column, a queue imbalance q: up (1 + q) / 2, down (1 - q) / 2, flat 0. Bid 9, ask 1: up 0.9.
struct ImbalanceModel {
  std::size_t features = 1;
  double sign = 1.0;  // -1: says up where the other says down
  [[nodiscard]] std::size_t n_features() const noexcept { return features; }
  [[nodiscard]] std::size_t n_margins() const noexcept { return 3; }
  [[nodiscard]] std::size_t n_classes() const noexcept { return 3; }
  void predict_margin(std::span<const double> row, std::span<double> out) const noexcept { predict_proba(row, out); }
  void predict_proba(std::span<const double> row, std::span<double> out) const noexcept {
    out[0] = (1.0 - sign * row[0]) / 2.0;
    out[1] = 0.0;
    out[2] = (1.0 + sign * row[0]) / 2.0;
  }
};
static_assert(model::Model<ImbalanceModel>);

/// Events in source order, one millisecond apart unless told otherwise.
class TapeWriter {
 public:
  explicit TapeWriter(std::int64_t start_ns = kMidnightNs + kOpenNs) : now_ns_{start_ns} {}

  TapeWriter& at(std::int64_t ts_ns) { return now_ns_ = ts_ns, *this; }
  TapeWriter& later(std::int64_t ns) { return now_ns_ += ns, *this; }

  TapeWriter& quote(std::uint32_t symbol_id, std::int64_t bid_px, std::int64_t bid_qty, std::int64_t ask_px,
                    std::int64_t ask_qty, std::uint16_t flags = 0) {
    event::Event& e = add(symbol_id, event::EventKind::kQuote);
    e.flags = flags;
    e.quote = {bid_px, bid_qty, ask_px, ask_qty};
    return *this;
  }
  TapeWriter& up(std::uint32_t symbol_id, std::int64_t bid_px = 1000) {
    return quote(symbol_id, bid_px, 90, bid_px + 1, 10);
  }
  TapeWriter& down(std::uint32_t symbol_id, std::int64_t bid_px = 1000) {
    return quote(symbol_id, bid_px, 10, bid_px + 1, 90);
  }
  TapeWriter& calm(std::uint32_t symbol_id, std::int64_t bid_px = 1000) {
    return quote(symbol_id, bid_px, 50, bid_px + 1, 50);
  }

  TapeWriter& trade(std::uint32_t symbol_id, std::int64_t px, std::int64_t qty) {
    event::Event& e = add(symbol_id, event::EventKind::kTrade);
    e.trade = {px, qty, {0, 0}};
    return *this;
  }

  TapeWriter& control(std::int64_t code) {
    add(0, event::EventKind::kControl).control = {code, {0, 0, 0}};
    return *this;
  }

  [[nodiscard]] const std::vector<event::Event>& events() const noexcept { return events_; }
  [[nodiscard]] std::vector<event::Event>& events() noexcept { return events_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span{events_}); }

 private:
  event::Event& add(std::uint32_t symbol_id, event::EventKind kind) {
    event::Event e{};
    e.ts_event_ns = e.ts_recv_ns = now_ns_;
    e.source_seq = event::make_source_seq(3, events_.size());
    e.symbol_id = symbol_id;
    e.kind = kind;
    now_ns_ += 1'000'000;
    events_.push_back(e);
    return events_.back();
  }

  std::int64_t now_ns_;
  std::vector<event::Event> events_;
};

/// A lively random market over three symbols: quotes and trades, empty and crossed sides, late and unknown ones too.
inline TapeWriter random_tape(std::uint32_t seed, std::size_t n_events) {
  std::mt19937 random{seed};
  const auto any = [&random](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  TapeWriter tape;
  std::int64_t mids[3] = {1000, 20'000, 500};
  while (tape.events().size() < n_events) {
    const auto symbol_id = static_cast<std::uint32_t>(any(3));
    std::int64_t& mid = mids[symbol_id];
    mid += any(5) - 2;
    if (mid < 100) mid = 100;
    if (any(4) == 0) {
      tape.trade(symbol_id, mid, 1 + any(100));
    } else {
      const std::int64_t spread = any(40) == 0 ? -1 : any(3);
      tape.quote(symbol_id, mid, any(20) == 0 ? 0 : 1 + any(100), mid + spread, 1 + any(100));
    }
    if (any(100) == 0) tape.events().back().ts_event_ns -= 5'000'000;
    if (any(5000) == 0) tape.later(24 * 3600 * kSecondNs);
  }
  return tape;
}

template <class T>
std::vector<T> records_of(std::span<const std::byte> journal, ledger::FrameKind kind) {
  std::vector<T> records;
  ledger::FrameScanner scanner(journal, "memory");
  while (const auto frame = scanner.next()) {
    if (frame->kind == kind) records.push_back(frame->template as<T>());
  }
  return records;
}

/// What an engine made of a tape.
struct Outcome {
  Counters counters;
  std::vector<ledger::Decision> decisions;
  std::vector<ledger::Order> orders;
  std::vector<ledger::Fill> fills;
  std::vector<ledger::Mark> marks;
  std::vector<ledger::Position> positions;
  std::vector<std::byte> journal;
};

inline Outcome play(const TapeWriter& tape, const EngineConfig& config, const feature::Spec& spec = imbalance_spec()) {
  const auto instruments = three_instruments();
  const ImbalanceModel model{spec.features.size()};
  ledger::MemoryJournal journal;
  Engine engine(spec, instruments, model, config, journal);
  engine.run(tape.events());
  engine.finish();
  const auto bytes = journal.bytes();
  const auto positions = engine.positions().all();
  return {engine.counters(),
          records_of<ledger::Decision>(bytes, ledger::FrameKind::kDecision),
          records_of<ledger::Order>(bytes, ledger::FrameKind::kOrder),
          records_of<ledger::Fill>(bytes, ledger::FrameKind::kFill),
          records_of<ledger::Mark>(bytes, ledger::FrameKind::kMark),
          {positions.begin(), positions.end()},
          {bytes.begin(), bytes.end()}};
}

/// Wide limits, so that a test narrows the one it is about.
inline EngineConfig open_config(std::int64_t order_qty_lots = 5) {
  EngineConfig config;
  config.strategy.order_qty_lots = order_qty_lots;
  config.risk = {.max_open_positions = 3, .max_order_qty_lots = 100, .max_position_qty_lots = 100};
  return config;
}

}  // namespace hft::engine::testing
