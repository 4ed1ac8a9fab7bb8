// The cost of one more level update, over books as wide as those of a liquid crypto pair. A slower number here is paid
// by every level of every depth message. Rival: std::map, a node a level. Both must show the same best prices.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <vector>

#include "hft/book/order_book.hpp"

namespace {

using namespace hft;

struct Update {
  event::Side side;
  std::int64_t px_ticks;
  std::int64_t qty_lots;
};

/// Distances from the touch are log-uniform, as recorded ones nearly are: most near, some very far. A third removes.
const std::vector<Update>& updates(std::int64_t width) {
  static std::map<std::int64_t, std::vector<Update>> made;
  std::vector<Update>& all = made[width];
  if (!all.empty()) return all;
  std::mt19937_64 draw{7};
  std::uniform_real_distribution<double> u;
  constexpr std::int64_t kTouch = 600'000;
  for (int i = 0; i < 1 << 20; ++i) {
    const auto side = draw() % 2 == 0 ? event::Side::kBuy : event::Side::kSell;
    const auto behind = static_cast<std::int64_t>(std::pow(static_cast<double>(width), u(draw)));
    const std::int64_t px = side == event::Side::kBuy ? kTouch - behind : kTouch + behind;
    all.push_back({side, px, draw() % 3 == 0 ? 0 : static_cast<std::int64_t>(draw() % 1000)});
  }
  return all;
}

void BM_order_book(benchmark::State& state) {
  const auto& all = updates(state.range(0));
  book::OrderBook book{16'384};
  book.begin_snapshot(0);
  for (const Update& u : all) book.set(u.side, u.px_ticks, u.qty_lots);
  std::size_t i = 0;
  for (auto _ : state) {
    const Update& u = all[i++ & (all.size() - 1)];
    benchmark::DoNotOptimize(book.set(u.side, u.px_ticks, u.qty_lots));
  }
  state.SetItemsProcessed(state.iterations());  // level updates per second
  state.counters["levels"] = static_cast<double>(book.bids().size() + book.asks().size());
}
BENCHMARK(BM_order_book)->ArgName("width")->Arg(32)->Arg(1024)->Arg(16'384);

void BM_std_map(benchmark::State& state) {
  const auto& all = updates(state.range(0));
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;
  const auto put = [](auto& side, const Update& u) {
    if (u.qty_lots == 0) side.erase(u.px_ticks);
    else side[u.px_ticks] = u.qty_lots;
  };
  const auto set = [&](const Update& u) { u.side == event::Side::kBuy ? put(bids, u) : put(asks, u); };
  book::OrderBook book{16'384};
  book.begin_snapshot(0);
  for (const Update& u : all) set(u), book.set(u.side, u.px_ticks, u.qty_lots);
  if (bids.begin()->first != book.top().bid_px_ticks || asks.begin()->first != book.top().ask_px_ticks) {
    state.SkipWithError("the two books differ");
    return;
  }
  std::size_t i = 0;
  for (auto _ : state) set(all[i++ & (all.size() - 1)]);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_std_map)->ArgName("width")->Arg(32)->Arg(1024)->Arg(16'384);

}  // namespace
