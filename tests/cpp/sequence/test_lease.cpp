#include "hft/sequence/lease.hpp"

#include <gtest/gtest.h>

#include "message_samples.hpp"

namespace hft::sequence {
namespace {

using Verdict = LeaseReader::Verdict;

TEST(LeaseReader, words_behind_a_successors_lease_are_void) {
  LeaseReader reader;
  EXPECT_EQ(reader.see(lease_message(1, 'a')), Verdict::kLease);
  EXPECT_EQ(reader.see(decision(0, 1, {}, 1)), Verdict::kValid);
  EXPECT_EQ(reader.see(lease_message(2, 'b')), Verdict::kLease);
  EXPECT_EQ(reader.see(decision(1, 2, {}, 1)), Verdict::kVoid);
  EXPECT_EQ(reader.see(decision(1, 2, {}, 2)), Verdict::kValid);
  EXPECT_EQ(reader.n_void(), 1U);
}

TEST(LeaseReader, of_two_leases_of_one_epoch_the_first_counts) {
  LeaseReader reader;
  EXPECT_EQ(reader.see(lease_message(3, 'a')), Verdict::kLease);
  EXPECT_EQ(reader.see(lease_message(3, 'b')), Verdict::kVoid);
  EXPECT_EQ(reader.current().writer_id[0], 'a');
}

TEST(LeaseReader, words_of_a_writer_without_a_lease_are_broken) {
  LeaseReader reader{4};
  EXPECT_EQ(reader.see(decision(0, 1, {}, 4)), Verdict::kValid);
  EXPECT_EQ(reader.see(decision(1, 2, {}, 5)), Verdict::kBroken);
}

TEST(LeaseReader, a_dead_letter_that_looks_like_a_lease_is_a_dead_letter) {
  LeaseReader reader{1};
  OutputMessage letter = lease_message(9, 'x');
  letter.header.fence_epoch = 1;
  letter.source = {std::byte{'t'}};
  EXPECT_EQ(reader.see(letter), Verdict::kValid);
  EXPECT_EQ(reader.current().fence_epoch, 1U);
}

}  // namespace
}  // namespace hft::sequence
