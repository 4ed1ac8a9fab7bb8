// The part of a pipeline that moves bars.
#include <algorithm>
#include <bit>
#include <limits>

#include "hft/feature/bar_node.hpp"
#include "hft/feature/pipeline.hpp"

namespace hft::feature {
namespace {

BarBuilder& builder(const std::vector<std::unique_ptr<Node>>& nodes, const Plan::Bars& bars) noexcept {
  return static_cast<BarNode&>(*nodes[bars.node]).builder;
}

}  // namespace

void Pipeline::close_ended_bars(std::uint32_t symbol_id, std::int64_t now_ns) noexcept {
  Symbol& symbol = symbols_[symbol_id];
  const auto& all = plan_->bars();
  for (;;) {
    std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();
    for (const Plan::Bars& bars : all) end_ns = std::min(end_ns, builder(symbol.nodes, bars).end_ns());
    if (now_ns < end_ns) return;
    symbol.market.now_ns = end_ns;  // what steps with the bar, steps at its end: before the event that showed it
    std::uint64_t closed = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      BarBuilder& bar = builder(symbol.nodes, all[i]);
      if (bar.ended(end_ns) && bar.close(symbol.market, end_ns)) closed |= std::uint64_t{1} << i;
    }
    run_bars(symbol_id, closed);
  }
}

void Pipeline::fill_bars(std::uint32_t symbol_id, bool is_trade) noexcept {
  Symbol& symbol = symbols_[symbol_id];
  const auto& all = plan_->bars();
  std::uint64_t closed = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (builder(symbol.nodes, all[i]).take(symbol.market, is_trade)) closed |= std::uint64_t{1} << i;
  }
  if (closed != 0) run_bars(symbol_id, closed);
}

void Pipeline::run_bars(std::uint32_t symbol_id, std::uint64_t closed) noexcept {
  closed_bars_ |= closed;
  for (; closed != 0; closed &= closed - 1) {
    run(symbol_id, plan_->bars()[static_cast<std::size_t>(std::countr_zero(closed))].clock);
  }
}

const Bar& Pipeline::bar(std::uint32_t symbol_id, std::size_t bars) const noexcept {
  return builder(symbols_[symbol_id].nodes, plan_->bars()[bars]).closed();
}

}  // namespace hft::feature
