#include "hft/feature/bank/series_bank.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_min.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/rolling_sum.hpp"
#include "hft/feature/rolling_var.hpp"
#include "hft/feature/zscore.hpp"

namespace hft::feature {
namespace {

using Update = std::function<double(double)>;

template <class F>
Update alone(F f) {
  return [f = std::move(f)](double x) mutable { return f.update(x); };
}

Update alone(const LaneRequest& r) {
  const WindowLength window = WindowLength::count(r.n);
  switch (r.kind) {
    case LaneKind::kEma: return alone(Ema{r.n});
    case LaneKind::kEmaDeviation: return alone(EmaDeviation{r.n});
    case LaneKind::kRsi: return alone(Rsi{r.n, r.flat});
    case LaneKind::kSum: return alone(RollingSum{window});
    case LaneKind::kMean: return alone(RollingMean{window});
    case LaneKind::kVariance: return alone(RollingVar{window});
    case LaneKind::kDeviation: return alone(RollingStd{window});
    case LaneKind::kZScore: return alone(ZScore{window, ZScoreReading{r.flat}});
    case LaneKind::kMin: return alone(RollingMin{window});
    case LaneKind::kMax: return alone(RollingMax{window});
  }
  throw std::logic_error("no such kind");
}

/// A bank beside the operations that it stands for.
struct Pair {
  explicit Pair(const std::vector<LaneRequest>& requests) : bank{std::make_unique<SeriesBank>(requests.front())} {
    for (const LaneRequest& r : requests) {
      const auto column = static_cast<std::uint32_t>(outputs.size());
      outputs.push_back({column == 0 ? bank->first_lane() : bank->widen(SeriesBank{r}), column});
      operations.push_back(alone(r));
    }
    std::ranges::stable_sort(outputs, {}, &Output::lane);
    row.resize(outputs.size());
  }
  void expect_equal(double x) {
    bank->step({}, &x);
    bank->read(outputs, row.data());
    for (const Output& o : outputs) {
      const double want = operations[o.column](x);
      const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
      ASSERT_EQ(bits(row[o.column]), bits(want)) << "column " << o.column << ": " << row[o.column] << ", " << want;
      ASSERT_EQ(bits(bank->read(o.lane)), bits(want)) << "column " << o.column << " alone";
    }
  }

  std::unique_ptr<SeriesBank> bank;
  std::vector<Output> outputs;
  std::vector<Update> operations;
  std::vector<double> row;
};

std::vector<LaneRequest> drawn(std::mt19937_64& rng) {
  std::vector<LaneRequest> all;
  for (std::uint64_t i = 0, n = 1 + rng() % 20; i < n; ++i) {
    const auto kind = static_cast<LaneKind>(rng() % 10);
    const bool needs_two = kind == LaneKind::kVariance || kind == LaneKind::kDeviation || kind == LaneKind::kZScore;
    all.push_back({kind, static_cast<std::uint32_t>((needs_two ? 2 : 1) + rng() % (rng() % 4 == 0 ? 70 : 9)),
                   static_cast<double>(rng() % 3)});
  }
  return all;
}

/// Prices that wander, jump to another level, turn wild, stand still, or are no numbers.
double next(std::mt19937_64& rng, double x) {
  switch (rng() % 200) {
    case 0: return x * 40.0;
    case 1: return x / 30.0;
    case 2: return -x;
    case 3: return std::numeric_limits<double>::quiet_NaN();
    case 4: return std::numeric_limits<double>::infinity();
    case 5: return 0x1p41;
    case 6: return 0.0;
    case 7: return 100.0;
    default: return rng() % 3 == 0 ? x : x + 0.01 * (static_cast<double>(rng() % 7) - 3.0);
  }
}

TEST(SeriesBank, every_lane_has_the_bits_of_its_operation) {
  std::mt19937_64 rng{1};
  for (int trial = 0; trial < 60; ++trial) {
    Pair pair{drawn(rng)};
    double x = 100.0;
    for (int i = 0; i < 700; ++i) {
      const double input = next(rng, x);
      if (fits_fixed(input)) x = input;
      ASSERT_NO_FATAL_FAILURE(pair.expect_equal(input)) << "trial " << trial << ", input " << i;
    }
  }
}

TEST(SeriesBank, a_restored_one_goes_on_with_the_same_bits) {
  std::mt19937_64 rng{2};
  for (int trial = 0; trial < 60; ++trial) {
    const std::vector<LaneRequest> requests = drawn(rng);
    Pair pair{requests};
    double x = 100.0;
    for (std::uint64_t i = 0, n = rng() % 200; i < n; ++i) pair.expect_equal(x = next(rng, x));
    base::ByteWriter saved;
    pair.bank->save(saved);
    ASSERT_LE(saved.bytes().size(), pair.bank->room_bytes());
    std::unique_ptr<Node> other = pair.bank->clone();
    other->load(*std::make_unique<base::ByteReader>(saved.bytes()));
    base::ByteWriter again;
    other->save(again);
    ASSERT_TRUE(std::ranges::equal(saved.bytes(), again.bytes()));
    pair.bank.reset(static_cast<SeriesBank*>(other.release()));
    for (int i = 0; i < 200; ++i) {
      ASSERT_NO_FATAL_FAILURE(pair.expect_equal(x = next(rng, x))) << "trial " << trial << ", input " << i;
    }
  }
}

TEST(SeriesBank, a_reset_one_is_as_new) {
  Pair pair{{{LaneKind::kEma, 3}, {LaneKind::kRsi, 2}, {LaneKind::kDeviation, 5}, {LaneKind::kMin, 4}}};
  double x = 7.0;
  for (int i = 0; i < 20; ++i) x += 0.25, pair.bank->step({}, &x);
  pair.bank->reset();
  for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(pair.expect_equal(x -= 0.25));
}

TEST(SeriesBank, equal_columns_share_what_they_keep) {
  SeriesBank bank{{LaneKind::kMean, 100}};
  const std::size_t alone = bank.room_bytes();
  EXPECT_NE(bank.widen(SeriesBank{{LaneKind::kDeviation, 100}}), bank.first_lane());
  EXPECT_EQ(bank.room_bytes(), alone);
  EXPECT_EQ(bank.widen(SeriesBank{{LaneKind::kMean, 100}}), bank.first_lane());
}

TEST(SeriesBank, says_when_it_has_no_room_for_a_window) {
  SeriesBank bank{{LaneKind::kMean, 1}};
  for (std::uint32_t n = 2; n <= WindowMoments::kMaxWindows; ++n) {
    ASSERT_NE(bank.widen(SeriesBank{{LaneKind::kMean, n}}), Node::kFull);
  }
  EXPECT_EQ(bank.widen(SeriesBank{{LaneKind::kMean, 1000}}), Node::kFull);
}

TEST(SeriesBank, refuses_bytes_that_no_bank_wrote) {
  const auto load = [](std::uint64_t n_seen, std::vector<double> values) {
    SeriesBank bank{{LaneKind::kEma, 3}};
    std::ignore = bank.widen(SeriesBank{{LaneKind::kRsi, 3}});
    std::ignore = bank.widen(SeriesBank{{LaneKind::kMax, 2}});
    base::ByteWriter bytes;
    bytes(n_seen);
    for (const double value : values) bytes(value);
    base::ByteReader in{bytes.bytes()};
    bank.load(in);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(load(2, {1.0, 1.0, 0.0, 0.0, 2.0, 1.0}));  // newest; average; gains, losses; the window
  EXPECT_THROW(load(9, {1.0, 1.0, 0.0, 0.0, 2.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(load(2, {nan, 1.0, 0.0, 0.0, 2.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(load(2, {1.0, nan, 0.0, 0.0, 2.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(load(2, {1.0, 1.0, -1.0, 0.0, 2.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(load(2, {1.0, 1.0, 0.0, 0.0, 2.0, nan}), std::invalid_argument);
  EXPECT_THROW(load(2, {1.0, 1.0, 0.0, 0.0, 2.0}), std::invalid_argument);
}

}  // namespace
}  // namespace hft::feature
