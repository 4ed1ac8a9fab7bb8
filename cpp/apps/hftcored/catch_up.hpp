#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "decoding.hpp"
#include "items.hpp"
#include "source.hpp"

namespace hft::daemon {

/// Reads what lay in the topics when the daemon started, each shard's lanes merged by event time.
///
/// Live, a trade and the quote beside it arrive together and the order of arrival is the order. A backlog is read lane
/// by lane as fast as it comes: without this, a shard would see an hour of trades before the first quote, and its
/// features would leave the quotes out as late. Any order is right as far as recovery goes, since it is recorded; this
/// is the one that resembles what happened. Ingest thread.
class CatchUp {
 public:
  struct ShardLanes {
    std::vector<sequence::Lane> lanes;
  };

  /// `left_over`: inputs that recovery polled and did not need.
  CatchUp(Source& source, Decoding& decoding, std::span<const ShardLanes> shards, std::vector<Input> left_over);

  /// Nothing is missing any more that was there at the start; what is held goes out in one last take().
  [[nodiscard]] bool reached_live() const;
  /// The next inputs in merged order, at most `most`; none when a lane that is behind had nothing in time.
  [[nodiscard]] std::vector<Input> take(std::size_t most);
  /// Everything that is still held, merged. To be called once, at the end.
  [[nodiscard]] std::vector<Input> take_rest();

 private:
  struct Lane {
    std::size_t shard;
    sequence::Lane lane;
    std::deque<Input> held;
    std::chrono::steady_clock::time_point came_at;  // when the last input came
  };
  void refill(Lane& lane);
  /// Inputs from before the start are still to come. What was silent for kPatience has none: the last offsets of a
  /// transactional feed are markers, which nobody is given.
  [[nodiscard]] bool is_behind(const Lane& lane) const;
  [[nodiscard]] Lane* earliest(std::size_t shard);
  [[nodiscard]] bool waits(std::size_t shard) const;

  Source& source_;
  Decoding& decoding_;
  std::size_t n_shards_;
  std::vector<Lane> lanes_;
};

}  // namespace hft::daemon
