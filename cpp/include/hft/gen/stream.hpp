#pragma once

#include <cstdint>
#include <functional>

#include "hft/event/encoder.hpp"
#include "hft/gen/generator.hpp"

namespace hft::gen {

struct StreamOptions {
  double pace_hz = 0.0;  // events per second of wall time; 0: as fast as possible
  /// Called with the number of events written, about ten times a second and at the end. What it throws stops all.
  std::function<void(std::uint64_t n_events)> on_tick;
};

struct StreamResult {
  std::uint64_t n_events;
  std::uint64_t n_bytes;
  bool reader_left;  // the pipe's reader went away before the end
};

/// Writes all events that `generator` still has to a file descriptor.
///
/// Paced, event k is due at start + k / pace_hz: an open loop, so a late write is followed by a faster one and the rate
/// never drifts. Events leave in batches of a millisecond, each when its last event is due: none leaves early, none
/// waits longer than a millisecond for its turn. Unpaced, batches have a fixed size, so the same events are the same
/// bytes in every format (Avro's blocks are our batches).
StreamResult write_stream(Generator& generator, event::Format format, int fd, const StreamOptions& options);

}  // namespace hft::gen
