#include "hft/sequence/history.hpp"

#include <gtest/gtest.h>

#include "message_samples.hpp"

namespace hft::sequence {
namespace {

using Published = std::array<std::vector<OutputMessage>, kOutputs>;

const sequence::Run kA3{1, 0, 0, 3};
const sequence::Run kB2{2, 0, 0, 2};

OutputMessage as_order(OutputMessage message) {
  message.value = frame_of(ledger::FrameKind::kOrder, bytes_of(ledger::Order{}));
  return message;
}

TEST(History, the_order_is_the_longest_that_any_output_tells) {
  Published published;
  published[0] = {decision(0, 3, {kA3})};
  published[1] = {as_order(decision(0, 5, {kA3, kB2}))};
  const History history{{}, published};
  EXPECT_EQ(history.order().end(), 5U);
  EXPECT_EQ(history.order().slice(0, 5), (std::vector<sequence::Run>{kA3, kB2}));
  EXPECT_EQ(history.n_inputs(Output::kDecisions), 3U);
  EXPECT_EQ(history.n_inputs(Output::kOrders), 5U);
  EXPECT_EQ(history.seq_end(Output::kDecisions), 1U);
  EXPECT_NE(history.find(Output::kDecisions, 0), nullptr);
  EXPECT_EQ(history.find(Output::kDecisions, 1), nullptr);
}

TEST(History, what_a_snapshot_holds_is_passed_over) {
  Published published;
  published[0] = {decision(0, 2, {{1, 0, 0, 2}}), decision(1, 6, {{1, 0, 0, 1}, kB2, {1, 0, 0, 1}})};
  const History history{{.n_inputs = 4, .seqs = {1, 0, 0, 0}, .n_controls = 0}, published};
  EXPECT_EQ(history.order().begin(), 4U);
  EXPECT_EQ(history.order().slice(4, 6), (std::vector<sequence::Run>{{2, 0, 0, 1}, {1, 0, 0, 1}}));
  EXPECT_EQ(history.find(Output::kDecisions, 0), nullptr);
  EXPECT_NE(history.find(Output::kDecisions, 1), nullptr);
}

TEST(History, messages_without_a_record_only_tell_the_order) {
  Published published;
  published[0] = {order_only(0, 3, {kA3}), decision(0, 5, {kB2}), order_only(1, 8, {kA3})};
  const History history{{}, published};
  EXPECT_EQ(history.order().end(), 8U);
  EXPECT_EQ(history.seq_end(Output::kDecisions), 1U);
}

TEST(History, a_control_counts_once_and_stands_where_it_was_taken_up) {
  Published published;
  published[0] = {control(0, 0), decision(0, 3, {kA3}), control(1, 3)};
  published[1] = {control(0, 0)};
  const History history{{}, published};
  ASSERT_EQ(history.controls().size(), 2U);
  EXPECT_EQ(history.controls().at(1).n_inputs, 3U);
  EXPECT_EQ(history.n_controls(Output::kDecisions), 2U);
  EXPECT_EQ(history.n_controls(Output::kOrders), 1U);
}

TEST(History, a_gap_and_a_double_are_named) {
  Published gap;
  gap[0] = {decision(0, 3, {kA3}), decision(2, 5, {kB2})};
  EXPECT_THROW((History{{}, gap}), MismatchError);
  Published twice;
  twice[0] = {decision(0, 3, {kA3}), decision(0, 3, {})};
  EXPECT_THROW((History{{}, twice}), MismatchError);
}

TEST(History, runs_that_do_not_add_up_are_refused) {
  Published published;
  published[0] = {decision(0, 3, {kA3}), decision(1, 9, {kB2})};
  EXPECT_THROW((History{{}, published}), MismatchError);
}

TEST(History, outputs_that_tell_different_orders_are_refused) {
  Published published;
  published[0] = {decision(0, 3, {kA3})};
  published[1] = {as_order(decision(0, 5, {kB2, kA3}))};
  EXPECT_THROW((History{{}, published}), MismatchError);
}

TEST(History, an_altered_value_is_refused) {
  Published published;
  published[0] = {decision(0, 3, {kA3})};
  published[0][0].value[20] ^= std::byte{1};
  EXPECT_THROW((History{{}, published}), MismatchError);
}

TEST(History, an_output_holds_records_of_its_own_kind_only) {
  Published published;
  published[2] = {decision(0, 3, {kA3})};
  EXPECT_THROW((History{{}, published}), MismatchError);
}

}  // namespace
}  // namespace hft::sequence
