#pragma once

#include <chrono>

namespace hft::daemon {

/// The main thread was asked to end before live. No error: what is on the disk is met again at the next start.
struct EndAsked {};

/// Blocks SIGTERM, SIGINT and SIGHUP for this thread and those that it starts; before the first one.
void block_signals() noexcept;

/// The next of the blocked signals, or 0 when none came in time.
[[nodiscard]] int next_signal(std::chrono::milliseconds timeout) noexcept;

/// Throws EndAsked where SIGTERM or SIGINT waits to be taken. A system call: to be asked by the batch.
void end_if_asked();

}  // namespace hft::daemon
