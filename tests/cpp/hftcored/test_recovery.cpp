#include "recovery.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "daemon_world.hpp"
#include "signals.hpp"

namespace hft::daemon {
namespace {

using testing::kLanes;
using testing::Log;
using testing::MemorySource;
using testing::World;

constexpr int kInputs = 240;

/// An undisturbed life over two topics, with poison, a gap in the numbers, a repetition and a change of settings.
struct Life {
  World world;
  MemorySource source;
  std::vector<sequence::Lane> arrivals;  // the order that nobody could know beforehand
  Log log;
  std::unique_ptr<Shard<false>> shard = world.shard();

  Life() {
    make_topics();
    Decoding decoding = world.decoding();
    shard->emit_to(log);
    shard->apply(world.birth);
    for (const sequence::Lane lane : arrivals) {
      if (log.n_inputs == kInputs / 2) shard->apply(world.later);
      std::array<RawInput, 1> raw;
      Input input;
      (void)source.poll_lane(0, lane, raw, {});
      decoding.decode(raw[0], source, input);
      input.stale = log.n_inputs % 50 == 49;
      ++log.n_inputs;
      shard->take(input);
    }
    shard->flush_run();
    source.next.clear();
  }

  void make_topics() {
    std::mt19937 random{11};
    std::array<std::array<std::uint64_t, 3>, 2> numbers{};
    for (int i = 0; i < kInputs; ++i) {
      const auto topic = static_cast<std::uint32_t>(random() % 2);
      const auto symbol = static_cast<std::uint32_t>(random() % 3);
      std::uint64_t& number = numbers[topic][symbol];
      if (i % 31 != 30) ++number;          // else a repetition
      if (i % 67 == 66) number += 2;       // a gap
      engine::testing::TapeWriter tape{engine::testing::kMidnightNs + engine::testing::kOpenNs + i * 1'000'000};
      if (topic == 0) {
        const auto bid_lots = static_cast<std::int64_t>(5 + random() % 90);
        tape.quote(symbol, 1000, bid_lots, 1001, 100 - bid_lots);
      } else {
        tape.trade(symbol, 1000, 5);
      }
      event::Event event = tape.events()[0];
      event.source_seq = number;
      const auto bytes = std::as_bytes(std::span{&event, 1});
      const sequence::Lane lane = kLanes[topic];
      source.topics[lane].emplace_back(bytes.begin(), bytes.end());
      if (i % 41 == 40) source.topics[lane].back().resize(17);  // poison
      arrivals.push_back(lane);
    }
  }
};

/// A daemon that published the first `n_sent` messages and journalled the first `n_journal` bytes, and starts again.
class Restart {
 public:
  Restart(const Life& life, std::size_t n_sent, std::size_t n_journal) : life_{life} {
    path_ = std::filesystem::path{::testing::TempDir()} / ("recovery-" + std::to_string(::getpid()) + ".hftj");
    std::array<std::vector<sequence::OutputMessage>, sequence::kOutputs> published;
    for (const Log::Sent& sent : std::span{life.log.sent}.first(n_sent)) published[sent.output].push_back(sent.message);
    history_.emplace(sequence::Position{}, published);
    {
      auto journal = ledger::Journal::create(path_, ledger::Existing::kReplace);
      (void)journal.close();
    }
    std::ofstream{path_, std::ios::binary | std::ios::app}.write(
        reinterpret_cast<const char*>(life.log.journal.data()), static_cast<std::streamsize>(n_journal));
    source_.topics = life.source.topics;
  }
  ~Restart() { std::filesystem::remove(path_); }

  void run() {
    ledger::Resumed resumed = ledger::Journal::resume(path_);
    ledger::FrameScanner tail{resumed.tail, path_.string(), resumed.tail_begins_at};
    shard_ = life_.world.shard();
    Comparer comparer{0, *history_, tail, resumed.journal};
    shard_->emit_to(comparer);
    Decoding decoding = life_.world.decoding();
    Recovery<false> recovery{
        *shard_, 0, *history_, source_, decoding, comparer, [this](const std::string& control) -> const Change& {
          return life_.world.change_of(control);
        }};
    const Cleared cleared{*this, comparer, recovery};
    recovery.run(false);
    comparer.check();
    journal_ended_ = comparer.journal_ended();
    (void)resumed.journal.close();
  }

  /// Takes what is left, and ends the poison in it, however the recovery went.
  struct Cleared {
    Restart& restart;
    Comparer& comparer;
    Recovery<false>& recovery;
    ~Cleared() {
      for (const Input& input : recovery.take_left_over()) {
        if (input.kind == InputKind::kPoison) delete input.poison;
      }
      restart.unpublished_ = comparer.take_unpublished();
      for (const Output& output : restart.unpublished_) {
        if (output.kind == OutputKind::kPoison) delete output.poison;
      }
    }
  };

  [[nodiscard]] std::vector<std::byte> journal() const {
    const auto bytes = ledger::read_file(path_);
    return {bytes.begin() + sizeof(ledger::FileHeader), bytes.end()};
  }

  const Life& life_;
  std::filesystem::path path_;
  std::optional<sequence::History> history_;
  MemorySource source_;
  std::unique_ptr<Shard<false>> shard_;
  std::vector<Output> unpublished_;
  bool journal_ended_ = false;
};

TEST(Recovery, meets_every_word_again_wherever_publishing_stopped) {
  const Life life;
  ASSERT_GT(life.log.sent.size(), 100U);
  for (std::size_t n_sent = sequence::kOutputs; n_sent <= life.log.sent.size(); ++n_sent) {
    Restart restart{life, n_sent, 0};
    ASSERT_NO_THROW(restart.run()) << n_sent;
    const std::uint64_t reached = restart.history_->order().end();
    ASSERT_EQ(restart.shard_->position().sequence.n_inputs, reached);
    // The journal is made again up to there, and is the beginning of the undisturbed one.
    const auto journal = restart.journal();
    ASSERT_LE(journal.size(), life.log.journal.size());
    ASSERT_TRUE(std::equal(journal.begin(), journal.end(), life.log.journal.begin())) << n_sent;
  }
}

TEST(Recovery, what_one_output_has_and_another_lacks_is_left_to_publish) {
  const Life life;
  // Orders and fills were sent after their decision; what stands in `sent` after a decision is missing here.
  for (std::size_t n_sent = sequence::kOutputs; n_sent < life.log.sent.size(); ++n_sent) {
    Restart restart{life, n_sent, 0};
    restart.run();
    const std::uint64_t reached = restart.history_->order().end();
    std::size_t n_expected = 0;
    for (std::size_t i = n_sent; i < life.log.sent.size(); ++i) {
      const auto& [output, message] = life.log.sent[i];
      const auto frame = ledger::frame_of_message(message.value);
      const bool is_control = message.source.empty() && frame && frame->kind == ledger::FrameKind::kControl;
      n_expected += message.header.n_inputs <= reached && !is_control ? 1U : 0U;
    }
    const auto n_left = std::count_if(restart.unpublished_.begin(), restart.unpublished_.end(),
                                      [](const Output& o) { return o.kind != OutputKind::kControl; });
    ASSERT_EQ(static_cast<std::size_t>(n_left), n_expected) << n_sent;
  }
}

TEST(Recovery, a_journal_that_is_ahead_or_behind_is_met_as_far_as_it_goes) {
  const Life life;
  const std::size_t n_sent = life.log.sent.size() / 2;
  for (const std::size_t n_journal : {std::size_t{0}, life.log.journal.size() / 3, life.log.journal.size()}) {
    Restart restart{life, n_sent, n_journal};
    ASSERT_NO_THROW(restart.run()) << n_journal;
    const auto journal = restart.journal();
    ASSERT_TRUE(std::equal(journal.begin(), journal.end(), life.log.journal.begin()));
    EXPECT_EQ(restart.journal_ended_, n_journal < life.log.journal.size());
  }
}

TEST(Recovery, a_signal_ends_it_and_the_next_start_meets_all_of_it) {
  block_signals();
  const Life life;
  const std::size_t n_sent = life.log.sent.size();
  {
    Restart restart{life, n_sent, 0};
    ASSERT_EQ(::raise(SIGTERM), 0);
    EXPECT_THROW(restart.run(), EndAsked);
    EXPECT_LT(restart.shard_->position().sequence.n_inputs, restart.history_->order().end());
  }
  EXPECT_EQ(next_signal(std::chrono::milliseconds{0}), SIGTERM);
  Restart restart{life, n_sent, 0};
  ASSERT_NO_THROW(restart.run());
  EXPECT_EQ(restart.shard_->position().sequence.n_inputs, restart.history_->order().end());
}

TEST(Recovery, one_altered_bit_of_what_was_published_stops_it) {
  const Life life;
  Restart restart{life, 0, 0};
  std::array<std::vector<sequence::OutputMessage>, sequence::kOutputs> published;
  for (const Log::Sent& sent : life.log.sent) published[sent.output].push_back(sent.message);
  // The score of one decision, with its checksum made right again: only the replay can tell.
  auto& value = published[0][5].value;
  auto frame = ledger::frame_of_message(value);
  ASSERT_EQ(frame->kind, ledger::FrameKind::kDecision);
  auto decision = frame->as<ledger::Decision>();
  decision.up_frac += 1e-9;
  ledger::encode_frame(ledger::FrameKind::kDecision, std::as_bytes(std::span{&decision, 1}), value.data());
  restart.history_.emplace(sequence::Position{}, published);
  EXPECT_THROW(restart.run(), Fatal);
}

TEST(Recovery, a_record_that_no_input_caused_stops_it) {
  const Life life;
  Restart restart{life, 0, 0};
  std::array<std::vector<sequence::OutputMessage>, sequence::kOutputs> published;
  for (const Log::Sent& sent : life.log.sent) published[sent.output].push_back(sent.message);
  sequence::OutputMessage stranger = published[0].back();
  ++stranger.header.seq;
  stranger.runs.clear();
  published[0].push_back(stranger);
  restart.history_.emplace(sequence::Position{}, published);
  EXPECT_THROW(restart.run(), Fatal);
}

TEST(Recovery, inputs_that_are_gone_are_named) {
  const Life life;
  Restart restart{life, life.log.sent.size(), 0};
  restart.source_.topics[kLanes[0]].resize(20);
  try {
    restart.run();
    FAIL() << "recovered without its inputs";
  } catch (const Fatal& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputLost);
  }
}

}  // namespace
}  // namespace hft::daemon
