// The ring stands between ingest and the hot thread, and between that and the journal: a slower number here is added to
// every tick-to-decision latency. Rival: the queue that one writes in five lines, a deque under a mutex.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <vector>

#include "hft/ring/channel.hpp"
#include "hft/ring/spsc_ring.hpp"

namespace {

struct alignas(64) Item {  // the size of an Event
  std::uint64_t value;
};

class MutexQueue {
 public:
  explicit MutexQueue(std::size_t capacity) : capacity_{capacity} {}
  bool try_push(const Item& item) {
    const std::scoped_lock lock{mutex_};
    if (items_.size() == capacity_) return false;
    items_.push_back(item);
    return true;
  }
  bool try_pop(Item& item) {
    const std::scoped_lock lock{mutex_};
    if (items_.empty()) return false;
    item = items_.front();
    items_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
  std::size_t capacity_;
};

template <class Queue>
void BM_one_thread_single(benchmark::State& state) {  // one push and one pop, lines in L1: the instructions alone
  Queue queue{4096};
  std::uint64_t n = 0;
  for (auto _ : state) {
    Item out{};
    if (!queue.try_push({n}) || !queue.try_pop(out) || out.value != n) state.SkipWithError("wrong item");
    ++n;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
}
BENCHMARK(BM_one_thread_single<hft::ring::SpscRing<Item>>);
BENCHMARK(BM_one_thread_single<MutexQueue>);

void BM_one_thread_batch(benchmark::State& state) {
  hft::ring::SpscRing<Item> ring{4096};
  std::vector<Item> in(static_cast<std::size_t>(state.range(0)));
  std::vector<Item> out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i].value = i;
  for (auto _ : state) {
    if (ring.try_push_n(in) != in.size() || ring.pop_n(out) != in.size()) state.SkipWithError("items were lost");
    benchmark::DoNotOptimize(out.data());
  }
  if (out.back().value != in.back().value) state.SkipWithError("wrong item");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_one_thread_batch)->ArgName("batch")->Arg(8)->Arg(64);

template <class Queue>
void BM_two_threads_single(benchmark::State& state) {  // needs two cores that are free
  constexpr std::uint64_t kItems = 1'000'000;
  for (auto _ : state) {
    Queue queue{4096};
    std::thread producer{[&queue] {
      for (std::uint64_t i = 0; i < kItems; ++i) {
        while (!queue.try_push({i})) std::this_thread::yield();
      }
    }};
    std::uint64_t sum = 0;
    for (std::uint64_t n = 0; n < kItems;) {
      if (Item item; queue.try_pop(item)) {
        sum += item.value, ++n;
      } else {
        std::this_thread::yield();
      }
    }
    producer.join();
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("wrong sum");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}
BENCHMARK(BM_two_threads_single<hft::ring::SpscRing<Item>>)->UseRealTime();
BENCHMARK(BM_two_threads_single<MutexQueue>)->UseRealTime();

void BM_two_threads_channel(benchmark::State& state) {  // batches of 64 through the waits that the engine uses
  using namespace hft::ring;
  constexpr std::uint64_t kItems = 4'000'000;
  for (auto _ : state) {
    Channel<Item> channel{4096, Overflow::kBlock, static_cast<WaitKind>(state.range(0))};
    std::thread producer{[&channel] {
      std::array<Item, 64> batch;
      for (std::uint64_t i = 0; i < kItems; i += batch.size()) {
        for (std::uint64_t k = 0; k < batch.size(); ++k) batch[k].value = i + k;
        if (channel.push_n(batch) != batch.size()) return;
      }
      channel.close();
    }};
    std::uint64_t sum = 0;
    for (auto items = channel.peek(); !items.empty(); items = channel.peek()) {
      for (const Item& item : items) sum += item.value;
      channel.consume(items.size());
    }
    producer.join();
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("wrong sum");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}
BENCHMARK(BM_two_threads_channel)->ArgName("wait")->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
