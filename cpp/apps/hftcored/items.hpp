#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "hft/base/cacheline.hpp"
#include "hft/engine/settings.hpp"
#include "hft/event/decode.hpp"
#include "hft/event/event.hpp"
#include "hft/ledger/frame.hpp"
#include "hft/model/forest_model.hpp"
#include "hft/sequence/lane.hpp"

namespace hft::daemon {

/// A message that is no event: kept whole for the dead-letter topic. Made by the ingest thread, ended by the publisher.
struct Poison {
  std::string source;  // topic:partition:offset
  std::string reason;
  std::vector<std::byte> key;
  std::vector<std::byte> value;
};

/// New settings on their way through the threads; each shard takes them up at a position of its own. Lives as long as
/// the daemon: replacing them is rare, and nobody need say when it is done with the old ones.
struct Change {
  engine::Settings settings;
  std::shared_ptr<const model::ForestModel> model;
  std::string json;   // canonical settings with the model's path and id
  std::string start;  // of a shard's first: where its lanes begin, as JSON; else empty
  std::int64_t stale_after_ns = 0;
};

enum class InputKind : std::uint8_t {
  kEvent = 0,
  kPoison = 1,
  kChange = 2,    // of settings
  kSnapshot = 3,  // copy your state from here on
};

/// From the ingest thread to the hot thread: two cache lines.
struct alignas(base::kCacheLineBytes) Input {
  event::Event event;           // of kEvent; its source_seq is the feed's number until the shard has seen it
  std::uint64_t arrived_ticks;  // when the poll returned that brought it
  std::uint64_t pushed_ticks;
  std::uint64_t offset;
  union {
    Poison* poison;        // owned: the shard passes it on, or ends it
    const Change* change;  // borrowed
  };
  sequence::Lane lane;
  InputKind kind;
  std::uint8_t shard;  // index in this daemon
  bool stale;
  bool late;
};
static_assert(sizeof(Input) == 128 && std::is_trivially_copyable_v<Input>);

enum class OutputKind : std::uint8_t {
  kRecord = 0,
  kPoison = 1,
  kRun = 2,      // inputs that were taken: goes into the order
  kControl = 3,  // a change of settings was taken up
  kMarker = 4,   // say on every output how far the order is: a snapshot was begun here
};

/// From the hot thread to the publisher.
struct Output {
  Output() noexcept : run{} {}

  std::uint64_t seq = 0;            // of a record in its output; of a control its number; of a marker its id
  std::uint64_t n_inputs = 0;
  std::uint64_t arrived_ticks = 0;  // of the input that caused it
  union {
    ledger::JournalRecord record;
    sequence::Run run;
    Poison* poison;         // owned
    const Change* change;   // of a control; lives as long as the daemon
  };
  OutputKind kind = OutputKind::kRun;
  sequence::Output output = sequence::Output::kDecisions;
  std::uint8_t shard = 0;
  bool late = false;
};
static_assert(std::is_trivially_copyable_v<Output>);

/// From the hot thread to the journal thread.
struct JournalItem {
  ledger::JournalRecord record{};
  const Change* change = nullptr;  // a control, instead of the record
  std::uint64_t number = 0;        // of the control
  std::uint64_t n_inputs = 0;
  std::uint8_t shard = 0;
};

}  // namespace hft::daemon
