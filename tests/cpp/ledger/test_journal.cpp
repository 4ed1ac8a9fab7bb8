#include "hft/ledger/journal.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "hft/ledger/journal_reader.hpp"
#include "hft/ledger/memory_journal.hpp"
#include "journal_samples.hpp"

namespace hft::ledger {
namespace {

using namespace test;

std::string failure_of(const auto& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Journal, FileAndMemoryHoldTheSameBytesWhateverTheBuffer) {
  const TempFolder folder;
  MemoryJournal memory;
  write_run(memory, 50);
  for (const std::size_t buffer_bytes : {std::size_t{0}, std::size_t{100}, std::size_t{4096}, std::size_t{1} << 20U}) {
    Journal journal = Journal::create(folder.file("a.jrnl"), Existing::kReplace, buffer_bytes);
    write_run(journal, 50);
    EXPECT_EQ(journal.n_bytes(), memory.bytes().size());
    ASSERT_TRUE(journal.close());
    const auto bytes = read_file(folder.file("a.jrnl"));
    EXPECT_TRUE(std::ranges::equal(bytes, memory.bytes())) << "buffer of " << buffer_bytes;
  }
}

TEST(Journal, WhatWasAppendedIsRead) {
  MemoryJournal memory;
  write_run(memory, 2);
  FrameScanner scanner{memory.bytes(), "memory"};
  const auto header = scanner.next();
  ASSERT_TRUE(header && header->kind == FrameKind::kRunHeader);
  EXPECT_EQ(header->text(), R"({"schema":1})");
  for (std::uint64_t n = 0; n < 2; ++n) {
    const auto decision = scanner.next();
    ASSERT_TRUE(decision && decision->kind == FrameKind::kDecision);
    EXPECT_EQ(decision->as<Decision>().id, id_of(n));
    EXPECT_EQ(decision->as<Decision>().up_frac, 0.75);
    const auto order = scanner.next();
    ASSERT_TRUE(order && order->kind == FrameKind::kOrder);
    EXPECT_EQ(order->as<Order>().limit_px_ticks, 2735);
    const auto fill = scanner.next();
    ASSERT_TRUE(fill && fill->kind == FrameKind::kFill);
    EXPECT_EQ(fill->as<Fill>().fee_nano, 250);
  }
  ASSERT_EQ(scanner.next()->as<Mark>().mid_half_ticks, 5471);
  EXPECT_EQ(scanner.next()->text(), R"({"n":1})");
  EXPECT_FALSE(scanner.next());
  EXPECT_EQ(scanner.torn_bytes(), 0U);
}

TEST(Journal, BytesAreThoseOfTheFormat) {  // a golden frame: a change here is a new journal version
  MemoryJournal memory;
  ASSERT_TRUE(memory.append(JournalRecord{mark_of(3)}));
  const auto bytes = memory.bytes();
  ASSERT_EQ(bytes.size(), 64U + 16U + 24U);
  EXPECT_EQ(std::memcmp(bytes.data(), "HFTJRNL1\x01\0\0\0\x40\0\0\0", 16), 0);
  EXPECT_EQ(std::memcmp(bytes.data() + 64, "\x18\0\0\0", 4), 0);            // payload of 24 bytes
  EXPECT_EQ(std::memcmp(bytes.data() + 72, "\x05\0\x01\0\0\0\0\0", 8), 0);  // mark, version 1, reserved
  EXPECT_EQ(std::memcmp(bytes.data() + 80, "\xb8\x0b\0\0\0\0\0\0\x5f\x15\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 24), 0);
  std::uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + 68, 4);
  EXPECT_EQ(crc, base::crc32c(bytes.subspan(72)));
}

TEST(Journal, ReopenedJournalGoesOnWhereItWas) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  MemoryJournal twice;
  write_run(twice, 3);
  write_run(twice, 4);
  {
    Journal first = Journal::open_for_append(path);
    EXPECT_EQ(first.recovery().n_frames, 0U);
    write_run(first, 3);
    ASSERT_TRUE(first.sync());
  }
  Journal second = Journal::open_for_append(path);
  EXPECT_EQ(second.recovery().n_frames, 2U + 3 * 3 + 1);
  EXPECT_EQ(second.recovery().n_bytes_cut, 0U);
  write_run(second, 4);
  ASSERT_TRUE(second.close());
  EXPECT_TRUE(std::ranges::equal(read_file(path), twice.bytes()));
}

TEST(Journal, NewJournalRefusesAnExistingFileUnlessItReplacesIt) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  ASSERT_TRUE(Journal::create(path).close());
  EXPECT_EQ(failure_of([&] { static_cast<void>(Journal::create(path)); }),
            path.string() + ": cannot be opened for writing: File exists");
  EXPECT_TRUE(Journal::create(path, Existing::kReplace).close());
  EXPECT_THROW(Journal::create(folder.file("missing") / "a.jrnl"), JournalError);
}

TEST(Journal, HasOneWriterAtATime) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  Journal journal = Journal::create(path);
  ASSERT_TRUE(journal.flush());
  EXPECT_NE(
      failure_of([&] { static_cast<void>(Journal::open_for_append(path)); }).find("being written by another process"),
      std::string::npos);
  EXPECT_NE(failure_of([&] { static_cast<void>(Journal::create(path, Existing::kReplace)); }).find("being written"),
            std::string::npos);
  ASSERT_TRUE(journal.close());
  EXPECT_EQ(Journal::open_for_append(path).recovery().n_frames, 0U);
}

TEST(Journal, FullDiskLatches) {
  Journal journal = Journal::create("/dev/full", Existing::kReplace, 200);
  bool taken = true;
  int n_taken = 0;
  while (taken && n_taken < 100) n_taken += taken = journal.append(JournalRecord{decision_of(1)});
  EXPECT_FALSE(taken);
  EXPECT_LE(n_taken, 2) << "what the buffer holds";
  EXPECT_TRUE(journal.failed());
  EXPECT_EQ(journal.error_number(), ENOSPC);
  EXPECT_FALSE(journal.append(JournalRecord{mark_of(1)}));
  EXPECT_FALSE(journal.append_text(FrameKind::kRunEnd, "{}"));
  EXPECT_FALSE(journal.flush());
  EXPECT_FALSE(journal.sync());
  EXPECT_FALSE(journal.close());
  EXPECT_FALSE(journal.close());
  EXPECT_EQ(journal.error_number(), ENOSPC) << "the first reason stays";
}

TEST(Journal, FileSizeLimitLatchesAndLeavesATailThatTheNextOpenCuts) {
  const TempFolder folder;
  const auto path = folder.file("a.jrnl");
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const ::rlimit limit{500, before.rlim_max};  // in the middle of the sixth decision
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  {
    Journal journal = Journal::create(path, Existing::kRefuse, 1024);
    for (std::uint64_t n = 0; n < 10; ++n) EXPECT_TRUE(journal.append(JournalRecord{decision_of(n)}));
    EXPECT_FALSE(journal.flush());
    EXPECT_EQ(journal.error_number(), EFBIG);
    EXPECT_FALSE(journal.append(JournalRecord{decision_of(10)}));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(std::filesystem::file_size(path), 500U);
  Journal journal = Journal::open_for_append(path);
  EXPECT_EQ(journal.recovery().n_frames, 5U);
  EXPECT_EQ(journal.recovery().n_bytes_cut, 500U - 64U - 5 * 80U);
  EXPECT_EQ(std::filesystem::file_size(path), 64U + 5 * 80U);
}

TEST(Journal, TextMustBeTextAndOfReasonableSize) {
  MemoryJournal memory;
  EXPECT_THROW((void)memory.append_text(FrameKind::kFill, "{}"), std::invalid_argument);
  EXPECT_THROW((void)memory.append_text(FrameKind::kRunEnd, std::string(kMaxTextBytes + 1, 'x')),
               std::invalid_argument);
  const std::string long_text = "{" + std::string(1'000'000, 'x') + "}";
  const TempFolder folder;
  Journal journal = Journal::create(folder.file("a.jrnl"), Existing::kRefuse, 100);
  ASSERT_TRUE(journal.append_text(FrameKind::kRunHeader, long_text) && journal.close());
  const auto bytes = read_file(folder.file("a.jrnl"));
  FrameScanner scanner{bytes, "long"};
  EXPECT_EQ(scanner.next()->text(), long_text);
}

TEST(Journal, MovedJournalKeepsWritingAndTheOldOneRefuses) {
  const TempFolder folder;
  Journal a = Journal::create(folder.file("a.jrnl"));
  ASSERT_TRUE(a.append(JournalRecord{mark_of(1)}));
  Journal b = std::move(a);
  EXPECT_FALSE(a.append(JournalRecord{mark_of(2)}));  // NOLINT(bugprone-use-after-move): that is the point
  ASSERT_TRUE(b.append(JournalRecord{mark_of(2)}));
  b = Journal::create(folder.file("b.jrnl"));  // closes the first
  EXPECT_EQ(frame_ends(read_file(folder.file("a.jrnl"))).size(), 1U + 2U);
  ASSERT_TRUE(b.close());
  EXPECT_FALSE(b.append(JournalRecord{mark_of(3)}));
}

}  // namespace
}  // namespace hft::ledger
