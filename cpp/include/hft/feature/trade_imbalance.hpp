#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "hft/base/bytes.hpp"
#include "hft/feature/aggressor.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/market.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/window.hpp"

namespace hft::feature {

/// Bought minus sold volume of a window of trades, as a share of both.
///
///   y = sum of s q / sum of q         q = trade quantity, s = +1 when the buyer took liquidity, -1 when the seller did
///
/// The side of a trade: aggressor.hpp. One whose side stays unknown, or without quantity, leaves the window as it was.
/// Cost: O(1), no allocation; one division.   Output unit: frac, -1 to 1.   Exact: sums of integer lots.
/// Not ready: NaN until a count window is full, or a time window saw its first trade; after that an empty one gives
/// `flat`. Matches a slow twin in Python integers; see tests/python/differential/test_trades.py.
class SignedVolume {
 public:
  SignedVolume(WindowLength length, AggressorRule rule) : window_{length}, aggressor_{rule} {}

  void update(const Market& m) noexcept {
    const std::int64_t signed_lots = aggressor_.update(m) * m.trade_qty_lots;
    if (signed_lots == 0) return;
    window_.push(signed_lots, m.now_ns, [this](std::int64_t old) noexcept { leave(old); });
    enter(signed_lots);
    has_traded_ = true;
  }
  void advance(std::int64_t now_ns) noexcept {
    window_.advance(now_ns, [this](std::int64_t old) noexcept { leave(old); });
  }

  [[nodiscard]] bool ready() const noexcept { return window_.length().is_time() ? has_traded_ : window_.full(); }
  [[nodiscard]] std::uint32_t lookback() const noexcept {
    return window_.length().is_time() ? 0 : window_.length().capacity() - 1;
  }
  [[nodiscard]] double imbalance(double flat) const noexcept {
    return total_lots_ == 0 ? flat : ratio(signed_lots_, total_lots_);
  }
  /// Bought minus sold, exact.
  [[nodiscard]] Int128 signed_lots() const noexcept { return signed_lots_; }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return window_.early_leaves(); }
  [[nodiscard]] std::size_t room_bytes() const noexcept { return window_.room_bytes(); }
  void reset() noexcept {
    window_.clear(), aggressor_.reset();
    signed_lots_ = 0, total_lots_ = 0, has_traded_ = false;
  }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    if constexpr (Archive::kReads) self.reset();
    Window<std::int64_t>::archive(self.window_, ar, [&self](auto lots) {
      if (lots == 0 || lots <= -Market::kMaxQtyLots || lots >= Market::kMaxQtyLots) {
        throw std::invalid_argument("snapshot: SignedVolume out of bounds");
      }
      self.enter(lots);
    });
    base::archive_bool(self.has_traded_, ar);
    AggressorClassifier::archive(self.aggressor_, ar);
  }

 private:
  void enter(std::int64_t lots) noexcept { signed_lots_ += lots, total_lots_ += lots < 0 ? -lots : lots; }
  void leave(std::int64_t lots) noexcept { signed_lots_ -= lots, total_lots_ -= lots < 0 ? -lots : lots; }

  Window<std::int64_t> window_;
  AggressorClassifier aggressor_;
  bool has_traded_ = false;
  Int128 signed_lots_ = 0;
  Int128 total_lots_ = 0;
};

/// How one column reads a SignedVolume.
struct TradeImbalance {
  using State = SignedVolume;
  static constexpr RealRange kFlat{"flat", -1.0, 1.0};

  explicit TradeImbalance(double flat_value = 0.0) : flat{kFlat.check("TradeImbalance", flat_value)} {}

  [[nodiscard]] double of(const SignedVolume& volume, const Market&) const noexcept {
    return volume.ready() ? volume.imbalance(flat) : kNotReady;
  }

  double flat;
};

}  // namespace hft::feature
