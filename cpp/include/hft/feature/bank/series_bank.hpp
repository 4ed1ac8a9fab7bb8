#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "hft/feature/bank/averages.hpp"
#include "hft/feature/bank/extrema.hpp"
#include "hft/feature/bank/strengths.hpp"
#include "hft/feature/bank/window_moments.hpp"
#include "hft/feature/ema_deviation.hpp"
#include "hft/feature/node.hpp"

namespace hft::feature {

/// What a lane of a bank reads. Rows are read in this order.
enum class LaneKind : std::uint8_t {
  kEma,
  kEmaDeviation,
  kRsi,
  kSum,
  kMean,
  kVariance,
  kDeviation,
  kZScore,
  kMin,
  kMax,
};

/// One column that a bank may serve.
struct LaneRequest {
  LaneKind kind;
  std::uint32_t n = 0;  // period or window, in inputs
  double flat = 0.0;  // of kRsi and kZScore
};

/// What the lanes of a bank are: shared by all symbols.
class BankPlan {
 public:
  /// The longest window that a bank serves.
  static constexpr std::uint32_t kMaxWindow = WindowMoments::kMaxWindow;

  /// The lane of that column, which says its reading too; Node::kFull where there is no room for it.
  std::uint32_t add(const LaneRequest& request);

  [[nodiscard]] static LaneKind kind_of(std::uint32_t lane) noexcept { return static_cast<LaneKind>(lane >> 24U); }
  [[nodiscard]] static std::uint32_t index_of(std::uint32_t lane) noexcept { return lane & 0xFFFFFFU; }

  /// A z-score: of which window, and its value where that is constant.
  struct Score {
    std::uint32_t window;
    double flat;
  };

  Averages averages;
  Strengths strengths;
  WindowMoments moments;
  Extrema<std::less<>> minima;
  Extrema<std::greater<>> maxima;
  std::vector<Score> scores;

  [[nodiscard]] std::uint32_t longest_window() const noexcept;
  /// Inputs after which their number is of no interest.
  [[nodiscard]] std::uint64_t settled() const noexcept;
};

/// All averages, strengths and count windows over one series: one history, one call an input and one a row, in one
/// piece of memory. What a pipeline has instead of a node for each; the same values in every bit.
///
/// Cost: see the parts; no allocation.
/// NaN:  an input that is NaN or not in (-2^40, 2^40) is left out.
class SeriesBank final : public Node {
 public:
  explicit SeriesBank(const LaneRequest& first);

  [[nodiscard]] std::unique_ptr<Node> clone() const override;
  std::uint32_t widen(const Node& other) override { return take(static_cast<const SeriesBank&>(other).first_); }
  [[nodiscard]] std::uint32_t first_lane() const noexcept override { return first_lane_; }
  void step(const Market& market, const double* x) noexcept override;
  void advance(std::int64_t) noexcept override {}
  void reset() noexcept override;
  void begin_anew(bool) noexcept override { reset(); }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept override { return 0; }
  /// All of it, where that is little: which inputs leave their windows next, only the room itself could say.
  [[nodiscard]] std::span<const std::byte> hot_bytes() const noexcept override {
    constexpr std::size_t kLittle = 4096;
    return {room(), offsets_.end <= kLittle ? offsets_.end : offsets_.history};
  }
  [[nodiscard]] std::size_t room_bytes() const noexcept override { return sizeof *this + offsets_.end; }
  void save(base::ByteWriter& out) const override;
  void load(base::ByteReader& in) override;

  [[nodiscard]] double read(std::uint32_t lane) const noexcept;
  /// Those of equal kind stand together.
  void read(std::span<const Output> outputs, double* row) const noexcept;

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  /// What a symbol has once.
  struct Head {
    std::uint64_t n_seen = 0;
    double newest = 0.0;
    WindowMoments::Mode mode;
    Extrema<std::less<>>::Queue minima;
    Extrema<std::greater<>>::Queue maxima;
  };

  template <bool kSettled>
  void read_all(std::span<const Output> outputs, double* row) const noexcept;
  std::uint32_t take(const LaneRequest& request);
  void make_room();
  [[nodiscard]] std::byte* room() const noexcept { return reinterpret_cast<std::byte*>(room_.get()); }
  template <class T>
  [[nodiscard]] T* at(std::size_t offset) const noexcept {
    return reinterpret_cast<T*>(room() + offset);
  }
  [[nodiscard]] Head& head() const noexcept { return *at<Head>(0); }
  [[nodiscard]] double* levels() const noexcept { return at<double>(offsets_.levels); }
  [[nodiscard]] double* means() const noexcept { return at<double>(offsets_.means); }
  [[nodiscard]] WindowMoments::State moments() const noexcept {
    return {&head().mode, at<WindowMoments::Sums>(offsets_.sums)};
  }
  [[nodiscard]] auto minima() const noexcept {
    return Extrema<std::less<>>::State{&head().minima, at<std::uint64_t>(offsets_.min_first),
                                       at<std::uint16_t>(offsets_.min_entries)};
  }
  [[nodiscard]] auto maxima() const noexcept {
    return Extrema<std::greater<>>::State{&head().maxima, at<std::uint64_t>(offsets_.max_first),
                                          at<std::uint16_t>(offsets_.max_entries)};
  }
  [[nodiscard]] History history() const noexcept { return {at<double>(offsets_.history), n_history_}; }

  struct Offsets {
    std::size_t levels, means, sums, min_first, max_first, history, min_entries, max_entries, end;
  };

  std::shared_ptr<BankPlan> plan_ = std::make_shared<BankPlan>();
  Offsets offsets_{};
  std::size_t n_history_ = 0;
  std::uint64_t settled_ = 0;  // BankPlan::settled()
  std::unique_ptr<Line[]> room_;
  LaneRequest first_;
  std::uint32_t first_lane_;
};

/// Reads one lane of a bank, or all of them in one call.
class LaneReader final : public Reader {
 public:
  [[nodiscard]] double read(const View& view) const noexcept override { return bank(view).read(lane_); }
  void read_many(const View& view, std::span<const Output> outputs, double* row) const noexcept override {
    bank(view).read(outputs, row);
  }
  [[nodiscard]] bool reads_beside(const Reader& other) const noexcept override {
    const auto* same = dynamic_cast<const LaneReader*>(&other);
    return same != nullptr && same->node_ == node_;
  }
  [[nodiscard]] std::uint32_t lane() const noexcept override { return lane_; }
  void advance(const View&) const noexcept override {}
  void bind(std::size_t node, std::uint32_t lane) noexcept override { node_ = node, lane_ = lane; }

 private:
  [[nodiscard]] const SeriesBank& bank(const View& view) const noexcept {
    return static_cast<const SeriesBank&>(*view.nodes[node_]);
  }

  std::size_t node_ = 0;
  std::uint32_t lane_ = 0;
};

}  // namespace hft::feature
