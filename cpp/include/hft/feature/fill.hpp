#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/base/bytes.hpp"
#include "hft/feature/concept.hpp"
#include "hft/feature/half_life.hpp"
#include "hft/feature/range.hpp"

namespace hft::feature {

/// What stands in for a missing value, and for how long.
///
///   x_t is there:     y = x_t
///   x_t is missing:   s = the time since it went missing, l = the last value before
///     nan             y = NaN
///     hold:T          y = l while s < T, NaN from then on
///     decay:T         y = l w + towards (1 - w), w = 2^(-s / T)
///
/// Missing is an input that is NaN or infinite: a series of a book whose side is empty, a formula without a value. What
/// is there never expires, however long no input comes.
/// Cost: O(1), no allocation; decay: the weight's polynomial (half_life.hpp: no libm).   Output unit: that of x.
/// It changes with the time: read at `advance`d time, between inputs too. Before the first value there is nothing to
/// fill with: NaN.
/// Matches pandas ffill within the time; see tests/python/differential/test_fill.py.
class Fill {
 public:
  enum class Kind : std::uint8_t { kNan, kHold, kDecay };
  static constexpr RealRange kTowards{"towards", -1e18, 1e18};

  /// Cold path: throws std::invalid_argument unless towards is in -1e18..1e18, and 0 where nothing decays.
  Fill(Kind kind, std::int64_t span_ns, double towards)
      : kind_{kind}, span_ns_{span_ns}, towards_{kTowards.check("Fill", towards)} {
    if (kind != Kind::kDecay && towards != 0.0) {
      throw std::invalid_argument("Fill: towards is where `decay` goes, and this policy is another; was " +
                                  std::to_string(towards));
    }
  }

  double update(double x, std::int64_t ts_ns) noexcept {
    const bool was_missing = is_missing_;
    is_missing_ = !std::isfinite(x);
    if (!is_missing_) {
      last_ = x, has_last_ = true;
    } else if (!was_missing) {
      since_ns_ = ts_ns;
    }
    now_ns_ = ts_ns;
    return value();
  }
  void advance(std::int64_t now_ns) noexcept { now_ns_ = std::max(now_ns_, now_ns); }

  [[nodiscard]] double value() const noexcept {
    if (!has_last_) return kNotReady;
    if (!is_missing_) return last_;
    if (kind_ == Kind::kNan) return kNotReady;
    // Unsigned, so that no pair of times overflows; a time that runs back is no time at all.
    const std::uint64_t missing_ns =
        now_ns_ > since_ns_ ? static_cast<std::uint64_t>(now_ns_) - static_cast<std::uint64_t>(since_ns_) : 0;
    if (kind_ == Kind::kHold) return missing_ns < static_cast<std::uint64_t>(span_ns_) ? last_ : kNotReady;
    const double weight = half_life_weight(missing_ns, span_ns_);
    return last_ * weight + towards_ * (1.0 - weight);
  }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  void reset() noexcept { last_ = 0.0, since_ns_ = 0, now_ns_ = 0, is_missing_ = false, has_last_ = false; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.last_), ar(self.since_ns_), ar(self.now_ns_);
    base::archive_bool(self.is_missing_, ar), base::archive_bool(self.has_last_, ar);
    if (!std::isfinite(self.last_)) throw std::invalid_argument("snapshot: Fill out of bounds");
  }

 private:
  Kind kind_;
  std::int64_t span_ns_;
  double towards_;
  double last_ = 0.0;
  std::int64_t since_ns_ = 0;  // when it went missing
  std::int64_t now_ns_ = 0;
  bool is_missing_ = false;
  bool has_last_ = false;
};

}  // namespace hft::feature
