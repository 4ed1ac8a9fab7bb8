#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <tuple>

#include "hft/base/bytes.hpp"
#include "hft/base/crc32c.hpp"
#include "pipeline_fixture.hpp"

namespace hft::feature {
namespace {

using testing::random_tape;
using testing::rows_of;
using testing::spec_of_everything;
using testing::two_instruments;

std::vector<std::byte> saved(const Pipeline& p) {
  base::ByteWriter out;
  p.save(out);
  return {out.bytes().begin(), out.bytes().end()};
}

Pipeline after(std::size_t n_events) {
  Pipeline p{spec_of_everything(), two_instruments()};
  rows_of(p, random_tape(n_events));
  return p;
}

std::string error_of(const Spec& spec, std::span<const std::byte> frame) {
  try {
    std::ignore = Pipeline::restore(spec, frame);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Snapshot, restore_and_continue_gives_the_same_bytes) {
  const auto tape = random_tape(3000);
  for (std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{500}, std::size_t{2999}}) {
    Pipeline whole{spec_of_everything(), two_instruments()};
    rows_of(whole, std::span{tape}.first(cut));
    const auto frame = saved(whole);
    Pipeline restored = Pipeline::restore(spec_of_everything(), frame);
    EXPECT_EQ(saved(restored), frame) << "the same state gives the same bytes";
    EXPECT_EQ(rows_of(restored, std::span{tape}.subspan(cut)), rows_of(whole, std::span{tape}.subspan(cut))) << cut;
    EXPECT_EQ(saved(restored), saved(whole));
  }
}

TEST(Snapshot, every_flipped_byte_is_noticed) {
  const Pipeline p = after(60);
  const auto frame = saved(p);
  for (std::size_t i = 0; i < frame.size(); ++i) {
    auto bad = frame;
    bad[i] ^= std::byte{0x10};
    ASSERT_NE(error_of(spec_of_everything(), bad), "accepted") << "byte " << i;
  }
  for (std::size_t n = 0; n < frame.size(); n += 13) {
    ASSERT_NE(error_of(spec_of_everything(), std::span{frame}.first(n)), "accepted");
  }
}

TEST(Snapshot, a_false_byte_under_a_right_checksum_never_corrupts_memory) {
  const Pipeline p = after(300);
  const auto tape = random_tape(200, 5);
  const auto frame = saved(p);
  constexpr std::size_t kHeader = 8 + 4 + 8 + 4;
  std::mt19937_64 rng{12};
  int accepted = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    auto bad = frame;
    for (int k = 0; k < 3; ++k) bad[kHeader + rng() % (bad.size() - kHeader)] = static_cast<std::byte>(rng());
    const std::uint32_t crc = base::crc32c(std::span{bad}.subspan(kHeader));
    std::memcpy(bad.data() + 20, &crc, sizeof crc);
    try {
      Pipeline restored = Pipeline::restore(spec_of_everything(), bad);
      rows_of(restored, tape);  // whatever it computes, the sanitizers find nothing
      ++accepted;
    } catch (const std::invalid_argument&) {
    }
  }
  EXPECT_GT(accepted, 0) << "false prices are prices all the same";
}

TEST(Snapshot, another_spec_or_instrument_is_named) {
  const Pipeline p = after(50);
  const auto frame = saved(p);
  Spec other = spec_of_everything();
  other.sha256 = "4567";
  EXPECT_EQ(error_of(other, frame), "snapshot: the spec's sha256 is 0123 in the snapshot and 4567 here");
  auto instruments = two_instruments();
  instruments[1].tick = {1, 1000};
  Pipeline here{spec_of_everything(), instruments};
  const auto before = saved(here);
  base::ByteReader in{frame};
  try {
    here.load(in);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(std::string{e.what()}, "snapshot: tick of 'BBB' is 5/1000 in the snapshot and 1/1000 here");
  }
  EXPECT_EQ(saved(here), before) << "a refused snapshot changes nothing";
}

TEST(Snapshot, other_price_bounds_are_named) {
  const auto frame = saved(after(50));
  auto instruments = two_instruments();
  instruments[1].max_px_ticks = 77;
  Pipeline here{spec_of_everything(), instruments};
  base::ByteReader in{frame};
  try {
    here.load(in);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(std::string{e.what()}, "snapshot: max_px_ticks of 'BBB' is 1000000 in the snapshot and 77 here");
  }
}

/// A frame of a spec whose sha256 is "" with these instruments, then `n_zeros` bytes of state.
std::vector<std::byte> frame_of(std::span<const event::Instrument> instruments, std::size_t n_zeros) {
  base::ByteWriter payload;
  payload(std::string_view{});
  payload(static_cast<std::uint32_t>(instruments.size()));
  for (const auto& i : instruments) {
    payload(std::string_view{i.symbol});
    payload(i.tick.num), payload(i.tick.den), payload(i.lot.num), payload(i.lot.den);
    payload(i.min_px_ticks), payload(i.max_px_ticks);
  }
  payload.append(std::vector<std::byte>(n_zeros));
  base::ByteWriter out;
  out(std::uint64_t{0x3150414E53544648}), out(std::uint32_t{4});
  out(static_cast<std::uint64_t>(payload.bytes().size())), out(base::crc32c(payload.bytes()));
  out.append(payload.bytes());
  return {out.bytes().begin(), out.bytes().end()};
}

TEST(Snapshot, a_few_bytes_cannot_ask_for_all_memory) {
  Spec spec;
  spec.features = {{"", "rolling_max", "mid_px", {{"window", 1 << 20}}}};
  std::vector<event::Instrument> many;
  for (int i = 0; i < 5000; ++i) many.push_back({std::to_string(i), {1, 100}, {1, 1}, 1, 1'000'000});
  EXPECT_NE(error_of(spec, frame_of(many, 100)).find("100 bytes hold no states of 5000"), std::string::npos);
  EXPECT_NE(error_of(spec, frame_of(many, 700'000)).find("more memory"), std::string::npos);
}

TEST(Snapshot, instruments_that_break_a_rule_are_refused) {
  Spec spec;
  spec.features = {{"", "mid", "", {}}};
  auto instruments = two_instruments();
  instruments[1].symbol = "AAA";
  EXPECT_NE(error_of(spec, frame_of(instruments, 1000)).find("'AAA' is there twice"), std::string::npos);
  instruments[1].symbol = "B\n";
  EXPECT_NE(error_of(spec, frame_of(instruments, 1000)).find("printable"), std::string::npos);
  instruments[1] = {"BBB", {1, 100}, {1, 1}, 2, 1};
  EXPECT_NE(error_of(spec, frame_of(instruments, 1000)).find("max_px_ticks"), std::string::npos);
}

TEST(Snapshot, times_out_of_bounds_are_refused) {
  Spec spec;
  spec.features = {{"", "time_since_trade", "", {}}};
  Pipeline p{spec, two_instruments()};
  auto payload_end = saved(p);
  constexpr std::size_t kMarket = Past::kBytes;  // of the last symbol, whose state ends the frame
  const std::size_t at = payload_end.size() - (9 * 8 + 2) - kMarket;
  for (const std::size_t field : {at, at + kMarket + 4 * 8, at + kMarket + 7 * 8, at + kMarket + 8 * 8}) {
    auto bad = payload_end;
    const std::int64_t wild = std::numeric_limits<std::int64_t>::max();
    std::memcpy(bad.data() + field, &wild, sizeof wild);
    const std::uint32_t crc = base::crc32c(std::span{bad}.subspan(24));
    std::memcpy(bad.data() + 20, &crc, sizeof crc);
    EXPECT_EQ(error_of(spec, bad), "snapshot: a time out of bounds");
  }
}

TEST(Snapshot, load_takes_one_frame_of_several) {
  const Pipeline p = after(50);
  base::ByteWriter out;
  p.save(out);
  out(std::uint32_t{42});
  Pipeline here{spec_of_everything(), two_instruments()};
  base::ByteReader in{out.bytes()};
  here.load(in);
  std::uint32_t rest = 0;
  in(rest);
  EXPECT_EQ(rest, 42U);
  EXPECT_EQ(saved(here), saved(p));
}

}  // namespace
}  // namespace hft::feature
