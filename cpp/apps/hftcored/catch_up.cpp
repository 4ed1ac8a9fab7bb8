#include "catch_up.hpp"

#include <algorithm>
#include <utility>

namespace hft::daemon {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::chrono::seconds kPatience{2};

}  // namespace

CatchUp::CatchUp(Source& source, Decoding& decoding, std::span<const ShardLanes> shards, std::vector<Input> left_over)
    : source_{source}, decoding_{decoding}, n_shards_{shards.size()} {
  for (std::size_t shard = 0; shard < shards.size(); ++shard) {
    for (const sequence::Lane lane : shards[shard].lanes)
      lanes_.push_back({shard, lane, {}, std::chrono::steady_clock::now()});
  }
  for (Input& input : left_over) {
    std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) {
      return l.shard == input.shard && l.lane == input.lane;
    })->held.push_back(input);
  }
}

bool CatchUp::reached_live() const {
  return std::none_of(lanes_.begin(), lanes_.end(),
                      [&](const Lane& lane) { return is_behind(lane); });
}

std::vector<Input> CatchUp::take(std::size_t most) {
  std::vector<Input> taken;
  for (Lane& lane : lanes_) {
    if (lane.held.empty()) refill(lane);
  }
  const std::size_t share = std::max<std::size_t>(1, most / n_shards_);
  for (std::size_t shard = 0; shard < n_shards_; ++shard) {
    const std::size_t end = taken.size() + share;
    while (taken.size() < end && !waits(shard)) {
      Lane* lane = earliest(shard);
      if (lane == nullptr) break;
      taken.push_back(lane->held.front());
      lane->held.pop_front();
    }
  }
  return taken;
}

std::vector<Input> CatchUp::take_rest() {
  std::vector<Input> taken;
  for (std::size_t shard = 0; shard < n_shards_; ++shard) {
    while (Lane* lane = earliest(shard)) {
      taken.push_back(lane->held.front());
      lane->held.pop_front();
    }
  }
  return taken;
}

void CatchUp::refill(Lane& lane) {
  std::vector<RawInput> raw(kBatch);
  // A lane that has caught up is only looked at: its shard goes on living beside one with a long backlog.
  const auto wait = is_behind(lane) ? kPoll : std::chrono::milliseconds{0};
  const std::size_t n = source_.poll_lane(lane.shard, lane.lane, raw, wait);
  if (n != 0) lane.came_at = std::chrono::steady_clock::now();
  for (const RawInput& one : std::span{raw}.first(n)) decoding_.decode(one, source_, lane.held.emplace_back());
  source_.release();
}

bool CatchUp::is_behind(const Lane& lane) const {
  return source_.is_behind(lane.shard, lane.lane) && std::chrono::steady_clock::now() - lane.came_at < kPatience;
}

/// The lane of a shard whose first input is the oldest; poison has no time and goes at once.
CatchUp::Lane* CatchUp::earliest(std::size_t shard) {
  Lane* found = nullptr;
  for (Lane& lane : lanes_) {
    if (lane.shard != shard || lane.held.empty()) continue;
    if (found == nullptr || lane.held.front().event.ts_event_ns < found->held.front().event.ts_event_ns) found = &lane;
  }
  return found;
}

/// True while a lane that is behind has nothing to compare with.
bool CatchUp::waits(std::size_t shard) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return lane.shard == shard && lane.held.empty() && is_behind(lane);
  });
}

}  // namespace hft::daemon
