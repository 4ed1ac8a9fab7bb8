#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hft/base/bytes.hpp"
#include "hft/engine/engine.hpp"
#include "hft/engine/scored_rows.hpp"
#include "hft/engine/scorer_blob.hpp"
#include "hft/event/sequence_guard.hpp"
#include "hft/event/wire_decoder.hpp"

namespace hft::engine {

/// A message of a stream, where it lies.
struct StreamMessage {
  std::span<const std::byte> key;
  std::span<const std::byte> value;
  std::uint64_t offset = 0;
  std::uint32_t partition = 0;
};

/// What one call counted, beside its engines. All of it follows from the messages and their order.
struct StreamCounters {
  std::uint64_t messages = 0;      // taken: what follows is of these
  std::uint64_t redelivered = 0;   // of an offset that was taken before: left out, and in no other number
  std::uint64_t dead_letters = 0;  // messages = dead_letters + duplicates + late + the engines' events
  std::uint64_t duplicates = 0;    // a feed number that the symbol's last event had: left out
  std::uint64_t late = 0;          // a lower one: left out
  std::uint64_t gaps = 0;          // numbers are missing before it: its symbol begins anew
  std::uint64_t resets = 0;        // the feed numbers anew
  std::uint64_t keys = 0;          // engines that were asked
};

/// The engines of a stream's keys, which take messages and give rows: one engine per symbol, or one for all.
///
/// A key's rows are those of a replay of its messages in the order of their offsets, whichever way they are split into
/// calls and whatever lies between: snapshot and restore give the same engines. A message that is no event is a row
/// with its reason and changes no engine. An offset that was taken is left out when it comes again.
///
/// Ids name partition and offset as the daemon's do, so a stream has one topic.   Cost: a decode and a step per
/// message; per key and call, next to nothing.   One thread at a time.
template <model::Model Model>
class KeyedScorer {
 public:
  struct Parts {
    feature::Spec spec;
    std::vector<event::Instrument> instruments;
    std::vector<std::uint32_t> table_ids;          // their places in the whole table, ascending
    std::vector<std::uint32_t> home_partitions;    // by instrument, where its key belongs; empty: not known
    bool by_symbol = true;                         // an engine per instrument, and each message's key is its symbol
    bool numbered = false;                         // the feed numbers each symbol's events
    EngineConfig config;
    event::WireDecoder decoder;                    // of these instruments
    ScorerIdentity identity;
  };
  struct Taken {
    StreamCounters stream;
    Counters engines;
  };

  /// Cold path: throws std::invalid_argument where the parts do not fit together. `model` outlives this.
  KeyedScorer(Parts parts, const Model& model) : parts_{std::move(parts)}, model_{&model} {
    const std::size_t n = parts_.instruments.size();
    if (parts_.table_ids.size() != n || (!parts_.home_partitions.empty() && parts_.home_partitions.size() != n)) {
      throw std::invalid_argument("KeyedScorer: table_ids and home_partitions must have one entry per instrument");
    }
    if (parts_.by_symbol) feature::check_symbols_apart(parts_.spec);
    keys_.resize(parts_.by_symbol ? n : 1);
    if (n != 0) (void)make_key(0);  // what does not fit is known now, not at the first message
  }

  /// Takes the messages in, in order; within a partition offsets ascend. Throws std::invalid_argument for messages that
  /// break this, and for a symbol that comes from two partitions while home_partitions is not known: then the state is
  /// of no use any more, and is to be restored.
  Taken take(std::span<const StreamMessage> messages, ScoredRows& rows) {
    Taken taken;
    touched_.clear();
    for (Lane& lane : lanes_) lane.next_here = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const StreamMessage& message = messages[i];
      if (is_next(message)) {
        ++taken.stream.messages;
        take_one(message, static_cast<std::uint32_t>(i), rows, taken.stream);
      } else {
        ++taken.stream.redelivered;
      }
    }
    for (const auto& [index, before] : touched_) {
      add_difference(taken.engines, keys_[index]->engine.counters(), before);
      keys_[index]->touched = false;
      if (keys_[index]->sink.lost) throw std::bad_alloc{};
    }
    taken.stream.keys = touched_.size();
    return taken;
  }

  /// Whose partitions these are. Throws std::invalid_argument where it is another topic than before.
  void come_from(std::string_view topic) {
    if (topic_.empty()) topic_ = topic;
    if (topic_ == topic) return;
    throw std::invalid_argument("a stream has one topic, since ids name partition and offset alone: it was " + topic_ +
                                ", now is " + std::string{topic});
  }

  [[nodiscard]] std::vector<std::byte> snapshot() const {
    base::ByteWriter out;
    out(topic_);
    out(static_cast<std::uint32_t>(lanes_.size()));
    for (const Lane& lane : lanes_) out(lane.partition), out(lane.next);
    const auto n_keys = std::count_if(keys_.begin(), keys_.end(), [](const auto& key) { return key != nullptr; });
    out(static_cast<std::uint32_t>(n_keys));
    for (std::uint32_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i] == nullptr) continue;
      out(parts_.by_symbol ? parts_.table_ids[i] : 0U), out(keys_[i]->partition);
      keys_[i]->guard.save(out);
      keys_[i]->engine.save(out);
    }
    return write_scorer_blob(parts_.identity, out.bytes());
  }

  /// Throws std::invalid_argument naming what is wrong with the bytes, or the first difference between what they belong
  /// to and this; then nothing has changed.
  void restore(std::span<const std::byte> blob) {
    base::ByteReader in = read_scorer_blob(blob, parts_.identity);
    std::string topic;
    in(topic);
    std::uint32_t n = 0;
    in(n);
    std::vector<Lane> lanes;
    for (std::uint32_t i = 0; i < n; ++i) {
      Lane& lane = lanes.emplace_back();
      in(lane.partition), in(lane.next);
    }
    std::vector<std::unique_ptr<Key>> keys(keys_.size());
    in(n);
    for (std::uint32_t i = 0; i < n; ++i) load_key(keys, in);
    if (in.left() != 0) throw std::invalid_argument("scorer state: bytes are left at its end");
    topic_ = std::move(topic), lanes_ = std::move(lanes), keys_ = std::move(keys);
  }

  /// As it was made.
  void reset() noexcept {
    topic_.clear(), lanes_.clear();
    for (auto& key : keys_) key.reset();
  }

 private:
  struct Key {
    Key(const Parts& parts, std::span<const event::Instrument> instruments, const Model& model)
        : guard{instruments.size()}, engine{parts.spec, instruments, model, parts.config, sink} {}
    RowSink sink;
    event::SequenceGuard guard;
    Engine<Model, RowSink> engine;
    std::uint32_t partition = 0;  // where its first message came from
    bool touched = false;         // by the call under way
  };

  struct Lane {
    std::uint32_t partition = 0;
    std::uint64_t next = 0;       // the offset to come
    std::uint64_t next_here = 0;  // the same, of the call under way
  };

  /// Moves the partition on. False: taken before.
  bool is_next(const StreamMessage& message) {
    if (message.partition > kMostPartition || message.offset >> event::kOffsetBits != 0) {
      throw std::invalid_argument("partition must be 0 to 65535 and offset below 2^48, were " +
                                  std::to_string(message.partition) + " and " + std::to_string(message.offset));
    }
    Lane& lane = lane_of(message.partition);
    if (message.offset + 1 < lane.next_here) {
      throw std::invalid_argument("offsets of a partition must ascend: " + std::to_string(message.offset) +
                                  " of partition " + std::to_string(message.partition) + " came after " +
                                  std::to_string(lane.next_here - 1));
    }
    lane.next_here = message.offset + 1;
    if (message.offset < lane.next) return false;
    lane.next = message.offset + 1;
    return true;
  }

  Lane& lane_of(std::uint32_t partition) {
    if (lane_ < lanes_.size() && lanes_[lane_].partition == partition) [[likely]] return lanes_[lane_];
    const auto at = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) { return l.partition == partition; });
    lane_ = static_cast<std::size_t>(at - lanes_.begin());
    if (at == lanes_.end()) lanes_.push_back({partition, 0, 0});
    return lanes_[lane_];
  }

  void take_one(const StreamMessage& message, std::uint32_t number, ScoredRows& rows, StreamCounters& counters) {
    const auto partition = static_cast<std::uint16_t>(message.partition);
    const std::uint64_t source_seq = event::make_source_seq(partition, message.offset);
    event::Event event{};
    auto why = static_cast<std::uint8_t>(parts_.decoder.decode(message.value, event));
    if (why == 0 && parts_.by_symbol) why = misplaced(message, event.symbol_id);
    if (why != 0) [[unlikely]] {
      ++counters.dead_letters;
      rows.add_dead_letter(why, source_seq, message.value, number);
      return;
    }
    const std::uint64_t feed_seq = parts_.numbered ? event.source_seq : 0;
    event.source_seq = source_seq;
    Key& key = key_of(parts_.by_symbol ? std::exchange(event.symbol_id, 0) : 0, message.partition);
    key.sink.rows = &rows;
    key.sink.message = number;
    if (event::admit(key.guard, event.symbol_id, feed_seq, event, counters)) key.engine.step(event);
  }

  [[nodiscard]] std::uint8_t misplaced(const StreamMessage& message, std::uint32_t index) const noexcept {
    const std::string& symbol = parts_.instruments[index].symbol;
    const std::string_view key{reinterpret_cast<const char*>(message.key.data()), message.key.size()};
    if (key != symbol) return static_cast<std::uint8_t>(Misplaced::kOtherKey);
    const bool at_home = parts_.home_partitions.empty() || parts_.home_partitions[index] == message.partition;
    return at_home ? 0 : static_cast<std::uint8_t>(Misplaced::kOtherPartition);
  }

  Key& key_of(std::uint32_t index, std::uint32_t partition) {
    auto& slot = keys_[index];
    if (slot == nullptr) [[unlikely]] {
      slot = make_key(index);
      slot->partition = partition;
    }
    if (slot->partition != partition) [[unlikely]] refuse_second(index, partition);
    if (!slot->touched) {
      slot->touched = true;
      touched_.emplace_back(index, slot->engine.counters());
    }
    return *slot;
  }

  [[noreturn]] void refuse_second(std::uint32_t index, std::uint32_t partition) const {
    const std::string who = parts_.by_symbol ? "symbol " + parts_.instruments[index].symbol : std::string{"this key"};
    throw std::invalid_argument(who + " came from partition " + std::to_string(keys_[index]->partition) +
                                " and now from " + std::to_string(partition) +
                                ": no order holds between partitions; write it with one partitioner, or give the "
                                "topic's n_partitions, so that what is misplaced becomes a dead letter");
  }

  [[nodiscard]] std::unique_ptr<Key> make_key(std::uint32_t index) const {
    const std::span all{parts_.instruments};
    auto key = std::make_unique<Key>(parts_, parts_.by_symbol ? all.subspan(index, 1) : all, *model_);
    if (parts_.by_symbol) key->sink.table_ids = std::span{parts_.table_ids}.subspan(index, 1);
    return key;
  }

  void load_key(std::vector<std::unique_ptr<Key>>& keys, base::ByteReader& in) const {
    std::uint32_t table_id = 0;
    std::uint32_t partition = 0;
    in(table_id), in(partition);
    std::uint32_t index = 0;
    if (parts_.by_symbol) {
      const auto at = std::lower_bound(parts_.table_ids.begin(), parts_.table_ids.end(), table_id);
      index = static_cast<std::uint32_t>(at - parts_.table_ids.begin());
    }
    if (index >= keys.size() || (parts_.by_symbol && parts_.table_ids[index] != table_id) || keys[index] != nullptr) {
      throw std::invalid_argument("scorer state: it has a key that is not here, or has one twice");
    }
    keys[index] = make_key(index);
    keys[index]->partition = partition;
    keys[index]->guard.load(in);
    keys[index]->engine.load(in);
  }

  static void add_difference(Counters& sum, const Counters& now, const Counters& before) {
    std::vector<std::uint64_t> grown;
    Counters::visit(now, [&](const std::uint64_t& n) { grown.push_back(n); });
    auto at = grown.begin();
    Counters::visit(before, [&](const std::uint64_t& n) { *at++ -= n; });
    at = grown.begin();
    Counters::visit(sum, [&](std::uint64_t& n) { n += *at++; });
  }

  static constexpr std::uint32_t kMostPartition = 0xFFFF;

  Parts parts_;
  const Model* model_;
  std::string topic_;
  std::vector<Lane> lanes_;
  std::size_t lane_ = 0;                                     // of the last message
  std::vector<std::unique_ptr<Key>> keys_;                   // by instrument, or one; null: no message yet
  std::vector<std::pair<std::uint32_t, Counters>> touched_;  // by the call under way, with what they had counted
};

}  // namespace hft::engine
