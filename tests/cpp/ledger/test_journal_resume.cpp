#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "hft/ledger/journal.hpp"
#include "hft/ledger/journal_reader.hpp"
#include "hft/ledger/memory_journal.hpp"
#include "journal_samples.hpp"

// A journal goes on where a snapshot was taken: what comes after is handed out, what comes before is not even read.

namespace hft::ledger {
namespace {

using namespace test;

std::vector<std::byte> sample(std::uint64_t n_decisions = 4) {
  MemoryJournal memory;
  write_run(memory, n_decisions);
  return {memory.bytes().begin(), memory.bytes().end()};
}

std::string error_of(const std::filesystem::path& path, std::uint64_t from_bytes) {
  try {
    static_cast<void>(Journal::resume(path, from_bytes));
  } catch (const JournalError& error) {
    return error.what();
  }
  return "resumed";
}

TEST(JournalResume, hands_out_the_frames_from_every_position_and_goes_on_behind_them) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  const auto whole = sample();
  for (const std::uint64_t from : frame_ends(whole)) {
    write_bytes(path, whole);
    Resumed resumed = Journal::resume(path, from);
    EXPECT_EQ(resumed.tail_begins_at, from);
    EXPECT_EQ(resumed.tail, std::vector<std::byte>(whole.begin() + static_cast<std::ptrdiff_t>(from), whole.end()));
    EXPECT_EQ(resumed.journal.n_bytes(), whole.size());
    EXPECT_EQ(resumed.journal.synced_bytes(), whole.size());
    FrameScanner frames{resumed.tail, "tail", from};
    std::uint64_t n_frames = 0;
    for (std::uint64_t at = from; const auto frame = frames.next(); ++n_frames) {
      EXPECT_EQ(frame->offset_bytes, at) << "offsets are those of the file";
      at = frames.offset_bytes();
    }
    EXPECT_EQ(n_frames, resumed.journal.recovery().n_frames);
    ASSERT_TRUE(resumed.journal.append(JournalRecord{mark_of(9)}) && resumed.journal.close());
    EXPECT_EQ(frame_ends(read_file(path)).size(), frame_ends(whole).size() + 1);
  }
}

TEST(JournalResume, a_torn_tail_is_cut_and_not_handed_out) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  const auto whole = sample(2);
  const auto ends = frame_ends(whole);
  for (std::uint64_t n_bytes = ends[2]; n_bytes < whole.size(); ++n_bytes) {
    write_bytes(path, std::span{whole}.first(n_bytes));
    const Resumed resumed = Journal::resume(path, ends[2]);
    const std::uint64_t end = ends[2] + resumed.tail.size();
    ASSERT_EQ(end, *(std::ranges::upper_bound(ends, n_bytes) - 1)) << n_bytes;
    ASSERT_EQ(std::filesystem::file_size(path), end);
    ASSERT_EQ(resumed.journal.recovery().n_bytes_cut, n_bytes - end);
  }
}

TEST(JournalResume, makes_what_is_not_there) {
  const TempFolder folder;
  const auto path = folder.file("new.jrnl");
  {
    Resumed resumed = Journal::resume(path);
    EXPECT_TRUE(resumed.tail.empty());
    EXPECT_EQ(resumed.tail_begins_at, sizeof(FileHeader));
    EXPECT_EQ(resumed.journal.synced_bytes(), sizeof(FileHeader));
    write_run(resumed.journal, 3);
    EXPECT_EQ(resumed.journal.synced_bytes(), sizeof(FileHeader)) << "nothing more was synchronised";
    ASSERT_TRUE(resumed.journal.sync());
    EXPECT_EQ(resumed.journal.synced_bytes(), resumed.journal.n_bytes());
  }
  EXPECT_EQ(read_file(path), sample(3));
}

TEST(JournalResume, names_a_journal_that_lost_its_end_or_is_another_one) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  const auto whole = sample();
  const auto ends = frame_ends(whole);
  write_bytes(path, std::span{whole}.first(ends[3]));
  EXPECT_EQ(error_of(path, ends[5]), path.string() + ": must reach to byte " + std::to_string(ends[5]) + ", had " +
                                         std::to_string(ends[3]) + ": its end was lost, or it is another journal");
  EXPECT_EQ(std::filesystem::file_size(path), ends[3]) << "left alone";
  EXPECT_NE(error_of(folder.file("none.jrnl"), 64).find("must reach to byte 64, had 0"), std::string::npos);

  write_bytes(path, whole);
  EXPECT_NE(error_of(path, ends[3] + 8).find("the frame is damaged and a whole one follows"), std::string::npos);
  auto other = whole;
  other[0] = std::byte{'X'};
  write_bytes(path, other);
  EXPECT_NE(error_of(path, ends[3]).find("is no journal"), std::string::npos);
  EXPECT_EQ(read_file(path), other);
}

TEST(JournalResume, damage_before_the_position_was_the_snapshots_business_and_damage_after_is_an_error) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  auto bytes = sample();
  const auto ends = frame_ends(bytes);
  bytes[ends[2] + 20] ^= std::byte{1};
  write_bytes(path, bytes);
  EXPECT_EQ(error_of(path, ends[4]), "resumed");
  EXPECT_NE(error_of(path, ends[1]).find("at byte " + std::to_string(ends[2]) + ": the frame is damaged"),
            std::string::npos);
}

TEST(JournalResume, a_second_writer_is_refused) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  const Resumed first = Journal::resume(path);
  EXPECT_NE(error_of(path, 0).find("is being written by another process"), std::string::npos);
}

TEST(JournalResume, control_text_is_a_frame_like_any_other_and_output_frames_are_refused) {
  MemoryJournal memory;
  ASSERT_TRUE(memory.append_text(FrameKind::kControl, R"({"set":{"threshold":0.8}})"));
  FrameScanner scanner{memory.bytes(), "memory"};
  const auto frame = scanner.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->kind, FrameKind::kControl);
  EXPECT_EQ(frame->text(), R"({"set":{"threshold":0.8}})");

  EXPECT_THROW(static_cast<void>(memory.append_text(FrameKind::kLease, "{}")), std::invalid_argument);
  const Lease lease{3, 0, 0, {1, 2, 3}};
  std::vector<std::byte> bytes(memory.bytes().begin(), memory.bytes().end());
  const std::size_t at = bytes.size();
  bytes.resize(at + frame_bytes(sizeof lease));
  encode_frame(FrameKind::kLease, std::as_bytes(std::span{&lease, 1}), bytes.data() + at);
  try {
    frame_ends(bytes);
    FAIL() << "a lease in a journal";
  } catch (const JournalError& error) {
    EXPECT_EQ(std::string{error.what()}, "sample: at byte " + std::to_string(at) +
                                             ": frame of kind 8: belongs into an output topic, not into a journal");
  }
}

TEST(OutputFrame, a_message_is_exactly_one_whole_frame) {
  const Lease lease{3, 0, 0, {1, 2, 3}};
  std::vector<std::byte> bytes(frame_bytes(sizeof lease));
  encode_frame(FrameKind::kLease, std::as_bytes(std::span{&lease, 1}), bytes.data());
  const auto frame = frame_of_message(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->kind, FrameKind::kLease);
  EXPECT_EQ(frame->as<Lease>().fence_epoch, 3U);

  std::vector<std::byte> order(frame_bytes(0));
  encode_frame(FrameKind::kInputOrder, {}, order.data());
  ASSERT_TRUE(frame_of_message(order));
  EXPECT_TRUE(frame_of_message(order)->payload.empty());

  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto bad = bytes;
    bad[i] ^= std::byte{4};
    EXPECT_FALSE(frame_of_message(bad)) << i;
    EXPECT_FALSE(frame_of_message(std::span{bytes}.first(i))) << i;
  }
  bytes.resize(bytes.size() + 8);
  EXPECT_FALSE(frame_of_message(bytes)) << "something follows";
  std::vector<std::byte> unknown(frame_bytes(8));
  encode_frame(static_cast<FrameKind>(10), std::as_bytes(std::span{"12345678", 8}), unknown.data());
  EXPECT_FALSE(frame_of_message(unknown));
}

}  // namespace
}  // namespace hft::ledger
