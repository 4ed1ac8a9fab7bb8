#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "hft/feature/concept.hpp"
#include "hft/feature/fixed_point.hpp"
#include "hft/feature/range.hpp"
#include "hft/feature/seeded_average.hpp"

namespace hft::feature {

/// Moving average convergence / divergence (Appel): two exponential averages, and one of their difference.
///
///   line_t = ema(x, fast) - ema(x, slow)     signal_t = ema(line, signal)     histogram_t = line_t - signal_t
///
/// Each average begins with a simple mean; that of `fast` is of the last `fast` of the first `slow` inputs, so that
/// both begin on the same input, as TA-Lib has it.
/// Cost: O(1), no allocation.   Output unit: that of x.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) leaves the state as it was.   Not ready: NaN.
/// Matches TA-Lib MACD; see tests/python/differential/test_trend.py.
class Macd {
 public:
  static constexpr IntRange kFast{"fast", 1, kMaxWindow - 1};
  static constexpr IntRange kSlow{"slow", 2, kMaxWindow};
  static constexpr IntRange kSignal{"signal", 1, kMaxWindow};

  /// Cold path: throws std::invalid_argument unless the periods are in 1..2^20 and fast < slow.
  Macd(std::int64_t fast, std::int64_t slow, std::int64_t signal)
      : fast_{average(kFast.check("Macd", fast))},
        slow_{average(kSlow.check("Macd", slow))},
        signal_{average(kSignal.check("Macd", signal))} {
    if (fast >= slow) {
      throw std::invalid_argument("Macd: fast must be < slow, was " + std::to_string(fast) + " and " +
                                  std::to_string(slow));
    }
  }

  void update(double x) noexcept {
    if (!fits_fixed(x)) [[unlikely]]
      return;
    slow_.step(x);
    if (n_left_out_ < slow_.period() - fast_.period()) [[unlikely]]
      ++n_left_out_;
    else
      fast_.step(x);
    if (slow_.ready()) signal_.step(line());
  }

  [[nodiscard]] double line() const noexcept { return fast_.value() - slow_.value(); }
  [[nodiscard]] double signal() const noexcept { return signal_.value(); }
  [[nodiscard]] double histogram() const noexcept { return line() - signal(); }

  [[nodiscard]] std::uint32_t line_lookback() const noexcept { return slow_.period() - 1; }
  [[nodiscard]] std::uint32_t signal_lookback() const noexcept { return line_lookback() + signal_.period() - 1; }
  [[nodiscard]] Fading line_fading() const noexcept { return slow_.fading().beside(fast_.fading()); }
  [[nodiscard]] Fading signal_fading() const noexcept { return signal_.fading().behind(line_fading()); }
  void reset() noexcept { fast_.reset(), slow_.reset(), signal_.reset(), n_left_out_ = 0; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    SeededAverage::archive(self.fast_, ar), SeededAverage::archive(self.slow_, ar);
    SeededAverage::archive(self.signal_, ar), ar(self.n_left_out_);
    const std::uint32_t most = self.slow_.period() - self.fast_.period();
    const bool in_step = self.slow_.n_seen() == self.fast_.n_seen() + self.n_left_out_ &&
                         (self.n_left_out_ == most || (self.n_left_out_ < most && self.fast_.n_seen() == 0));
    if (!in_step || (self.signal_.n_seen() > 0 && !self.slow_.ready())) {
      throw std::invalid_argument("snapshot: the averages of a Macd do not fit each other");
    }
  }

 private:
  static SeededAverage average(std::uint32_t period) { return {period, 2.0 / (period + 1.0)}; }

  SeededAverage fast_;
  SeededAverage slow_;
  SeededAverage signal_;
  std::uint32_t n_left_out_ = 0;  // inputs that the fast average's seed has left out; saturates at slow - fast
};

/// One of Macd's values.
struct MacdReading {
  using State = Macd;
  enum class Output : std::uint8_t { kLine, kSignal, kHistogram };

  [[nodiscard]] double of(const Macd& m) const noexcept {
    if (output == Output::kLine) return m.line();
    return output == Output::kSignal ? m.signal() : m.histogram();
  }

  Output output;
};

}  // namespace hft::feature
