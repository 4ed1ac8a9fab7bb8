#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/gen/alias_table.hpp"
#include "hft/gen/burst.hpp"
#include "hft/gen/config.hpp"
#include "hft/gen/rng.hpp"
#include "hft/gen/symbol_model.hpp"

namespace hft::gen {

/// A seeded market: the same Config gives the same events, byte for byte, on every machine and however they are asked
/// for. Within a session happenings come as a Poisson stream whose rate follows a U from open to close;
/// `symbol_model.hpp` says what happens. `ts_event_ns` and `ts_recv_ns` never decrease; `source_seq` counts from 0 in
/// partition 0.
///
/// Cost: see bench/cpp/bench_gen.cpp; no allocation after the constructor.
class Generator {
 public:
  /// Cold path: throws std::invalid_argument where `config` breaks a rule.
  explicit Generator(Config config);

  /// Fills `out` from its front and returns how many events there were: fewer than asked for only at the end.
  [[nodiscard]] std::size_t next(std::span<event::Event> out) noexcept;

  [[nodiscard]] const Config& config() const noexcept { return config_; }
  /// Mean number of events in all; the actual number scatters around it.
  [[nodiscard]] double expected_events() const noexcept {
    return config_.rate_hz * config_.seconds * static_cast<double>(config_.sessions);
  }

 private:
  [[nodiscard]] bool fill_burst() noexcept;
  void begin_burst(std::uint32_t symbol_id, std::uint16_t flags) noexcept;
  [[nodiscard]] double mean_gap_ns() const noexcept;

  Config config_;
  Rng rng_;
  AliasTable symbol_by_activity_;
  std::vector<SymbolModel> symbols_;
  Burst burst_;
  std::size_t burst_taken_ = 0;
  std::uint64_t offset_ = 0;
  std::int64_t last_recv_ns_ = 0;
  double session_ns_;
  double t_ns_ = 0.0;          // since the session's start
  std::int64_t session_ = 0;   // == config_.sessions: the end
  std::uint32_t n_opened_ = 0;  // symbols whose snapshot this session has had
};

}  // namespace hft::gen
