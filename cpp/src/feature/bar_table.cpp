#include "hft/feature/bar_table.hpp"

#include <tuple>

namespace hft::feature {

std::vector<BarRow> bar_table(Pipeline& pipeline, std::size_t bars, std::span<const event::Event> events) {
  std::vector<BarRow> table;
  std::vector<double> row(pipeline.n_features());
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::ignore = pipeline.update(events[i], row);
    if ((pipeline.closed_bars() >> bars & 1U) == 0) continue;
    const std::uint32_t symbol_id = events[i].symbol_id;
    const Bar& b = pipeline.bar(symbol_id, bars);
    table.push_back({static_cast<std::int64_t>(i), b.open_ns, b.close_ns, b.open, b.high, b.low, b.close, b.volume,
                     b.value, b.vwap, static_cast<std::int64_t>(b.n_trades), symbol_id, 0});
  }
  return table;
}

}  // namespace hft::feature
