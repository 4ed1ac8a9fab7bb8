// The cost of one more tick of one operation, alone. A slower number here is paid by every column of that kind on every
// quote. Rival of the exact moments: running sums of doubles, which are faster and remember what left the window.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "hft/feature/ema.hpp"
#include "hft/feature/log_return.hpp"
#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/rsi.hpp"
#include "hft/feature/zscore.hpp"

namespace {

using namespace hft::feature;

/// Prices that wander by cents: 2^12 of them, so that they stay in the cache.
const std::vector<double>& prices() {
  static const std::vector<double> all = [] {
    std::vector<double> px;
    std::uint64_t state = 7;
    std::int64_t cents = 10'000;
    for (int i = 0; i < 4096; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      cents += static_cast<std::int64_t>(state >> 62) - 1;
      px.push_back(static_cast<double>(cents) / 100.0);
    }
    return px;
  }();
  return all;
}

template <class F>
void run(benchmark::State& state, F f) {
  const std::vector<double>& px = prices();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(f.update(px[i++ & 4095U]));
  state.SetItemsProcessed(state.iterations());  // ticks per second
}

void BM_ema(benchmark::State& state) {
  run(state, Ema{state.range(0)});
}
void BM_rsi(benchmark::State& state) {
  run(state, Rsi{state.range(0)});
}
void BM_log_return(benchmark::State& state) {
  run(state, LogReturn{state.range(0)});
}
void BM_mean(benchmark::State& state) {
  run(state, RollingMean{WindowLength::count(state.range(0))});
}
void BM_std(benchmark::State& state) {
  run(state, RollingStd{WindowLength::count(state.range(0))});
}
void BM_zscore(benchmark::State& state) {
  run(state, ZScore{WindowLength::count(state.range(0))});
}
void BM_max(benchmark::State& state) {
  run(state, RollingMax{WindowLength::count(state.range(0))});
}
BENCHMARK(BM_ema)->ArgName("period")->Arg(20);
BENCHMARK(BM_rsi)->ArgName("period")->Arg(14);
BENCHMARK(BM_log_return)->ArgName("lag")->Arg(50);
BENCHMARK(BM_mean)->ArgName("window")->Arg(20)->Arg(200);
BENCHMARK(BM_std)->ArgName("window")->Arg(20)->Arg(200);
BENCHMARK(BM_zscore)->ArgName("window")->Arg(20)->Arg(200);
BENCHMARK(BM_max)->ArgName("window")->Arg(20)->Arg(200);

/// The rival: what most libraries do.
class DriftingStd {
 public:
  explicit DriftingStd(std::size_t n) : window_(n) {}
  double update(double x) noexcept {
    const double old = std::exchange(window_[at_], x);
    at_ = at_ + 1 == window_.size() ? 0 : at_ + 1;
    sum_ += x - old;
    squares_ += x * x - old * old;
    const auto n = static_cast<double>(window_.size());
    return std::sqrt(std::max(0.0, (squares_ - sum_ * sum_ / n) / (n - 1.0)));
  }

 private:
  std::vector<double> window_;
  std::size_t at_ = 0;
  double sum_ = 0.0;
  double squares_ = 0.0;
};

void BM_std_of_drifting_doubles(benchmark::State& state) {
  run(state, DriftingStd{static_cast<std::size_t>(state.range(0))});
}
BENCHMARK(BM_std_of_drifting_doubles)->ArgName("window")->Arg(20)->Arg(200);

}  // namespace
