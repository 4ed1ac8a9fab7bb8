#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/feature/pipeline.hpp"
#include "market_of.hpp"

namespace hft::feature::testing {

inline constexpr std::int64_t kSecondNs = 1'000'000'000;
inline constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

/// One column or more of every kind: windows by count and by time, recursive ones, chained ones.
inline Spec spec_of_everything() {
  Spec spec;
  spec.name = "everything";
  spec.sha256 = "0123";
  spec.row_on = RowOn::kAny;
  spec.features = {{"", "mid", "", {}},
                   {"", "spread", "", {{"unit", "bps"}}},
                   {"", "microprice", "", {}},
                   {"", "queue_imbalance", "", {}},
                   {"", "order_flow_imbalance", "", {{"window", 10}}},
                   {"", "order_flow_imbalance", "", {{"window", "2s"}, {"unit", "depths"}}},
                   {"r1", "log_return", "mid_px", {{"lag", 1}}},
                   {"", "ema", "mid_px", {{"period", 8}}},
                   {"", "ema_deviation", "microprice_px", {{"period", 8}}},
                   {"", "rsi", "mid_px", {{"period", 5}}},
                   {"", "rolling_mean", "mid_px", {{"window", 16}}},
                   {"", "rolling_std", "mid_px", {{"window", 16}}},
                   {"", "zscore", "mid_px", {{"window", "3s"}}},
                   {"", "rolling_std", "r1", {{"window", 12}}},
                   {"", "rolling_min", "trade_px", {{"window", 9}}},
                   {"", "rolling_max", "trade_px", {{"window", "2s"}}},
                   {"", "rolling_skew", "r1", {{"window", 12}}},
                   {"", "robust_zscore", "mid_px", {{"window", "2s"}, {"max_events", 600}}},
                   {"", "rolling_quantile", "mid_px", {{"window", 11}, {"q", 0.9}}},
                   {"", "rolling_corr", "mid_px, bid_px", {{"window", "3s"}}},
                   {"", "autocorrelation", "r1", {{"window", 9}, {"lag", 2}}},
                   {"", "bipower_variation", "mid_px", {{"window", 9}}},
                   {"", "trade_imbalance", "", {{"window", 6}, {"aggressor", "quote_rule"}}},
                   {"", "trade_imbalance", "", {{"window", "1s"}, {"aggressor", "quote_rule"}, {"max_events", 4}}},
                   {"", "vwap", "", {{"window", 7}, {"unit", "bps"}}},
                   {"", "vwap", "", {{"window", "2s"}}},
                   {"", "running_zscore", "mid_px", {}},
                   {"", "quantile_map", "mid_px", {{"knots", "1 40 50 50 60 100"}}},
                   {"", "fill", "mid_px", {{"policy", "decay:1s"}}},
                   {"", "clean_flag", "", {{"rule", "locked"}}},
                   {"", "time_since_trade", "", {}},
                   {"", "ema", "s5.close", {{"period", 3}}},
                   {"", "atr", "k.high, k.low, k.close", {{"period", 4}}},
                   {"", "rolling_mean", "v.vwap - mid_px", {{"window", "9s"}}},
                   {"", "expr", "", {{"formula", "d.value / s5.n_trades"}}},
                   {"", "ema", "book_mid_px", {{"period", 5}}},
                   {"", "weighted_mid", "", {{"levels", 3}, {"capacity", 40}}},
                   {"", "book_imbalance", "", {{"levels", 3}, {"decay", 0.5}, {"capacity", 50}}},
                   {"", "book_depth", "", {{"levels", 5}, {"band_bps", 20.0}, {"capacity", 40}}},
                   {"", "book_slope", "", {{"levels", 3}, {"capacity", 40}}},
                   {"", "book_order_flow", "", {{"levels", 3}, {"window", 8}, {"capacity", 40}}},
                   {"", "book_order_flow", "", {{"levels", 2}, {"window", "2s"}, {"unit", "depths"}}}};
  spec.bars = {{"s5", "time", "5s", "mid"},
               {"k", "tick", std::int64_t{5}},
               {"v", "volume", 9'000.0},
               {"d", "dollar", 4e5, "mid"}};
  return spec;
}

inline std::vector<event::Instrument> two_instruments() {
  return {{"AAA", {1, 100}, {1, 1}, 1, 1'000'000}, {"BBB", {5, 1000}, {1, 10}, 1, 1'000'000}};
}

/// A random walk of quotes, trades and book levels of two symbols.
inline std::vector<event::Event> random_tape(std::size_t n, std::uint64_t seed = 11) {
  std::mt19937_64 rng{seed};
  std::vector<event::Event> tape;
  std::int64_t now = 20'000 * kDayNs + 14 * 3600 * kSecondNs;
  std::int64_t mid[2] = {5000, 9000};
  bool first[2] = {true, true};  // of a symbol's levels: it is the snapshot
  for (std::size_t i = 0; i < n; ++i) {
    now += static_cast<std::int64_t>(rng() % 300) * 1'000'000;
    const auto symbol = static_cast<std::uint32_t>(rng() % 2);
    mid[symbol] += static_cast<std::int64_t>(rng() % 3) - 1;
    const auto qty = [&] { return static_cast<std::int64_t>(rng() % 50 + 1) * 100; };
    if (rng() % 3 == 0) {
      const std::int64_t away = static_cast<std::int64_t>(rng() % 8) + 1;
      const bool bid = rng() % 2 == 0;
      tape.push_back(level(now, bid ? event::Side::kBuy : event::Side::kSell, mid[symbol] + (bid ? -away : away),
                           rng() % 3 == 0 ? 0 : qty(), symbol, first[symbol] ? event::kSnapshot : event::kNoFlags));
      first[symbol] = false;
    } else if (rng() % 3 == 0) {
      tape.push_back(
          trade(now, mid[symbol] + static_cast<std::int64_t>(rng() % 3) - 1, qty(), event::Side::kUnknown, symbol));
    } else {
      tape.push_back(quote(now, mid[symbol] - 1, qty(), mid[symbol] + 1, qty(), symbol));
    }
  }
  return tape;
}

/// The rows of a tape as bytes, so that NaN equals NaN and every bit counts.
inline std::string rows_of(Pipeline& pipeline, std::span<const event::Event> tape) {
  std::vector<double> row(pipeline.n_features());
  std::string bytes;
  for (const event::Event& e : tape) {
    if (pipeline.update(e, row) != Step::kRow) continue;
    bytes.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
  }
  return bytes;
}

}  // namespace hft::feature::testing
