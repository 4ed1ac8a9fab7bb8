#include "recursions.hpp"

#include <algorithm>
#include <cstring>

#include "lanes.hpp"

#ifdef HFT_LANES
namespace hft::feature {
namespace {

using lanes::kLanes;

/// One average, of the inputs.
struct OfInputs {
  static constexpr std::size_t kLevels = 1;

  __m512d alpha;

  [[HFT_LANES, gnu::always_inline]] void guess(__m512d (&level)[kLevels], __m512d x) const noexcept { level[0] = x; }
  [[HFT_LANES, gnu::always_inline]] void advance(__m512d (&level)[kLevels], __m512d, __m512d x) const noexcept {
    level[0] = _mm512_add_pd(level[0], _mm512_mul_pd(alpha, _mm512_sub_pd(x, level[0])));
  }
  [[HFT_LANES, gnu::always_inline]] __m512d value(const __m512d (&level)[kLevels]) const noexcept { return level[0]; }
};

/// Two averages, of gains and of losses.
struct OfChanges {
  static constexpr std::size_t kLevels = 2;

  __m512d alpha, flat;

  [[HFT_LANES, gnu::always_inline]] void guess(__m512d (&level)[kLevels], __m512d) const noexcept {
    level[0] = level[1] = _mm512_setzero_pd();
  }
  [[HFT_LANES, gnu::always_inline]] void advance(__m512d (&level)[kLevels], __m512d previous,
                                                 __m512d x) const noexcept {
    const __m512d change = _mm512_sub_pd(x, previous);
    const __m512d gain = _mm512_max_pd(_mm512_setzero_pd(), change);  // of equals the change, as std::max has it
    const __m512d loss = _mm512_sub_pd(gain, change);
    level[0] = _mm512_add_pd(level[0], _mm512_mul_pd(alpha, _mm512_sub_pd(gain, level[0])));
    level[1] = _mm512_add_pd(level[1], _mm512_mul_pd(alpha, _mm512_sub_pd(loss, level[1])));
  }
  [[HFT_LANES, gnu::always_inline]] __m512d value(const __m512d (&level)[kLevels]) const noexcept {
    const __m512d moved = _mm512_add_pd(level[0], level[1]);
    const __m512d share = _mm512_mul_pd(_mm512_set1_pd(100.0), _mm512_div_pd(level[0], moved));
    return _mm512_mask_mov_pd(share, _mm512_cmp_pd_mask(moved, _mm512_setzero_pd(), _CMP_EQ_OQ), flat);
  }
};

template <class Of>
class Guessed {
 public:
  [[HFT_LANES]] static bool run(const Recursion& r, const Of& of, double previous,
                                double (&truth)[Of::kLevels]) noexcept {
    __m512d level[Of::kLevels], last = lead_in(r, of, level);
    last = _mm512_mask_mov_pd(last, 1, _mm512_set1_pd(previous));
    double begin[Of::kLevels][kLanes], end[Of::kLevels][kLanes];
    for (std::size_t i = 0; i < Of::kLevels; ++i) {
      level[i] = _mm512_mask_mov_pd(level[i], 1, _mm512_set1_pd(truth[i]));  // the first stretch needs no guess
      _mm512_storeu_pd(begin[i], level[i]);
    }
    if (!follow(r, of, level, last)) return false;
    for (std::size_t i = 0; i < Of::kLevels; ++i) _mm512_storeu_pd(end[i], level[i]);
    for (std::size_t k = 0; k < kLanes; ++k) {
      double guess[Of::kLevels], done[Of::kLevels];
      for (std::size_t i = 0; i < Of::kLevels; ++i) guess[i] = begin[i][k], done[i] = end[i][k];
      if (!put_right(r, of, k, guess, truth)) std::copy(done, done + Of::kLevels, truth);
    }
    return true;
  }

 private:
  /// What comes before each stretch but the first, whose lane does as the second's. Returns the newest inputs.
  [[HFT_LANES]] static __m512d lead_in(const Recursion& r, const Of& of, __m512d (&level)[Of::kLevels]) noexcept {
    const double* from[kLanes];
    for (std::size_t k = 0; k < kLanes; ++k) from[k] = r.x + (k == 0 ? 1 : k) * r.length - r.lead;
    __m512d rows[kLanes], last = _mm512_setzero_pd();
    for (std::size_t at = 0; at < r.lead; at += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) rows[k] = _mm512_loadu_pd(from[k] + at);
      lanes::transpose(rows);
      if (at == 0) last = rows[0], of.guess(level, rows[0]);
      for (const __m512d& x : rows) of.advance(level, last, x), last = x;
    }
    return last;
  }
  /// False: an input is missing or too large.
  [[HFT_LANES]] static bool follow(const Recursion& r, const Of& of, __m512d (&shared)[Of::kLevels],
                                   __m512d last) noexcept {
    const __m512d bound = _mm512_set1_pd(0x1p40);
    __mmask8 fit = 0xFF;
    __m512d level[Of::kLevels];
    for (std::size_t i = 0; i < Of::kLevels; ++i) level[i] = shared[i];
    for (std::size_t at = 0; at < r.length; at += kLanes) {
      __m512d rows[kLanes];
      lanes::load(r.x + at, r.length, rows);
      for (__m512d& x : rows) {
        fit = static_cast<__mmask8>(fit & _mm512_cmp_pd_mask(_mm512_abs_pd(x), bound, _CMP_LT_OQ));
        of.advance(level, last, x);
        last = x;
        x = of.value(level);
      }
      lanes::store(rows, r.out + at, r.length);
    }
    for (std::size_t i = 0; i < Of::kLevels; ++i) shared[i] = level[i];
    return fit == 0xFF;
  }
  /// Runs the guess and the truth, until they meet or the stretch ends. False: they have met, and what is left of it is
  /// right; else the truth is that of its end.
  [[HFT_LANES]] static bool put_right(const Recursion& r, const Of& of, std::size_t k,
                                      const double (&guess)[Of::kLevels], double (&truth)[Of::kLevels]) noexcept {
    if (std::memcmp(guess, truth, sizeof truth) == 0) return false;
    __m512d level[Of::kLevels];
    for (std::size_t i = 0; i < Of::kLevels; ++i) {
      level[i] = _mm512_mask_mov_pd(_mm512_set1_pd(truth[i]), 2, _mm512_set1_pd(guess[i]));
    }
    for (std::size_t at = k * r.length; at < (k + 1) * r.length; ++at) {
      of.advance(level, _mm512_set1_pd(r.x[at - 1]), _mm512_set1_pd(r.x[at]));
      r.out[at] = _mm512_cvtsd_f64(of.value(level));
      __mmask8 apart = 0;
      for (const __m512d& l : level) {
        const __m512i bits = _mm512_castpd_si512(l);
        const __m512i first = _mm512_broadcastq_epi64(_mm512_castsi512_si128(bits));
        apart = static_cast<__mmask8>(apart | _mm512_cmpneq_epi64_mask(bits, first));
      }
      if ((apart & 2U) == 0) return false;
    }
    for (std::size_t i = 0; i < Of::kLevels; ++i) truth[i] = _mm512_cvtsd_f64(level[i]);
    return true;
  }
};

}  // namespace

bool Recursion::can_run() noexcept {
  static const bool can = lanes::can_run();
  return can;
}

[[HFT_LANES]] bool Recursion::average(double& level) const noexcept {
  double truth[1]{level};
  const bool done = Guessed<OfInputs>::run(*this, {_mm512_set1_pd(alpha)}, 0.0, truth);
  if (done) level = truth[0];
  return done;
}

[[HFT_LANES]] bool Recursion::strength(double previous, double flat, double& gain, double& loss) const noexcept {
  double truth[2]{gain, loss};
  const OfChanges of{_mm512_set1_pd(alpha), _mm512_set1_pd(flat)};
  const bool done = Guessed<OfChanges>::run(*this, of, previous, truth);
  if (done) gain = truth[0], loss = truth[1];
  return done;
}
#else
namespace hft::feature {

bool Recursion::can_run() noexcept { return false; }
bool Recursion::average(double&) const noexcept { return false; }
bool Recursion::strength(double, double, double&, double&) const noexcept { return false; }
#endif

std::size_t Recursion::lead_of(double alpha) noexcept {
  // 37 / a inputs take the last bit of a wrong guess away, and a rounding that differs meets within some 1 / a more.
  constexpr double kTimes = 48.0;
  return (static_cast<std::size_t>(kTimes / alpha) + 7U) & ~std::size_t{7};
}

std::size_t Recursion::length_of(std::size_t n, std::size_t lead) noexcept {
  constexpr std::size_t kLongest = 1024;
  const std::size_t lines = std::min(n / kLanes, std::max(kLongest, 4 * lead)) / 8;
  const std::size_t length = (lines == 0 ? 0 : (lines - 1) | 1U) * 8;  // an odd number of cache lines
  return length >= std::max<std::size_t>(lead, 64) && length <= 8 * lines ? length : 0;
}

}  // namespace hft::feature
