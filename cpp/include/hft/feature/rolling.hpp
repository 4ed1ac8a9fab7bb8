#pragma once

#include <cstdint>
#include <utility>

#include "hft/feature/concept.hpp"
#include "hft/feature/window_length.hpp"

namespace hft::feature {

/// A windowed operation on its own: the state that several operations may share in a pipeline, and this one's way to
/// read it.
///
/// `Reading` names its State, makes it from a window (checking what it needs), says how many inputs a value takes
/// (kMinInputs), and reads: `of(state)`. Not ready: value() is NaN. A count window is ready when it is full, a time
/// window when it holds kMinInputs.
template <class Reading>
class Rolling {
 public:
  using State = typename Reading::State;

  /// Cold path: throws std::invalid_argument where the window cannot hold what one value needs.
  explicit Rolling(WindowLength length, Reading reading = Reading())
      : is_time_{length.is_time()}, state_{Reading::make_state(length)}, reading_{std::move(reading)} {}

  double update(double x, std::int64_t ts_ns = 0) noexcept {
    state_.update(x, ts_ns);
    return value();
  }
  void advance(std::int64_t now_ns) noexcept { state_.advance(now_ns); }

  [[nodiscard]] double value() const noexcept { return reading_.of(state_); }
  [[nodiscard]] bool ready() const noexcept { return state_.ready(Reading::kMinInputs); }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return state_.lookback(Reading::kMinInputs); }
  [[nodiscard]] bool is_time() const noexcept { return is_time_; }
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return state_.early_leaves(); }
  void reset() noexcept { state_.reset(); }

 private:
  bool is_time_;
  State state_;
  Reading reading_;
};

}  // namespace hft::feature
