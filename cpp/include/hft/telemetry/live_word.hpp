#pragma once

#include <atomic>
#include <concepts>

namespace hft::telemetry {

/// Words that one thread writes while others, also in other processes, look on.
///
/// Relaxed: the compiler may not tear or cache them, and the processor runs the same plain loads and stores. Nothing is
/// promised about two words: a reader can see the second of two writes without the first.
template <std::integral T>
void write_live(T& word, T value) noexcept {
  static_assert(std::atomic_ref<T>::is_always_lock_free);
  std::atomic_ref<T>{word}.store(value, std::memory_order_relaxed);
}

template <std::integral T>
[[nodiscard]] T read_live(const T& word) noexcept {
  return std::atomic_ref<T>{const_cast<T&>(word)}.load(std::memory_order_relaxed);  // a load writes nothing
}

}  // namespace hft::telemetry
