#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hft/base/cacheline.hpp"
#include "hft/sequence/history.hpp"
#include "items.hpp"

namespace hft::daemon {

/// The last markers of one shard that were acknowledged. The acknowledgements' thread writes, the snapshotter reads.
struct Acknowledged {
  struct Of {
    std::atomic<std::uint64_t> marker{0};   // id; 0: none yet, since control 0 stands before any
    std::atomic<std::int64_t> offset{-1};  // where it lies; -1: the broker did not say
  };
  std::array<Of, sequence::kOutputs> by_output;
};

/// Where outputs go: to Kafka, or nowhere when the input is a file and the journal is all there is.
class Outlet {
 public:
  virtual ~Outlet() = default;

  /// Cold path: goes on where a shard's history ends.
  virtual void resume(std::size_t shard, const sequence::Position& from, const sequence::History& history) = 0;
  /// Publisher thread, around what it has at hand: waits up to `timeout` for room on the way out. False: there was
  /// none.
  [[nodiscard]] virtual bool begin_burst(std::chrono::microseconds timeout) = 0;
  virtual void end_burst() = 0;
  /// Publisher thread. Takes over the poison of its output. False: it cannot go out, and neither may what follows.
  [[nodiscard]] virtual bool publish(const Output& output) = 0;
  /// Waits until everything is acknowledged; false when that took too long.
  [[nodiscard]] virtual bool drain(std::chrono::milliseconds timeout) = 0;
  /// Any thread: true when all that was published before this marker is acknowledged; the offsets of the marker.
  [[nodiscard]] virtual bool safe(std::size_t shard, std::uint64_t marker,
                                  std::array<std::int64_t, sequence::kOutputs>& offsets) const = 0;
};

/// For files and standard input: the journal is the output.
class NoOutlet final : public Outlet {
 public:
  using OnPoison = void (*)(void* context, const Poison& poison);
  NoOutlet(OnPoison on_poison, void* context) : on_poison_{on_poison}, context_{context} {}

  void resume(std::size_t, const sequence::Position&, const sequence::History&) override {}
  [[nodiscard]] bool begin_burst(std::chrono::microseconds) override { return true; }
  void end_burst() override {}
  [[nodiscard]] bool publish(const Output& output) override {
    if (output.kind != OutputKind::kPoison) return true;
    const std::unique_ptr<Poison> poison{output.poison};
    on_poison_(context_, *poison);
    return true;
  }
  [[nodiscard]] bool drain(std::chrono::milliseconds) override { return true; }
  [[nodiscard]] bool safe(std::size_t, std::uint64_t, std::array<std::int64_t, sequence::kOutputs>&) const override {
    return true;
  }

 private:
  OnPoison on_poison_;
  void* context_;
};

}  // namespace hft::daemon
