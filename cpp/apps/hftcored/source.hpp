#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hft/sequence/lane.hpp"

namespace hft::daemon {

/// The bytes of one input. They stay where they are until Source::release().
struct RawInput {
  std::span<const std::byte> key;
  std::span<const std::byte> value;
  std::uint64_t offset = 0;
  sequence::Lane lane = 0;
  std::uint8_t shard = 0;  // index in this daemon
  bool late = false;       // was there before the daemon was
};

/// Where inputs come from: Kafka, a file, standard input. One thread polls.
class Source {
 public:
  virtual ~Source() = default;

  /// Waits up to `timeout` for the first input, then takes what is there. Throws Fatal: kInputLost, kKafka.
  [[nodiscard]] virtual std::size_t poll(std::span<RawInput> out, std::chrono::milliseconds timeout) = 0;
  /// The same for one lane, before go_live(): to follow an order that is known.
  [[nodiscard]] virtual std::size_t poll_lane(std::size_t shard, sequence::Lane lane, std::span<RawInput> out,
                                              std::chrono::milliseconds timeout) = 0;
  /// Gives back what the last poll brought.
  virtual void release() = 0;
  /// Ends the reading lane by lane.
  virtual void go_live() = 0;
  /// True when nothing will come any more: the end of a file.
  [[nodiscard]] virtual bool ended() const = 0;
  /// Where a lane begins, as a number.
  [[nodiscard]] virtual std::uint64_t begins_at(std::size_t shard, sequence::Lane lane) const = 0;
  /// True while a lane holds inputs from before this daemon that were not polled.
  [[nodiscard]] virtual bool is_behind(std::size_t shard, sequence::Lane lane) const = 0;
  /// topic:partition:offset
  [[nodiscard]] virtual std::string name_of(const RawInput& input) const = 0;
};

/// Where the lanes of one shard begin: an offset, or one of kafka's words for the ends.
struct LaneBegin {
  sequence::Lane lane;
  std::int64_t offset;
};

}  // namespace hft::daemon
