// The ring stands between ingest and the hot thread, and between that and the publisher: a slower number here is added
// to every tick-to-decision latency. Rivals: Erik Rigtorp's SPSCQueue, the one that people copy (header not ours: set
// HFT_RIGTORP_DIR), and the queue that one writes in five lines, a deque under a mutex.
//
// Two threads need two idle cores and are pinned to the first two that we may use. What they cost depends on how far
// apart those cores are, and a virtual machine may move them during a run: compare medians of interleaved repeats
// (--benchmark_repetitions=9 --benchmark_enable_random_interleaving=true), as bench/run.py does.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "hft/ring/channel.hpp"
#include "hft/ring/spsc_ring.hpp"
#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/tick_clock.hpp"

#ifdef HFT_HAVE_RIGTORP
#include <rigtorp/SPSCQueue.h>
#endif

namespace {

constexpr std::size_t kCapacity = 4096;

template <std::size_t Bytes>
struct Record {
  std::array<std::uint64_t, Bytes / 8> words;  // all of them written and some of them read: a whole item travels
  void fill(std::uint64_t value) noexcept { words.fill(value); }
  [[nodiscard]] std::uint64_t check() const noexcept { return words.front() ^ words.back() ^ words[words.size() / 2]; }
};
struct alignas(64) Item : Record<64> {};  // the size and alignment of an Event

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

using HftRing = hft::ring::SpscRing<Item>;

#ifdef HFT_HAVE_RIGTORP
class Rigtorp {
 public:
  explicit Rigtorp(std::size_t capacity) : queue_{capacity} {}
  bool try_push(const Item& item) { return queue_.try_push(item); }
  bool try_pop(Item& item) {
    const Item* front = queue_.front();
    if (front == nullptr) return false;
    item = *front;
    queue_.pop();
    return true;
  }

 private:
  rigtorp::SPSCQueue<Item> queue_;
};
#else
void BM_rigtorp(benchmark::State& state) { state.SkipWithError("rigtorp/SPSCQueue.h not found: set HFT_RIGTORP_DIR"); }
BENCHMARK(BM_rigtorp);
#endif

/// No queue: one word in a line of its own, the floor under every hand-over that the other core sees through memory.
class BareWord {
 public:
  explicit BareWord(std::size_t) {}
  bool try_push(const Item& item) noexcept {
    word_.store(item.words.front() + 1, std::memory_order_release);
    return true;
  }
  bool try_pop(Item& item) noexcept {
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    if (word == seen_) return false;
    seen_ = word;
    item.fill(word - 1);
    return true;
  }

 private:
  alignas(hft::base::kNoShareBytes) std::atomic<std::uint64_t> word_{0};
  alignas(hft::base::kNoShareBytes) std::uint64_t seen_ = 0;  // consumer's
};

/// The calling thread to the n-th core that this process may use; false where there are fewer.
bool pin(int n) {
  static const cpu_set_t kAllowed = [] {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &kAllowed) || n-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0;
  }
  return false;
}

/// A second thread on a core of its own, joined at the end of the scope.
template <class Work>
[[nodiscard]] std::jthread beside(benchmark::State& state, Work work) {
  if (!pin(0)) state.SkipWithError("cannot pin");
  return std::jthread{[work = std::move(work)] {
    pin(1);
    work();
  }};
}

constexpr std::uint64_t sum_to(std::uint64_t n) { return n * (n - 1) / 2; }

template <class Queue>
void BM_one_thread_single(benchmark::State& state) {  // one push and one pop, lines in L1: the instructions alone
  Queue queue{kCapacity};
  std::uint64_t n = 0;
  Item in{}, out{};
  for (auto _ : state) {
    in.words[0] = n;
    if (!queue.try_push(in) || !queue.try_pop(out) || out.words[0] != n) state.SkipWithError("wrong item");
    ++n;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
}

void BM_one_thread_batch(benchmark::State& state) {
  HftRing ring{kCapacity};
  std::vector<Item> in(static_cast<std::size_t>(state.range(0)));
  std::vector<Item> out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i].fill(i);
  for (auto _ : state) {
    if (ring.try_push_n(in) != in.size() || ring.pop_n(out) != in.size()) state.SkipWithError("items were lost");
    benchmark::DoNotOptimize(out.data());
  }
  if (out.back().check() != in.back().check()) state.SkipWithError("wrong item");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class Queue>
void BM_two_threads_single(benchmark::State& state) {  // items per second, one by one
  constexpr std::uint64_t kItems = 1'000'000;
  for (auto _ : state) {
    Queue queue{kCapacity};
    const auto producer = beside(state, [&queue] {
      Item item{};
      for (std::uint64_t i = 0; i < kItems; ++i) {
        item.fill(i);
        while (!queue.try_push(item)) hft::ring::cpu_relax();
      }
    });
    std::uint64_t sum = 0;
    Item item{};
    for (std::uint64_t n = 0; n < kItems; ++n) {
      while (!queue.try_pop(item)) hft::ring::cpu_relax();
      sum += item.check();
    }
    if (sum != sum_to(kItems)) state.SkipWithError("wrong sum");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

void BM_two_threads_batch(benchmark::State& state) {  // the same items, handed over 64 at a time, read in place
  constexpr std::uint64_t kItems = 64 * 32'768;
  for (auto _ : state) {
    HftRing ring{kCapacity};
    const auto producer = beside(state, [&ring] {
      std::array<Item, 64> batch{};
      for (std::uint64_t i = 0; i < kItems; i += batch.size()) {
        for (std::uint64_t k = 0; k < batch.size(); ++k) batch[k].fill(i + k);
        std::span<const Item> rest{batch};
        while (!(rest = rest.subspan(ring.try_push_n(rest))).empty()) hft::ring::cpu_relax();
      }
    });
    std::uint64_t sum = 0;
    for (std::uint64_t n = 0; n < kItems;) {
      auto items = ring.peek();
      if (items.empty()) {
        hft::ring::cpu_relax();
        continue;
      }
      items = items.first(std::min<std::size_t>(items.size(), 64));
      for (const Item& item : items) sum += item.check();
      ring.consume(items.size());
      n += items.size();
    }
    if (sum != sum_to(kItems)) state.SkipWithError("wrong sum");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

template <class Queue>
void BM_round_trip(benchmark::State& state) {  // there and back: the latency of two hand-overs
  constexpr std::uint64_t kTrips = 100'000;
  for (auto _ : state) {
    Queue there{kCapacity}, back{kCapacity};
    const auto echo = beside(state, [&] {
      Item item{};
      for (std::uint64_t i = 0; i < kTrips; ++i) {
        while (!there.try_pop(item)) {}
        while (!back.try_push(item)) {}
      }
    });
    Item item{};
    for (std::uint64_t i = 0; i < kTrips; ++i) {
      item.fill(i);
      while (!there.try_push(item)) {}
      while (!back.try_pop(item)) {}
      if (item.words.back() != i) state.SkipWithError("wrong item");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTrips));
}

void BM_two_threads_channel(benchmark::State& state) {  // batches of 64 through the waits that the engine uses
  using namespace hft::ring;
  constexpr std::uint64_t kItems = 64 * 32'768;
  for (auto _ : state) {
    Channel<Item> channel{kCapacity, Overflow::kBlock, static_cast<WaitKind>(state.range(0))};
    const auto producer = beside(state, [&channel] {
      std::array<Item, 64> batch{};
      for (std::uint64_t i = 0; i < kItems; i += batch.size()) {
        for (std::uint64_t k = 0; k < batch.size(); ++k) batch[k].fill(i + k);
        if (channel.push_n(batch) != batch.size()) return;
      }
      channel.close();
    });
    std::uint64_t sum = 0;
    for (auto items = channel.peek(); !items.empty(); items = channel.peek()) {
      for (const Item& item : items) sum += item.check();
      channel.consume(items.size());
    }
    if (sum != sum_to(kItems)) state.SkipWithError("wrong sum");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

// Decision to publisher: what the hot thread pays to hand one record over while the other side reads. One record every
// 2 us, as decisions come, so that the publisher has caught up and asks for the next one: the worst moment. The reading
// of the clock itself, about 10 ns, is in the figures.
template <std::size_t Bytes>
void BM_hand_off(benchmark::State& state) {
  using Channel = hft::ring::Channel<Record<Bytes>>;
  constexpr std::uint64_t kRecords = 50'000;
  constexpr std::int64_t kEveryNs = 2'000;
  const auto& clock = hft::telemetry::TickClock::instance();
  hft::telemetry::LatencyHistogram times;
  for (auto _ : state) {
    Channel channel{kCapacity, hft::ring::Overflow::kBlock, hft::ring::WaitKind::kSpin};
    std::uint64_t sum = 0;
    {
      const auto publisher = beside(state, [&] {
        for (auto records = channel.peek(); !records.empty(); records = channel.peek()) {
          for (const auto& record : records) sum += record.check();
          channel.consume(records.size());
        }
      });
      Record<Bytes> record{};
      std::int64_t due_ns = clock.now_ns() + 1'000'000;  // the other thread stands by then
      for (std::uint64_t i = 0; i < kRecords; ++i, due_ns += kEveryNs) {
        while (clock.now_ns() < due_ns) {}
        record.fill(i);
        const std::uint64_t begin_ticks = clock.ticks();
        if (channel.push(record) != hft::ring::Pushed::kStored) state.SkipWithError("refused");
        times.record(clock.ns_between(begin_ticks, clock.ticks()));
      }
      channel.close();
    }
    if (sum != sum_to(kRecords)) state.SkipWithError("wrong sum");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(times.count()));
  state.counters["p50_ns"] = static_cast<double>(times.percentile_ns(0.5));
  state.counters["p99_ns"] = static_cast<double>(times.percentile_ns(0.99));
}

BENCHMARK(BM_one_thread_single<HftRing>);
BENCHMARK(BM_one_thread_single<MutexQueue>);
BENCHMARK(BM_one_thread_batch)->ArgName("batch")->Arg(8)->Arg(64);
BENCHMARK(BM_two_threads_single<HftRing>)->UseRealTime();
BENCHMARK(BM_two_threads_single<MutexQueue>)->UseRealTime();
BENCHMARK(BM_two_threads_batch)->Name("BM_two_threads_batch<HftRing>")->UseRealTime();
BENCHMARK(BM_two_threads_channel)->ArgName("wait")->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(BM_round_trip<HftRing>)->UseRealTime();
BENCHMARK(BM_round_trip<BareWord>)->UseRealTime();
BENCHMARK(BM_hand_off<72>)->UseRealTime();
BENCHMARK(BM_hand_off<128>)->UseRealTime();
#ifdef HFT_HAVE_RIGTORP
BENCHMARK(BM_one_thread_single<Rigtorp>);
BENCHMARK(BM_two_threads_single<Rigtorp>)->UseRealTime();
BENCHMARK(BM_two_threads_single<Rigtorp>)->Name("BM_two_threads_batch<Rigtorp>")->UseRealTime();  // it has no batches
BENCHMARK(BM_round_trip<Rigtorp>)->UseRealTime();
#endif

}  // namespace
