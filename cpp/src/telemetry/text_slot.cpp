#include "hft/telemetry/text_slot.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "utf8.hpp"

namespace hft::telemetry {
namespace {

std::atomic_ref<std::uint64_t> atomic(const std::uint64_t& word) noexcept {
  return std::atomic_ref<std::uint64_t>{const_cast<std::uint64_t&>(word)};
}

}  // namespace

void write_text(TextSlot& slot, std::string_view text) noexcept {
  std::array<std::uint64_t, kTextBytes / 8> words{};
  text = cut_utf8(text, kTextBytes);
  std::memcpy(words.data(), text.data(), text.size());

  auto version = atomic(slot.version);
  std::uint64_t even = version.load(std::memory_order_relaxed) & ~std::uint64_t{1};
  // acquire: after the release of the writer before us, so that its words do not land on ours
  while (!version.compare_exchange_weak(even, even + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
    even &= ~std::uint64_t{1};
    std::this_thread::yield();
  }
  // release: who sees one of these words also sees the odd version before it
  for (std::size_t i = 0; i < words.size(); ++i) atomic(slot.words[i]).store(words[i], std::memory_order_release);
  version.store(even + 2, std::memory_order_release);
}

std::string read_text(const TextSlot& slot) {
  constexpr int kTries = 2'000;  // at one odd version, so for 0.2 s: its writer died over it, or was stopped there
  constexpr std::chrono::microseconds kPause{100};
  std::array<std::uint64_t, kTextBytes / 8> words{};
  std::uint64_t stuck_at = 0;
  for (int n_stuck = 0; n_stuck < kTries;) {
    const std::uint64_t before = atomic(slot.version).load(std::memory_order_acquire);
    // acquire: pairs with the release of each word, so that the version below is not older than any of them
    for (std::size_t w = 0; w < words.size(); ++w) words[w] = atomic(slot.words[w]).load(std::memory_order_acquire);
    if ((before & 1U) == 0 && atomic(slot.version).load(std::memory_order_relaxed) == before) break;
    n_stuck = before == stuck_at ? n_stuck + 1 : 0;
    stuck_at = before;
    if ((before & 1U) != 0) std::this_thread::sleep_for(kPause);
  }
  const auto* text = reinterpret_cast<const char*>(words.data());
  return {text, ::strnlen(text, kTextBytes)};
}

}  // namespace hft::telemetry
