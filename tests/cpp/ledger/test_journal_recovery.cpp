#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "hft/ledger/journal.hpp"
#include "hft/ledger/journal_reader.hpp"
#include "hft/ledger/memory_journal.hpp"
#include "journal_samples.hpp"

namespace hft::ledger {
namespace {

using namespace test;

std::vector<std::byte> sample(std::uint64_t n_decisions = 4) {
  MemoryJournal memory;
  write_run(memory, n_decisions);
  return {memory.bytes().begin(), memory.bytes().end()};
}

std::string reading_of(std::span<const std::byte> bytes) {
  try {
    frame_ends(bytes);
  } catch (const JournalError& error) {
    return error.what();
  }
  return "read";
}

TEST(JournalRecovery, EveryTruncationKeepsTheLongestWholePrefixAndCanGoOn) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  const auto whole = sample(2);
  const auto ends = frame_ends(whole);
  for (std::size_t n_bytes = 0; n_bytes <= whole.size(); ++n_bytes) {
    write_bytes(path, std::span{whole}.first(n_bytes));
    const auto above = std::ranges::upper_bound(ends, n_bytes);
    const std::uint64_t kept = above == ends.begin() ? 0 : *(above - 1);
    const auto n_frames = static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(above - ends.begin(), 1) - 1);

    Journal journal = Journal::open_for_append(path, 256);
    ASSERT_EQ(journal.recovery().n_frames, n_frames) << n_bytes;
    ASSERT_EQ(journal.recovery().n_bytes_cut, n_bytes - kept) << n_bytes;
    ASSERT_TRUE(journal.append(JournalRecord{mark_of(99)}) && journal.close());
    const auto after = frame_ends(read_file(path));
    ASSERT_EQ(after.size(), n_frames + 2) << n_bytes;
    ASSERT_EQ(after.back(), std::max<std::uint64_t>(kept, sizeof(FileHeader)) + frame_bytes(sizeof(Mark)));
  }
}

TEST(JournalRecovery, EveryFlippedByteIsNoticed) {
  const auto whole = sample(2);
  const auto ends = frame_ends(whole);
  const std::uint64_t last_frame = ends[ends.size() - 2];
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      auto bytes = whole;
      bytes[i] ^= static_cast<std::byte>(flip);
      if (i < last_frame) {
        EXPECT_NE(reading_of(bytes), "read") << "byte " << i;
        continue;
      }
      FrameScanner scanner{bytes, "flipped"};  // in the last frame it looks like a torn tail
      while (scanner.next()) {
      }
      EXPECT_EQ(scanner.offset_bytes(), last_frame) << "byte " << i;
      EXPECT_EQ(scanner.torn_bytes(), whole.size() - last_frame) << "byte " << i;
    }
  }
}

TEST(JournalRecovery, DamageInTheMiddleIsAnErrorAndTheFileIsLeftAlone) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  auto bytes = sample();
  const auto ends = frame_ends(bytes);
  bytes[ends[3] + 20] ^= std::byte{1};
  write_bytes(path, bytes);
  try {
    static_cast<void>(Journal::open_for_append(path));
    FAIL() << "a damaged journal was opened";
  } catch (const JournalError& error) {
    EXPECT_EQ(std::string{error.what()}, path.string() + ": at byte " + std::to_string(ends[3]) +
                                             ": the frame is damaged and a whole one follows at byte " +
                                             std::to_string(ends[4]) + ": the file was altered, not cut short");
  }
  EXPECT_EQ(read_file(path), bytes);
}

TEST(JournalRecovery, ZeroedTailIsCut) {  // what some file systems leave after a power failure
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  auto bytes = sample();
  const std::size_t n_whole = bytes.size();
  bytes.resize(n_whole + 4096);
  write_bytes(path, bytes);
  Journal journal = Journal::open_for_append(path);
  EXPECT_EQ(journal.recovery().n_bytes_cut, 4096U);
  EXPECT_EQ(std::filesystem::file_size(path), n_whole);
}

TEST(JournalRecovery, FramesOfANewerVersionAreAnErrorNotATail) {
  auto bytes = sample(1);
  const std::size_t at = bytes.size();
  bytes.resize(at + frame_bytes(8));
  encode_frame(static_cast<FrameKind>(10), std::as_bytes(std::span{"12345678", 8}), bytes.data() + at);
  EXPECT_EQ(reading_of(bytes), "sample: at byte " + std::to_string(at) +
                                   ": frame of kind 10, version 1: written by a newer version of this program");
}

TEST(JournalRecovery, RecordOfAnotherSizeIsAnError) {
  std::vector<std::byte> bytes = sample(1);
  const std::size_t at = bytes.size();
  bytes.resize(at + frame_bytes(8));
  encode_frame(FrameKind::kFill, std::as_bytes(std::span{"12345678", 8}), bytes.data() + at);
  EXPECT_EQ(reading_of(bytes),
            "sample: at byte " + std::to_string(at) + ": payload of kind 4 must have 56 bytes, had 8");
}

TEST(JournalRecovery, OtherFilesAreNamedAsNoJournal) {
  const TempFolder folder;
  for (const std::string text :
       {"PAR1", "short", "# a text of more than sixty-four bytes, which is what a header has ..."}) {
    const auto path = folder.file("other");
    write_bytes(path, std::as_bytes(std::span{text}));
    try {
      static_cast<void>(Journal::open_for_append(path));
      FAIL() << text;
    } catch (const JournalError& error) {
      EXPECT_EQ(std::string{error.what()}, path.string() + ": is no journal: must begin with \"HFTJRNL1\"");
    }
    EXPECT_EQ(read_file(path).size(), text.size()) << "left alone";
  }
  auto newer = sample(1);
  newer[8] = std::byte{2};
  EXPECT_EQ(reading_of(newer), "sample: at byte 0: file version must be 1, was 2");
  EXPECT_THROW((void)read_file(folder.file("missing")), JournalError);
}

TEST(JournalRecovery, RandomTailsNeverCrashAndNeverAddFrames) {
  const auto whole = sample(1);
  const std::size_t n_frames = frame_ends(whole).size();
  std::uint64_t state = 88172645463325252ULL;
  for (int round = 0; round < 2'000; ++round) {
    auto bytes = whole;
    const std::size_t n_tail = static_cast<std::size_t>(round % 200);
    for (std::size_t i = 0; i < n_tail; ++i) {
      state ^= state << 13U, state ^= state >> 7U, state ^= state << 17U;
      bytes.push_back(static_cast<std::byte>(state & ((round & 1) != 0 ? 0xFFU : 0x03U)));
    }
    ASSERT_EQ(frame_ends(bytes).size(), n_frames);
  }
}

TEST(JournalRecovery, ForgedHeadersDoNotMakeTheSearchQuadratic) {
  // Each of them asks for a checksum to the end of the file. Without a bound this takes minutes.
  auto bytes = sample(1);
  const std::size_t n_sample = bytes.size();
  bytes[n_sample - 1] ^= std::byte{1};
  bytes.resize(n_sample + (std::size_t{4} << 20U));
  for (std::size_t at = n_sample; at + sizeof(FrameHeader) <= bytes.size(); at += sizeof(FrameHeader)) {
    FrameHeader forged{};
    forged.kind = static_cast<std::uint16_t>(FrameKind::kRunEnd);
    forged.version = kFrameVersion;
    const std::size_t rest = std::min<std::size_t>(bytes.size() - at - sizeof forged, kMaxTextBytes);
    forged.payload_bytes = static_cast<std::uint32_t>(rest - rest % kFrameAlign);
    std::memcpy(bytes.data() + at, &forged, sizeof forged);
  }
  EXPECT_NE(reading_of(bytes).find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace hft::ledger
