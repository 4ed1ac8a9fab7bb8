#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/feature/pipeline.hpp"

namespace hft::feature {

/// A closed bar, with the event that closed it.
struct BarRow {
  std::int64_t event;  // index
  std::int64_t open_ns;
  std::int64_t close_ns;
  double open;
  double high;
  double low;
  double close;
  double volume;
  double value;
  double vwap;
  std::int64_t n_trades;
  std::uint32_t symbol_id;
  std::uint32_t reserved;
};

/// What the pipeline's bars (by place in Plan::bars()) close over the events, in their order. Cold: allocates.
[[nodiscard]] std::vector<BarRow> bar_table(Pipeline& pipeline, std::size_t bars, std::span<const event::Event> events);

}  // namespace hft::feature
