#include "hft/event/sequence_guard.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace {

using hft::base::ByteReader;
using hft::base::ByteWriter;
using hft::event::kSequenceReset;
using hft::event::SequenceGuard;
using Seen = SequenceGuard::Seen;

TEST(SequenceGuard, SeesWhatWasLostAndWhatCameTwice) {
  SequenceGuard guard{2};
  EXPECT_EQ(guard.check(0, 5, 0), Seen::kFirst) << "a feed may be joined anywhere";
  EXPECT_EQ(guard.check(0, 6, 0), Seen::kNext);
  EXPECT_EQ(guard.check(0, 6, 0), Seen::kDuplicate);
  EXPECT_EQ(guard.check(0, 4, 0), Seen::kLate);
  EXPECT_EQ(guard.check(0, 7, 0), Seen::kNext) << "what was left out changed nothing";
  EXPECT_EQ(guard.check(0, 9, 0), Seen::kGap);
  EXPECT_EQ(guard.check(0, 8, 0), Seen::kLate) << "what a gap left out is late when it comes";
  EXPECT_EQ(guard.check(0, 10, 0), Seen::kNext);
  EXPECT_EQ(guard.check(1, 1, 0), Seen::kFirst) << "each symbol counts alone";
}

TEST(SequenceGuard, AnUnnumberedRecordPasses) {
  SequenceGuard guard{1};
  EXPECT_EQ(guard.check(0, 0, 0), Seen::kUnnumbered);
  EXPECT_EQ(guard.check(0, 3, 0), Seen::kFirst);
  EXPECT_EQ(guard.check(0, 0, 0), Seen::kUnnumbered);
  EXPECT_EQ(guard.check(0, 4, 0), Seen::kNext);
}

TEST(SequenceGuard, AResetStartsAnew) {
  SequenceGuard guard{1};
  EXPECT_EQ(guard.check(0, 100, 0), Seen::kFirst);
  EXPECT_EQ(guard.check(0, 1, kSequenceReset), Seen::kReset);
  EXPECT_EQ(guard.check(0, 2, 0), Seen::kNext);
  EXPECT_EQ(guard.check(0, 0, kSequenceReset), Seen::kReset) << "the feed stopped numbering";
  EXPECT_EQ(guard.check(0, 50, 0), Seen::kFirst);
}

TEST(SequenceGuard, TheLastNumberOfAllIsNoWrap) {
  SequenceGuard guard{1};
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(guard.check(0, kLast, 0), Seen::kFirst);
  EXPECT_EQ(guard.check(0, 1, 0), Seen::kLate);
}

TEST(SequenceGuard, GoesOnAfterARestoreWhereItWas) {
  SequenceGuard guard{2};
  static_cast<void>(guard.check(1, 7, 0));
  ByteWriter saved;
  guard.save(saved);
  SequenceGuard restored{2};
  ByteReader in{saved.bytes()};
  restored.load(in);
  EXPECT_EQ(in.left(), 0U);
  EXPECT_EQ(restored.check(1, 8, 0), Seen::kNext);
  EXPECT_EQ(restored.check(0, 8, 0), Seen::kFirst);
}

TEST(SequenceGuard, RefusesAnothersStateAndKeepsItsOwn) {
  ByteWriter saved;
  SequenceGuard{3}.save(saved);
  SequenceGuard guard{2};
  static_cast<void>(guard.check(0, 7, 0));
  ByteReader other{saved.bytes()};
  EXPECT_THROW(guard.load(other), std::invalid_argument);
  SequenceGuard three{3};
  ByteReader torn{saved.bytes().first(20)};
  EXPECT_THROW(three.load(torn), std::invalid_argument);
  EXPECT_EQ(guard.check(0, 8, 0), Seen::kNext);
}

}  // namespace
