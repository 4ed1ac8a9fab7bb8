#include "hft/engine/keyed_scorer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "hft/event/message_encoder.hpp"
#include "rich_scenario.hpp"

// A stream scored in any number of calls, with its state saved and loaded between them, gives each key's own replay.

namespace {

using namespace hft::engine::testing;
using namespace hft;
using engine::ScoredRows;
using engine::StreamMessage;
using Scorer = engine::KeyedScorer<ImbalanceModel>;

constexpr std::array<std::uint32_t, 3> kHome{0, 1, 0};  // by symbol

/// Messages of a tape as a topic holds them: each symbol in its partition, offsets from 0.
struct Stream {
  explicit Stream(const TapeWriter& tape, event::Format format = event::Format::kPacked) {
    const auto instruments = three_instruments();
    event::MessageEncoder encoder{format, instruments, 1};
    std::array<std::uint64_t, 2> next{};
    for (event::Event e : tape.events()) {
      e.flags &= event::kKnownFlags;  // staleness is not on the wire
      const std::uint32_t partition = kHome[e.symbol_id];
      std::string& value = values.emplace_back();
      encoder.append(e, value);
      e.source_seq = event::make_source_seq(static_cast<std::uint16_t>(partition), next[partition]);
      events.push_back(e);
      keys.push_back(instruments[e.symbol_id].symbol);
      places.emplace_back(partition, next[partition]++);
    }
  }
  [[nodiscard]] std::vector<StreamMessage> messages(std::size_t from = 0, std::size_t n = SIZE_MAX) const {
    std::vector<StreamMessage> out;
    for (std::size_t i = from; i < std::min(values.size(), n == SIZE_MAX ? n : from + n); ++i) {
      out.push_back({std::as_bytes(std::span{keys[i]}), std::as_bytes(std::span{values[i]}), places[i].second,
                     places[i].first});
    }
    return out;
  }
  void add(std::string key, std::string value, std::uint32_t partition, std::uint64_t offset) {
    keys.push_back(std::move(key)), values.push_back(std::move(value)), places.emplace_back(partition, offset);
  }

  std::vector<event::Event> events;  // as the engine is to see them
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> places;
};

Scorer::Parts parts(bool by_symbol = true, event::Format format = event::Format::kPacked) {
  const auto instruments = three_instruments();
  const std::vector<std::uint32_t> ids{0, 1, 2};
  event::AvroSchemas schemas;
  if (format == event::Format::kAvro) schemas.push_back({1, std::string{event::own_avro_schema()}});
  return {rich_spec(), instruments, ids, {}, by_symbol, false, rich_config(),
          event::WireDecoder{format, instruments, ids, schemas}, {{"model", "imbalance"}, {"fees", "100"}}};
}

const ImbalanceModel& model() {
  static const ImbalanceModel one{rich_spec().features.size()};
  return one;
}

/// The frames of each symbol, one after the other.
std::map<std::uint32_t, std::string> frames_of(const ScoredRows& rows) {
  std::map<std::uint32_t, std::string> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < rows.rows().size(); ++i) {
    const auto end = static_cast<std::size_t>(rows.ends()[i]);
    const auto frame = rows.bytes().subspan(begin, end - begin);
    if (rows.rows()[i].kind != engine::ScoredRow::kDeadLetter) {
      out[rows.rows()[i].symbol_id].append(reinterpret_cast<const char*>(frame.data()), frame.size());
    }
    begin = end;
  }
  return out;
}

void append(std::map<std::uint32_t, std::string>& all, const std::map<std::uint32_t, std::string>& more) {
  for (const auto& [id, frames] : more) all[id] += frames;
}

/// What an engine with the whole table makes of one symbol's events.
std::string replayed(const Stream& stream, std::uint32_t symbol_id) {
  Shard shard;
  for (const event::Event& e : stream.events) {
    if (e.symbol_id == symbol_id) shard.engine->step(e);
  }
  const auto journal = shard.bytes();
  return {reinterpret_cast<const char*>(journal.data()) + sizeof(ledger::FileHeader),
          journal.size() - sizeof(ledger::FileHeader)};
}

TEST(KeyedScorer, any_split_with_a_snapshot_between_gives_each_symbols_replay) {
  const Stream stream{rich_tape(51, 2'000)};
  for (const std::size_t batch : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}, std::size_t{100'000}}) {
    const std::size_t n = batch == 1 ? 300 : stream.values.size();
    std::map<std::uint32_t, std::string> got;
    std::vector<std::byte> blob;
    for (std::size_t at = 0; at < n; at += batch) {
      Scorer scorer{parts(), model()};
      if (!blob.empty()) scorer.restore(blob);
      ScoredRows rows;
      scorer.take(stream.messages(at, std::min(batch, n - at)), rows);
      append(got, frames_of(rows));
      blob = scorer.snapshot();
      ASSERT_EQ(scorer.snapshot(), blob) << "the same state gives the same bytes";
    }
    Stream prefix = stream;
    prefix.events.resize(n);
    std::size_t n_bytes = 0;
    for (std::uint32_t id = 0; id < 3; ++id) {
      EXPECT_EQ(got[id], replayed(prefix, id)) << "batches of " << batch << ", symbol " << id;
      n_bytes += got[id].size();
    }
    EXPECT_GT(n_bytes, batch == 1 ? 500U : 5'000U);
  }
}

TEST(KeyedScorer, formats_give_the_same_rows) {
  const auto tape = rich_tape(52, 2'000);
  ScoredRows packed;
  Scorer{parts(), model()}.take(Stream{tape}.messages(), packed);
  for (const auto format : {event::Format::kJson, event::Format::kAvro}) {
    ScoredRows rows;
    Scorer{parts(true, format), model()}.take(Stream{tape, format}.messages(), rows);
    EXPECT_EQ(frames_of(rows), frames_of(packed));
  }
  Stream bare{tape, event::Format::kAvro};
  for (std::string& value : bare.values) value.erase(0, 5);
  auto bare_parts = parts();
  bare_parts.decoder = event::WireDecoder{
      event::BareAvroDecoder{three_instruments(), {{9, std::string{event::own_avro_schema()}}}}};
  ScoredRows rows;
  Scorer{std::move(bare_parts), model()}.take(bare.messages(), rows);
  EXPECT_EQ(frames_of(rows), frames_of(packed));
}

TEST(KeyedScorer, one_engine_for_all_is_the_shards_replay) {
  auto tape = rich_tape(53, 3'000);
  Stream stream{tape};
  Shard shard;
  for (std::size_t i = 0; i < stream.events.size(); ++i) {  // one partition has them all
    stream.places[i] = {0, i};
    stream.events[i].source_seq = i;
    shard.engine->step(stream.events[i]);
  }
  Scorer scorer{parts(false), model()};
  ScoredRows rows;
  const auto taken = scorer.take(stream.messages(), rows);
  const auto journal = shard.bytes();
  ASSERT_EQ(journal.size() - sizeof(ledger::FileHeader), rows.bytes().size());
  EXPECT_TRUE(std::equal(rows.bytes().begin(), rows.bytes().end(), journal.begin() + sizeof(ledger::FileHeader)));
  EXPECT_EQ(to_json(taken.engines), to_json(shard.engine->counters()));
}

TEST(KeyedScorer, what_is_no_event_is_a_row_and_changes_nothing_else) {
  Stream stream{rich_tape(54, 500)};
  const std::uint64_t next = stream.places.size();
  Scorer scorer{parts(), model()};
  ScoredRows rows;
  scorer.take(stream.messages(), rows);
  const auto engines_before = scorer.snapshot();
  Stream bad = stream;
  bad.add("AAA", "no record", 0, next);
  const auto other = static_cast<std::size_t>(std::find(bad.keys.begin(), bad.keys.end(), "AAA") - bad.keys.begin());
  bad.add("BBB", bad.values[other], 0, next + 1);  // its symbol is another
  rows.clear();
  const auto taken = scorer.take(bad.messages(next, 2), rows);
  EXPECT_EQ(taken.stream.dead_letters, 2U);
  EXPECT_EQ(taken.stream.keys, 0U);
  ASSERT_EQ(rows.rows().size(), 2U);
  EXPECT_EQ(engine::dead_letter_reason(rows.rows()[0].reason), "truncated");
  EXPECT_EQ(engine::dead_letter_reason(rows.rows()[1].reason), "key is not the symbol");
  EXPECT_EQ(rows.rows()[0].source_seq, event::make_source_seq(0, next));
  EXPECT_EQ(rows.bytes().size(), bad.values[next].size() + bad.values[next + 1].size());
  EXPECT_EQ(scorer.snapshot().size(), engines_before.size()) << "only the offset to come has moved on";

  auto knows = parts();
  knows.home_partitions = {0, 1, 1};
  rows.clear();
  Scorer strict{std::move(knows), model()};
  strict.take(stream.messages(), rows);
  const auto misplaced = std::count_if(rows.rows().begin(), rows.rows().end(), [](const auto& row) {
    return row.kind == 0 && engine::dead_letter_reason(row.reason) == "not in its key's partition";
  });
  EXPECT_EQ(misplaced, std::count(stream.keys.begin(), stream.keys.end(), "CCC"));
}

TEST(KeyedScorer, an_offset_counts_once_and_a_symbol_has_one_partition) {
  const Stream stream{rich_tape(55, 900)};
  Scorer once{parts(), model()};
  ScoredRows rows;
  once.take(stream.messages(), rows);
  const auto whole = frames_of(rows);

  Scorer twice{parts(), model()};
  rows.clear();
  twice.take(stream.messages(0, 600), rows);
  const auto again = twice.take(stream.messages(300), rows);  // 300 to 599 come a second time
  EXPECT_EQ(again.stream.redelivered, 300U);
  EXPECT_EQ(again.stream.messages, 300U);
  EXPECT_EQ(frames_of(rows), whole);
  EXPECT_EQ(twice.snapshot(), once.snapshot());

  auto backwards = stream.messages();
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_THROW(Scorer(parts(), model()).take(backwards, rows), std::invalid_argument);
  auto elsewhere = stream.messages(0, 50);
  for (auto& message : elsewhere) message.partition += 2, message.offset += 10'000;
  try {
    twice.take(elsewhere, rows);
    FAIL() << "a symbol from a second partition has no order";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string_view{error.what()}.find("n_partitions"), std::string_view::npos);
  }
  EXPECT_THROW(Scorer(parts(), model()).take(std::array{StreamMessage{{}, {}, 1ULL << 48U, 0}}, rows),
               std::invalid_argument);
}

TEST(KeyedScorer, numbered_feeds_lose_what_is_late_or_comes_twice) {
  TapeWriter tape;
  for (int i = 0; i < 6; ++i) tape.calm(0, 1000 + i);
  const std::array<std::uint64_t, 6> numbers{1, 2, 2, 1, 5, 6};
  for (std::size_t i = 0; i < numbers.size(); ++i) tape.events()[i].source_seq = numbers[i];
  auto numbered = parts();
  numbered.numbered = true;
  ScoredRows rows;
  const auto taken = Scorer(std::move(numbered), model()).take(Stream{tape}.messages(), rows);
  EXPECT_EQ(taken.stream.duplicates, 1U);
  EXPECT_EQ(taken.stream.late, 1U);
  EXPECT_EQ(taken.stream.gaps, 1U);
  EXPECT_EQ(taken.engines.events, 4U);
  EXPECT_EQ(taken.engines.gaps, 1U);
}

void refuses(Scorer& scorer, std::span<const std::byte> blob, const std::string& words) {
  const auto before = scorer.snapshot();
  try {
    scorer.restore(blob);
    FAIL() << "refuses " << words;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(words), std::string::npos) << error.what();
  }
  EXPECT_EQ(scorer.snapshot(), before) << "nothing has changed";
}

TEST(KeyedScorer, a_state_of_something_else_is_refused_by_name) {
  Scorer scorer{parts(), model()};
  ScoredRows rows;
  scorer.take(Stream{rich_tape(56, 300)}.messages(), rows);
  const auto blob = scorer.snapshot();
  auto other = parts();
  other.identity = {{"model", "another"}, {"fees", "100"}};
  Scorer another{std::move(other), model()};
  refuses(another, blob, "model is imbalance in the state and another here");
  for (std::size_t i = 0; i < blob.size(); i += 5) {
    auto bad = blob;
    bad[i] ^= std::byte{0x10};
    EXPECT_THROW(scorer.restore(bad), std::invalid_argument) << "byte " << i;
  }
  refuses(scorer, std::span{blob}.first(blob.size() - 1), "bytes after its head");
  refuses(scorer, std::span{blob}.first(11), "bytes end too soon");
  auto newer = blob;
  newer[8] = std::byte{2};
  refuses(scorer, newer, "version must be 1, was 2");
  scorer.reset();
  scorer.restore(blob);
  EXPECT_EQ(scorer.snapshot(), blob);
}

TEST(KeyedScorer, a_stream_has_one_topic) {
  Scorer scorer{parts(), model()};
  scorer.come_from("ticks");
  Scorer next{parts(), model()};
  next.restore(scorer.snapshot());
  next.come_from("ticks");
  EXPECT_THROW(next.come_from("others"), std::invalid_argument);
}

TEST(KeyedScorer, engines_of_single_symbols_have_no_others_values_at_hand) {
  auto alone = parts();
  const std::string peer = alone.instruments.front().symbol;
  alone.spec.features.push_back({.name = "", .op = "expr", .input = "", .params = {{"formula", "mid_px@" + peer}}});
  try {
    const Scorer scorer{std::move(alone), model()};
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string{error.what()},
              "the spec reads values of '" + peer + "': each symbol is computed on its own here, so no other's value "
              "is at hand");
  }
}

}  // namespace
