#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "hft/risk/gate.hpp"

// Random interleavings of intents, partial fills, cancels, quotes, stops and kills, in any order that an asynchronous
// exchange could produce. After every step the limits must hold, and so must what they promise for orders under way.

namespace {

using hft::ledger::Fill;
using hft::ledger::Refusal;
using hft::ledger::Side;
using hft::risk::Gate;
using hft::risk::Limits;
using hft::risk::Reference;

constexpr std::uint32_t kSymbols = 4;

struct Sent {
  std::uint32_t symbol_id;
  Side side;
  std::int64_t leaves_lots;
};

class Interleaving {
 public:
  explicit Interleaving(std::uint32_t seed) : random_{seed} {
    limits_.max_order_qty_lots = any(1, 20);
    limits_.max_position_qty_lots = limits_.max_order_qty_lots + any(0, 30);
    limits_.max_open_positions = static_cast<std::uint32_t>(any(0, kSymbols));
    limits_.stop_loss_milli_bps = any(0, 1) * any(1, 100'000);
    limits_.stop_out_pause_ns = any(0, 50);
    limits_.max_reference_age_ns = any(0, 1) * any(1, 20);
    gate_.emplace_back(limits_, kSymbols);
  }

  void step() {
    ++now_ns_;
    switch (any(0, 5)) {
      case 0: return quote();
      case 1:
      case 2: return want();
      case 3:
      case 4: return fill();
      default: return cancel();
    }
  }

  void check() {
    std::uint32_t n_exposed = 0;
    for (std::uint32_t s = 0; s < kSymbols; ++s) {
      std::int64_t longest = position(s);
      std::int64_t shortest = position(s);
      for (const Sent& sent : sent_) {
        if (sent.symbol_id != s) continue;
        (sent.side == Side::kBuy ? longest : shortest) += signed_lots(sent.side, sent.leaves_lots);
      }
      ASSERT_LE(longest, limits_.max_position_qty_lots) << "if every buy under way fills";
      ASSERT_GE(shortest, -limits_.max_position_qty_lots) << "if every sell under way fills";
      const bool working = std::any_of(sent_.begin(), sent_.end(), [s](const Sent& x) { return x.symbol_id == s; });
      n_exposed += (working || position(s) != 0) ? 1U : 0U;
    }
    ASSERT_LE(n_exposed, limits_.max_open_positions);
    ASSERT_EQ(n_exposed, gate().n_open());
  }

 private:
  Gate& gate() { return gate_.front(); }
  std::int64_t position(std::uint32_t s) { return gate().position_lots(s); }
  std::int64_t any(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>{least, most}(random_);
  }
  static std::int64_t signed_lots(Side side, std::int64_t lots) { return side == Side::kBuy ? lots : -lots; }

  void quote() {
    Reference& book = books_[static_cast<std::size_t>(any(0, kSymbols - 1))];
    const std::int64_t bid = any(900, 1100);
    book = {bid, any(0, 9), bid + any(-1, 5), any(0, 9), now_ns_};
  }

  void want() {
    const auto s = static_cast<std::uint32_t>(any(0, kSymbols - 1));
    const Side side = any(0, 1) == 0 ? Side::kBuy : Side::kSell;
    // Half of the time exactly the exit, so that positions close and reopen often.
    const std::int64_t qty = any(0, 1) == 0 ? any(-1, limits_.max_order_qty_lots + 2) : std::abs(position(s));
    const bool stop = gate().stop_hit(s, books_[s]);
    if (stop) gate().pause(s, now_ns_);
    const std::int64_t before = position(s);
    const std::int64_t closable = gate().closable_lots(s);
    const Refusal refusal = gate().submit({s, side, qty, now_ns_}, books_[s]);
    ASSERT_EQ(position(s), before) << "a decision moves no position";
    const bool against = side == Side::kBuy ? before < 0 : before > 0;
    const bool reduces = against && qty > 0 && qty <= closable;
    if (reduces && books_[s].can_exit(side)) {
      ASSERT_EQ(refusal, Refusal::kNone) << "a reducing order is never held back";
    }
    if (refusal == Refusal::kNone) {
      ASSERT_TRUE(reduces ? books_[s].can_exit(side) : books_[s].usable());
      sent_.push_back({s, side, qty});
    }
  }

  void fill() {
    if (sent_.empty()) return;
    const auto i = static_cast<std::size_t>(any(0, static_cast<std::int64_t>(sent_.size()) - 1));
    Sent& sent = sent_[i];
    const std::int64_t qty = any(1, sent.leaves_lots);
    const std::int64_t before = position(sent.symbol_id);
    gate().on_fill(Fill{{}, now_ns_, any(900, 1100), qty, 0, sent.symbol_id, sent.side, {}}, sent.leaves_lots);
    const std::int64_t after = position(sent.symbol_id);
    ASSERT_EQ(after, before + signed_lots(sent.side, qty));
    ASSERT_FALSE((before > 0 && after < 0) || (before < 0 && after > 0)) << "flipped through zero";
    if ((sent.leaves_lots -= qty) == 0) sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void cancel() {
    if (sent_.empty()) return;
    const auto i = static_cast<std::size_t>(any(0, static_cast<std::int64_t>(sent_.size()) - 1));
    gate().on_cancel(sent_[i].symbol_id, sent_[i].side, sent_[i].leaves_lots);
    sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  std::mt19937 random_;
  Limits limits_;
  std::vector<Gate> gate_;
  std::vector<Reference> books_ = std::vector<Reference>(kSymbols);
  std::vector<Sent> sent_;
  std::int64_t now_ns_ = 0;
};

TEST(GateProperties, no_interleaving_exceeds_a_limit) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Interleaving interleaving(seed);
    for (int i = 0; i < 1000; ++i) {
      interleaving.step();
      interleaving.check();
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
