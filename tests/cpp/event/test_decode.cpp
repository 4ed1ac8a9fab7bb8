#include "hft/event/decode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "event_samples.hpp"

namespace {

using namespace hft::event;

class Decode : public testing::Test {
 protected:
  [[nodiscard]] DecodeStatus after(const Event& good, const std::function<void(Event&)>& change) const {
    Event event = good;
    change(event);
    Event out = samples::quote({1, 1, 2, 1});
    const Event before = out;
    const DecodeStatus status = decoder_.decode(std::as_bytes(std::span{&event, 1}), out);
    const Event& expected = status == DecodeStatus::kOk ? event : before;
    EXPECT_EQ(std::memcmp(&out, &expected, sizeof out), 0) << "a rejected record must leave the event as it was";
    return status;
  }

  std::vector<Instrument> instruments_ = samples::instruments();
  PackedDecoder decoder_{instruments_};
  Event quote_ = samples::quote({2735, 100, 2736, 300});
  Event trade_ = samples::trade(2736, 50);
  Event level_ = samples::level(2740, 10);
};

TEST_F(Decode, AcceptsEveryKind) {
  for (const Event& event : samples::one_of_each()) EXPECT_EQ(after(event, [](Event&) {}), DecodeStatus::kOk);
}

TEST_F(Decode, NamesEachBrokenRule) {
  using S = DecodeStatus;
  EXPECT_EQ(after(quote_, [](Event& e) { e.kind = EventKind{0}; }), S::kUnknownKind);
  EXPECT_EQ(after(quote_, [](Event& e) { e.kind = EventKind{5}; }), S::kUnknownKind);
  EXPECT_EQ(after(quote_, [](Event& e) { e.symbol_id = 2; }), S::kUnknownSymbol);
  EXPECT_EQ(after(trade_, [](Event& e) { e.side = Side{3}; }), S::kBadSide);
  EXPECT_EQ(after(quote_, [](Event& e) { e.side = Side::kBuy; }), S::kBadSide);
  EXPECT_EQ(after(level_, [](Event& e) { e.side = Side::kUnknown; }), S::kBadSide);
  EXPECT_EQ(after(quote_, [](Event& e) { e.flags = kStale; }), S::kUnknownFlag) << "set at ingest only";
  EXPECT_EQ(after(quote_, [](Event& e) { e.flags = 64; }), S::kUnknownFlag);
  EXPECT_EQ(after(quote_, [](Event& e) { e.ts_event_ns = -1; }), S::kBadTime);
  EXPECT_EQ(after(quote_, [](Event& e) { e.ts_recv_ns = kMaxTsNs + 1; }), S::kBadTime);
  EXPECT_EQ(after(quote_, [](Event& e) { e.quote.bid_px_ticks = 0; }), S::kBadPrice);
  EXPECT_EQ(after(quote_, [](Event& e) { e.quote.ask_px_ticks = 1'000'001; }), S::kBadPrice);
  EXPECT_EQ(after(trade_, [](Event& e) { e.trade.px_ticks = -1; }), S::kBadPrice);
  EXPECT_EQ(after(quote_, [](Event& e) { e.quote.ask_qty_lots = -1; }), S::kBadQty);
  EXPECT_EQ(after(level_, [](Event& e) { e.level.qty_lots = kMaxPxProduct + 1; }), S::kBadQty);
  EXPECT_EQ(after(trade_, [](Event& e) { e.trade.reserved[1] = 1; }), S::kReservedNotZero);
  EXPECT_EQ(after(level_, [](Event& e) { e.level.reserved = -1; }), S::kReservedNotZero);
  EXPECT_EQ(after(samples::control(1), [](Event& e) { e.control.reserved[2] = 1; }), S::kReservedNotZero);
}

TEST_F(Decode, AnEmptySideOfAQuoteNeedsNoPrice) {
  EXPECT_EQ(after(quote_, [](Event& e) { e.quote.bid_px_ticks = e.quote.bid_qty_lots = 0; }), DecodeStatus::kOk);
  EXPECT_EQ(after(quote_, [](Event& e) { e.quote = {-1, 0, 5, 5}; }), DecodeStatus::kBadPrice);
}

TEST_F(Decode, ACrossedQuoteIsAnEvent) {
  EXPECT_EQ(after(quote_, [](Event& e) { e.quote = {2740, 1, 2735, 1}; }), DecodeStatus::kOk);
}

TEST_F(Decode, NeverReadsPastTheEnd) {
  Event out{};
  for (std::size_t n = 0; n < sizeof(Event); ++n) {
    const auto exact = std::make_unique<std::byte[]>(n);  // the address sanitizer sees the byte after it
    EXPECT_EQ(decoder_.decode({exact.get(), n}, out), DecodeStatus::kTruncated);
  }
}

TEST_F(Decode, TakesBytesAtAnyAddress) {
  std::array<std::byte, sizeof(Event) + 1> shifted{};
  std::memcpy(shifted.data() + 1, &quote_, sizeof quote_);
  Event out{};
  EXPECT_EQ(decoder_.decode(std::span{shifted}.subspan(1), out), DecodeStatus::kOk);
}

/// What every consumer relies on, said a second time and in other words than the decoder's.
void expect_sound(const Event& e, std::span<const Instrument> instruments) {
  const auto kind = static_cast<int>(e.kind);
  ASSERT_TRUE(kind >= 1 && kind <= 4);
  ASSERT_LT(e.symbol_id, instruments.size());
  ASSERT_LE(static_cast<int>(e.side), 2);
  ASSERT_EQ(e.flags & ~kKnownFlags, 0);
  ASSERT_GE(std::min(e.ts_event_ns, e.ts_recv_ns), 0);
  const Instrument& i = instruments[e.symbol_id];
  const auto px_ok = [&](std::int64_t px) { return i.min_px_ticks <= px && px <= i.max_px_ticks; };
  if (e.kind == EventKind::kQuote) {
    ASSERT_GE(std::min(e.quote.bid_qty_lots, e.quote.ask_qty_lots), 0);
    ASSERT_TRUE(e.quote.bid_qty_lots == 0 || px_ok(e.quote.bid_px_ticks));
    ASSERT_TRUE(e.quote.ask_qty_lots == 0 || px_ok(e.quote.ask_px_ticks));
  } else if (e.kind != EventKind::kControl) {
    ASSERT_GE(e.trade.qty_lots, 0);
    ASSERT_TRUE(px_ok(e.trade.px_ticks));
  }
}

TEST_F(Decode, AMillionRandomMutationsGiveNoUnsoundEvent) {
  const std::vector<Event> seeds = samples::one_of_each();
  std::mt19937_64 random{20240102};
  std::array<std::size_t, kDecodeStatuses> seen{};
  std::array<std::byte, sizeof(Event)> bytes{};
  for (int n = 0; n < 1'000'000; ++n) {
    const std::uint64_t draw = random();
    std::memcpy(bytes.data(), &seeds[draw % seeds.size()], bytes.size());
    const auto n_changes = static_cast<int>((draw >> 8) % 4);  // none, a few bytes, or all of them
    for (int change = 0; change < n_changes; ++change) {
      const std::uint64_t where = random();
      bytes[where % bytes.size()] = static_cast<std::byte>(where >> 32);
    }
    if ((draw >> 16) % 64 == 0) {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    }
    Event out{};
    const auto length = (draw >> 24) % 128 == 0 ? (draw >> 32) % bytes.size() : bytes.size();
    const DecodeStatus status = decoder_.decode(std::span{bytes}.first(length), out);
    ASSERT_LT(static_cast<std::size_t>(status), kDecodeStatuses);
    ++seen[static_cast<std::size_t>(status)];
    if (status == DecodeStatus::kOk) expect_sound(out, instruments_);
    if (HasFatalFailure()) return;
  }
  constexpr auto kRecordStatuses = static_cast<std::size_t>(DecodeStatus::kReservedNotZero) + 1;
  for (std::size_t s = 0; s < kDecodeStatuses; ++s) {
    EXPECT_EQ(seen[s] > 0, s < kRecordStatuses) << to_string(static_cast<DecodeStatus>(s)) << ": " << seen[s];
  }
}

TEST_F(Decode, EveryStatusHasAName) {
  for (std::size_t s = 0; s < kDecodeStatuses; ++s) EXPECT_FALSE(to_string(static_cast<DecodeStatus>(s)).empty());
  EXPECT_EQ(to_string(DecodeStatus{200}), "unknown status");
}

}  // namespace
