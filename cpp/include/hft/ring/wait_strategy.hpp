#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>

#include "hft/base/cacheline.hpp"

namespace hft::ring {

/// How one thread waits for the other. `wait_until(ready)` returns when ready() was true; `notify()` is called by the
/// other thread after everything that may have made it so. One object serves one waiting and one notifying thread.
template <class W>
concept WaitStrategy = requires(W wait) {
  { wait.wait_until([] { return true; }) } noexcept -> std::same_as<void>;
  { wait.notify() } noexcept -> std::same_as<void>;
};

/// Tells the core that this is a spin loop: it yields its pipeline to the sibling and leaves the loop without a
/// penalty.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

/// Burns a core. Wakes within a line transfer (about 100 ns); notify is free. For pinned threads with a core each: with
/// fewer cores than threads every wait lasts until the scheduler steps in (milliseconds).
struct SpinWait {
  template <class Ready>
  void wait_until(Ready&& ready) noexcept {
    while (!ready()) cpu_relax();
  }
  void notify() noexcept {}
};

/// Spins shortly, then offers the core to others: still shows 100 % load, wakes in about 1 us on an idle machine and
/// after a scheduler slice on a full one; notify is free. For tests and small machines.
struct YieldWait {
  template <class Ready>
  void wait_until(Ready&& ready) noexcept {
    for (int i = 0; i < kSpins; ++i) {
      if (ready()) return;
      cpu_relax();
    }
    while (!ready()) std::this_thread::yield();
  }
  void notify() noexcept {}

 private:
  static constexpr int kSpins = 64;  // about 2 us: longer than a line transfer, shorter than a slice
};

/// Sleeps in the kernel. An idle stream costs nothing; waking takes 5 to 50 us. Every notify pays one locked exchange
/// (about 6 ns), and a system call (about 1 us) when the other does sleep. For daemons off the hot path.
class BlockWait {
 public:
  template <class Ready>
  void wait_until(Ready&& ready) noexcept {
    for (int i = 0; i < kSpins; ++i) {
      if (ready()) return;
      cpu_relax();
    }
    for (;;) {
      const std::uint32_t rung = rung_.load(std::memory_order_relaxed);  // before asleep_: a later ring differs from it
      // acq_rel, meets the exchange in notify(): one of the two comes first. Theirs: we see what they published, and
      // ready() below is true. Ours: they see that we sleep, and ring. No third order exists, so no wake-up is lost.
      asleep_.exchange(true, std::memory_order_acq_rel);
      if (ready()) return;  // asleep_ stays set: one ring too many is cheap, a plain store here would break the chain
      rung_.wait(rung, std::memory_order_relaxed);
    }
  }

  void notify() noexcept {
    // release: publishes what was done before to the exchange in wait_until; acquire: the other half of that meeting
    if (!asleep_.exchange(false, std::memory_order_acq_rel)) return;
    rung_.fetch_add(1, std::memory_order_seq_cst);  // in one order with the library's own count of sleepers
    rung_.notify_one();
  }

 private:
  static constexpr int kSpins = 64;
  std::atomic<bool> asleep_{false};
  std::atomic<std::uint32_t> rung_{0};  // a bell, not a count: only its change matters
};

enum class WaitKind : std::uint8_t { kSpin = 0, kYield = 1, kBlock = 2 };

inline constexpr std::array<std::string_view, 3> kWaitKindNames{"spin", "yield", "block"};  // by value of WaitKind

/// The kind of that name, or nothing.
[[nodiscard]] constexpr std::optional<WaitKind> wait_kind_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kWaitKindNames.size(); ++i) {
    if (kWaitKindNames[i] == name) return static_cast<WaitKind>(i);
  }
  return std::nullopt;
}

/// A strategy chosen at run time, for configuration. Cost: one predicted branch per call over the type chosen here.
class AnyWait {
 public:
  explicit AnyWait(WaitKind kind) noexcept : kind_{kind} {}

  template <class Ready>
  void wait_until(Ready&& ready) noexcept {
    switch (kind_) {
      case WaitKind::kSpin: return SpinWait{}.wait_until(ready);
      case WaitKind::kYield: return YieldWait{}.wait_until(ready);
      case WaitKind::kBlock: return block_.wait_until(ready);
    }
  }
  void notify() noexcept {
    if (kind_ == WaitKind::kBlock) block_.notify();
  }
  [[nodiscard]] WaitKind kind() const noexcept { return kind_; }

 private:
  WaitKind kind_;
  BlockWait block_;
};

static_assert(WaitStrategy<SpinWait> && WaitStrategy<YieldWait> && WaitStrategy<BlockWait> && WaitStrategy<AnyWait>);

}  // namespace hft::ring
