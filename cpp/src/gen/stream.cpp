#include "hft/gen/stream.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hft/event/fd_writer.hpp"

namespace hft::gen {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kBatchEvents = 4096;
constexpr Seconds kTick{0.1};

/// Calls back at most ten times a second.
class Ticker {
 public:
  explicit Ticker(const StreamOptions& options) : on_tick_{options.on_tick} {}

  void tick(std::uint64_t n_events) {
    const auto now = Clock::now();
    if (!on_tick_ || now - last_ < kTick) return;
    last_ = now;
    on_tick_(n_events);
  }
  void tick_now(std::uint64_t n_events) const {
    if (on_tick_) on_tick_(n_events);
  }

 private:
  const std::function<void(std::uint64_t)>& on_tick_;
  Clock::time_point last_ = Clock::now();
};

/// The open-loop schedule: event k is due at start + k / rate.
class Schedule {
 public:
  explicit Schedule(double rate_hz)
      : rate_hz_{rate_hz},
        batch_{static_cast<std::uint64_t>(std::clamp(rate_hz * 1e-3, 1.0, static_cast<double>(kBatchEvents)))} {}

  /// Waits until a batch after the first `n_sent` events is due and returns how many are.
  std::size_t wait(std::uint64_t n_sent, Ticker& ticker) const {
    for (;;) {
      const Seconds elapsed = Clock::now() - start_;
      const auto n_due = static_cast<std::uint64_t>(elapsed.count() * rate_hz_) + 1;
      if (n_due >= n_sent + batch_) {
        return static_cast<std::size_t>(std::min<std::uint64_t>(n_due - n_sent, kBatchEvents));
      }
      const Seconds due{static_cast<double>(n_sent + batch_ - 1) / rate_hz_};
      std::this_thread::sleep_for(std::min(due - elapsed, kTick));
      ticker.tick(n_sent);
    }
  }

 private:
  double rate_hz_;
  std::uint64_t batch_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

StreamResult write_stream(Generator& generator, event::Format format, int fd, const StreamOptions& options) {
  if (!(options.pace_hz == 0.0 || (options.pace_hz >= 1e-3 && options.pace_hz <= 1e9))) {
    throw std::invalid_argument("write_stream: pace must be 0 or in [0.001, 1e9] events per second, was " +
                                std::to_string(options.pace_hz));
  }
  const auto encoder = event::make_encoder(format, generator.config().instruments);
  std::uint64_t n_events = 0;
  Ticker ticker{options};
  event::FdWriter writer{fd, [&] { ticker.tick_now(n_events); }};  // a signal may have cut the write short: ask at once
  std::vector<event::Event> batch(kBatchEvents);
  std::string bytes;
  encoder->begin(bytes);
  bool reader_left = !writer.write(bytes);
  const Schedule schedule{options.pace_hz};
  while (!reader_left) {
    const std::size_t n_due = options.pace_hz > 0.0 ? schedule.wait(n_events, ticker) : kBatchEvents;
    const std::size_t n = generator.next(std::span{batch}.first(n_due));
    if (n == 0) break;
    bytes.clear();
    encoder->append(std::span{batch}.first(n), bytes);
    reader_left = !writer.write(bytes);
    if (!reader_left) n_events += n;
    ticker.tick(n_events);
  }
  if (!reader_left) {
    bytes.clear();
    encoder->end(bytes);
    reader_left = !writer.write(bytes);
  }
  ticker.tick_now(n_events);
  return {n_events, writer.n_bytes(), reader_left};
}

}  // namespace hft::gen
